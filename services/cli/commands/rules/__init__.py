"""`tandem rules`: what conditions and rules say, without a server. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import LazyCommands

COMMANDS = {
    "eval": "services.cli.commands.rules.eval:evaluate",
    "explain-subject": "services.cli.commands.rules.explain_subject:explain_subject",
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def rules() -> None:
    """Ask the rules themselves, without a server."""
