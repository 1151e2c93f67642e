"""`tandem policies`: the published versions, and which one decides. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import LazyCommands

COMMANDS = {
    "list": "services.cli.commands.policies.reading:list_policies",
    "show": "services.cli.commands.policies.reading:show_policy",
    "simulate": "services.cli.commands.policies.simulating:simulate",
    "approve": "services.cli.commands.policies.changing:approve",
    "activate": "services.cli.commands.policies.changing:activate",
    "rollback": "services.cli.commands.policies.changing:rollback",
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def policies() -> None:
    """See which policies were published, approve one, decide by it, and go back.

    DRAFT, APPROVED, ACTIVE, RETIRED: there is exactly one active one.
    """
