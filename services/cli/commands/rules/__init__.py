"""`tandem rules`: what conditions and rules say, without a server. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import At, LazyCommands

COMMANDS = {
    "eval": At(
        "services.cli.commands.rules.eval:evaluate", "Evaluate expressions as policies do, by the engine that decides."
    ),
    "explain-subject": At(
        "services.cli.commands.rules.explain_subject:explain_subject",
        "Show what the rules of the policy in FOLDER make of one person.",
    ),
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def rules() -> None:
    """Ask the rules themselves, without a server."""
