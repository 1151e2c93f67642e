"""Every way a command can fail, as one readable line: reason, message, place."""

from __future__ import annotations

import click

from shared.errors import TandemError


class CommandFailed(Exception):
    """Ends a command with one line on stderr and a non-zero exit."""

    def __init__(self, reason: str, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.exit_code = exit_code


def line_of(error: TandemError | CommandFailed | click.ClickException) -> str:
    """`error: REASON: message (field: description)`, without line breaks."""
    if isinstance(error, TandemError):
        text = f"{error.reason}: {error.message}{_unnamed_violations(error)}"
    elif isinstance(error, CommandFailed):
        text = f"{error.reason}: {error.message}"
    else:
        text = f"USAGE: {error.format_message()}{_help_hint(error)}"
    return "error: " + " ".join(text.split())


def exit_code_of(error: TandemError | CommandFailed | click.ClickException) -> int:
    """2 for a command line that is wrong, 1 for everything else."""
    return 1 if isinstance(error, TandemError) else error.exit_code


def _unnamed_violations(error: TandemError) -> str:
    """The places that the message does not name already."""
    places = [f"{v.field}: {v.description}" for v in error.violations if v.field not in error.message]
    return f" ({'; '.join(places)})" if places else ""


def _help_hint(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f" (see `{context.command_path} --help`)" if context is not None else ""
