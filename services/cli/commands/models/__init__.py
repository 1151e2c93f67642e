"""`tandem models`: the models of a server, and what they are used for. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import At, LazyCommands

COMMANDS = {
    "list": At(
        "services.cli.commands.models.registry:list_models", "List the models of an objective, the newest first."
    ),
    "show": At("services.cli.commands.models.registry:show_model", "Show what a model was made of."),
    "activate": At("services.cli.commands.models.activate:activate", "Say what a model is used for."),
    "health": At("services.cli.commands.models.health:health", "Show how good the models in use have been."),
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def models() -> None:
    """See the models of each objective, how they fare, and say which are used.

    Where the services run apart, --target is the scoring service.
    """
