"""`tandem models`: the models of a server, and what they are used for. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import LazyCommands

COMMANDS = {
    "list": "services.cli.commands.models.registry:list_models",
    "show": "services.cli.commands.models.registry:show_model",
    "activate": "services.cli.commands.models.activate:activate",
    "health": "services.cli.commands.models.health:health",
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def models() -> None:
    """See the models of each objective, how they fare, and say which are used.

    Where the services run apart, --target is the scoring service.
    """
