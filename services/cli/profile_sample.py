"""The options that draw persons of a segment in place of decisions on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from tandem.orchestrator.v1.policy_diff_pb2 import ProfileSample

from services.cli.arguments import parse_attribute, parse_placement
from services.cli.moments import option_moment
from services.cli.option_types import Parsed

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--segment", help="Persons in place of decisions: a declared segment, or a condition; 'true' is everybody."
    ),
    click.option(
        "--direction", type=click.Choice(["inbound", "outbound"]), help="Default outbound, unless --placement."
    ),
    click.option("--channel", "channels", multiple=True, help="Where; default any of the direction."),
    click.option("--placement", "placements", multiple=True, type=Parsed(parse_placement, "ID[:COUNT]"), help="Slot."),
    click.option("--context", multiple=True, type=Parsed(parse_attribute, "NAME=JSON"), help="Of the moment."),
    click.option("--locale", default="", help="For instance fr; default the policy's."),
    click.option("--at", help="The moment to decide at; default now."),
)
_BESIDE_SEGMENT = ("direction", "channels", "placements", "context", "locale", "at")


def profile_options(command: Command) -> Command:
    """Gives a command --segment and what goes with it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def profile_sample(options: Mapping[str, Any], limit: int, seed: int) -> ProfileSample | None:
    """None where decisions on record are meant. Raises click.UsageError."""
    if options["segment"] is None:
        alone = next((name for name in _BESIDE_SEGMENT if options[name] not in (None, (), "")), None)
        if alone is not None:
            raise click.UsageError(f"--{alone.removesuffix('s') if alone != 'context' else alone} goes with --segment")
        return None
    if not options["segment"].strip():
        raise click.UsageError("--segment is empty: name a segment or a condition; 'true' is everybody")
    if options.get("max_untried") is not None:
        raise click.UsageError("--max-untried is about decisions on record: with --segment there is no log")
    direction = options["direction"] or ("inbound" if options["placements"] else "outbound")
    return ProfileSample(
        segment=options["segment"],
        limit=limit,
        seed=seed,
        direction=f"DIRECTION_{direction.upper()}",
        channels=options["channels"],
        placements=list(options["placements"]),
        context=dict(options["context"]),
        locale=options["locale"],
        decision_time=option_moment("--at", options["at"]) if options["at"] is not None else None,
    )
