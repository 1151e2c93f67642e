"""`tandem conversions`: what persons bought, and what it is put down to. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import At, LazyCommands

COMMANDS = {
    "import": At(
        "services.cli.commands.conversions.import_conversions:import_conversions",
        "Import the conversions in FILE (CSV, JSON Lines, Parquet; also .gz).",
    ),
    "attribution": At(
        "services.cli.commands.conversions.attribution:attribution", "Show what conversions are put down to."
    ),
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def conversions() -> None:
    """Tell a server what persons bought, and ask what it is put down to."""
