"""`tandem decide`: one decision, shown with its why and why-not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from tandem.orchestrator.v1.decision_pb2 import DecideRequest, DecideResponse, DecisionMode

from services.cli.arguments import parse_attribute, parse_event, parse_placement
from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.decide_request import decide_request
from services.cli.failures import CommandFailed
from services.cli.introductions import introduce
from services.cli.option_types import Parsed
from services.cli.output import document_of, json_option, show, show_json
from services.cli.personas import Persona, read_persona
from services.cli.rendering.decision import decision_view
from services.cli.subject_option import subject_option
from shared.clock import system_clock
from shared.rpc.channel import call

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--persona",), {"type": _FILE, "help": "Whom, as a file; what it tells is written first, unless simulated."}),
    (("--direction",), {"type": click.Choice(["inbound", "outbound"]), "help": "Who began; default inbound."}),
    (("--channel", "channels"), {"multiple": True, "help": "Where; default any of the direction."}),
    (("--placement", "placements"), {"multiple": True, "type": Parsed(parse_placement, "ID[:COUNT]"), "help": "Slot."}),
    (("--context",), {"multiple": True, "type": Parsed(parse_attribute, "NAME=JSON"), "help": "Of the moment."}),
    (
        ("--override", "overrides"),
        {
            "multiple": True,
            "type": Parsed(parse_attribute, "NAME=JSON"),
            "help": "What if; simulate only.",
        },
    ),
    (("--arm",), {"default": "", "help": "Decide in this control arm, as holdout; simulate only."}),
    (("--event", "events"), {"multiple": True, "type": Parsed(parse_event, "TYPE[:JSON]"), "help": "Just happened."}),
    (("--locale",), {"default": "", "help": "For instance fr; default the policy's."}),
    (
        ("--mode",),
        {"type": click.Choice(["execute", "prefetch", "simulate"]), "default": "execute", "show_default": True},
    ),
    (
        ("--explain",),
        {
            "type": click.Choice(["none", "reasons", "full"]),
            "is_flag": False,
            "flag_value": "full",
            "default": "reasons",
            "show_default": True,
            "help": "How much of the why-not; --explain alone means full.",
        },
    ),
    (("--request-id",), {"default": "", "help": "The same id gives the same answer; default a new one."}),
)


def _decide_options(command: Command) -> Command:
    for names, attributes in reversed(_OPTIONS):
        command = click.option(*names, **attributes)(command)
    return command


@click.command()
@subject_option()
@_decide_options
@json_option
@connection_options
def decide(*, as_json: bool, **options: Any) -> None:
    """Ask for one decision and show what was chosen, what it is worth, and what fell where.

    --subject, --channel, --placement, --context, --override and --event may be repeated. --mode simulate leaves no
    trace.

    \b
      tandem decide --subject cookie=7f3a --placement home_hero
      tandem decide --subject crm=1042 --direction outbound --channel email --channel push
      tandem decide --subject cookie=7f3a --context weather=rain --event 'cart_add:{"sku": "A1"}'
      tandem decide --persona services/cli/samples/boutique/personas/lea.yaml --explain
      tandem decide --subject crm=1042 --mode simulate --override age=18 --explain
    """
    persona = read_persona(options["persona"], system_clock()) if options["persona"] else None
    connection = connection_from(options)
    try:
        request = decide_request(options, persona)
    except (ValueError, TypeError, AttributeError) as error:
        raise CommandFailed("PERSONA_INVALID", f"{options['persona']}: decide: {error}") from error
    response = run(connection, lambda stubs: _decide(stubs, request, persona, connection.timeout_s))
    if as_json:
        show_json(document_of(response))
    else:
        show(decision_view(response))


async def _decide(stubs: Stubs, request: DecideRequest, persona: Persona | None, timeout_s: float) -> DecideResponse:
    if persona is not None and request.mode != DecisionMode.DECISION_MODE_SIMULATE:
        await introduce(stubs, persona, timeout_s)
    return await call(stubs.orchestrator.Decide, request, timeout_s=timeout_s)
