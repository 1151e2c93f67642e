"""`tandem conversions`: what persons bought, and what it is put down to. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import LazyCommands

COMMANDS = {
    "import": "services.cli.commands.conversions.import_conversions:import_conversions",
    "attribution": "services.cli.commands.conversions.attribution:attribution",
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def conversions() -> None:
    """Tell a server what persons bought, and ask what it is put down to."""
