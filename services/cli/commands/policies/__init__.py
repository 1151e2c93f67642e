"""`tandem policies`: the published versions, and which one decides. One module per command, one line here."""

from __future__ import annotations

import click

from services.cli.lazy_commands import At, LazyCommands

COMMANDS = {
    "list": At(
        "services.cli.commands.policies.reading:list_policies", "List the published versions, the newest first."
    ),
    "show": At(
        "services.cli.commands.policies.reading:show_policy", "Show a version: who wrote, approved and activated it."
    ),
    "simulate": At(
        "services.cli.commands.policies.simulating:simulate", "See what POLICY would do in place of those who decided."
    ),
    "approve": At("services.cli.commands.policies.changing:approve", "Stand for a version."),
    "activate": At("services.cli.commands.policies.changing:activate", "Decide by a published version from now on."),
    "rollback": At(
        "services.cli.commands.policies.changing:rollback", "Go back to what was active before the active version."
    ),
}


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def policies() -> None:
    """See which policies were published, approve one, decide by it, and go back.

    DRAFT, APPROVED, ACTIVE, RETIRED: there is exactly one active one.
    """
