"""`tandem decisions`: the decisions on record. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import At, LazyCommands

COMMANDS = {"list": At("services.cli.commands.decisions.listing:list_decisions", "List decisions, the newest first.")}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def decisions() -> None:
    """Find decisions on record; `explain`, `why-not` and `replay` say more of them."""
