"""DecideRequest, both ways: what came in, and what a recorded decision was asked."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.common.v1 import subject_pb2, value_pb2
from tandem.orchestrator.v1 import decision_pb2 as pb
from tandem.profile.v1 import consent_pb2

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.subject import event_from, event_to, identities_from, subject_to
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.ports import NO_SIGNALS, ConsentSignals
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.decision import Explain, Mode
from services.orchestrator.domain.places import DEFAULT_COUNT, MAX_COUNT, Accepts, PlacementRequest, PlaceRequest
from shared.errors import InvalidArgument
from shared.rpc.values import feature_to_proto, features_from_proto, value_from_proto, value_to_proto
from shared.values import Value

MAX_ITEMS = 100
"""Of events, channels, placements, context attributes and overridden ones, each."""
MAX_EXCLUDED = 10_000
MAX_LENGTH = 1_000_000
MAX_TCF_LENGTH = 4_096


def command_from(request: pb.DecideRequest) -> DecideCommand:
    """Raises InvalidArgument naming the field."""
    for name in ("events", "channels", "placements", "context", "profile_override"):
        fields.at_most(getattr(request, name), MAX_ITEMS, name)
    fields.at_most(request.excluded_actions, MAX_EXCLUDED, "excluded_actions")
    return DecideCommand(
        request_id=fields.identifier(request.request_id, "request_id"),
        identities=identities_from(request.subject),
        places=_places(request),
        events=tuple(event_from(event, f"events[{index}]") for index, event in enumerate(request.events)),
        consistency_token=fields.short_text(request.consistency_token.value, "consistency_token.value"),
        context=context_from(request.context, "context"),
        locale=fields.short_text(request.locale, "locale"),
        session_id=fields.short_text(request.session_id, "session_id"),
        decision_time_ms=fields.time_ms(request, "decision_time"),
        excluded_actions=tuple(request.excluded_actions),
        across_placements=request.dedup.across_placements if request.dedup.HasField("across_placements") else None,
        mode=fields.enum(Mode, request.mode, "mode", Mode.EXECUTE),
        explain=fields.enum(Explain, request.explain, "explain", Explain.NONE),
        consent_signals=_signals(request.consent_signals),
        profile_override=features_from_proto(request.profile_override, "profile_override"),
        across_channels=request.dedup.across_channels if request.dedup.HasField("across_channels") else None,
        sticky_key=fields.short_text(request.sticky_key, "sticky_key"),
        forced_arm=fields.short_text(request.forced_arm, "forced_arm").upper(),
        campaign_id=fields.short_text(request.campaign_id, "campaign_id"),
    )


def _signals(signals: consent_pb2.ConsentSignals) -> ConsentSignals:
    if len(signals.tcf_string) > MAX_TCF_LENGTH:
        text = f"must have at most {MAX_TCF_LENGTH} characters"
        raise InvalidArgument.field("consent_signals.tcf_string", text)
    return ConsentSignals(signals.tcf_string, signals.gpc)


def _places(request: pb.DecideRequest) -> PlaceRequest:
    return PlaceRequest(
        fields.enum(Direction, request.direction, "direction", Direction.INBOUND),
        tuple(channel.upper() for channel in request.channels),
        tuple(placement_from(each, f"placements[{index}]") for index, each in enumerate(request.placements)),
    )


def context_from(context: Mapping[str, value_pb2.TypedValue], path: str) -> dict[str, Value]:
    if "" in context:
        raise InvalidArgument.field(f'{path}[""]', "must have a name")
    return {
        fields.short_text(name, path): value_from_proto(value, f'{path}["{name}"]') for name, value in context.items()
    }


def placement_from(placement: pb.Placement, path: str) -> PlacementRequest:
    accepts = placement.accepts
    return PlacementRequest(
        placement.placement_id,
        fields.count(placement.count, f"{path}.count", MAX_COUNT) or DEFAULT_COUNT,
        Accepts(
            tuple(accepts.formats),
            fields.count(accepts.max_length, f"{path}.accepts.max_length", MAX_LENGTH),
            fields.count(accepts.width, f"{path}.accepts.width", MAX_LENGTH),
            fields.count(accepts.height, f"{path}.accepts.height", MAX_LENGTH),
        ),
    )


def request_to(command: DecideCommand) -> pb.DecideRequest:
    """As it was understood: channels in upper case, defaults filled in."""
    token = command.consistency_token
    return pb.DecideRequest(
        request_id=command.request_id,
        subject=subject_to(command.identities) if command.identities else None,
        events=[event_to(event) for event in command.events],
        consistency_token=subject_pb2.ConsistencyToken(value=token) if token else None,
        direction=int(command.places.direction),  # type: ignore[arg-type]
        channels=command.places.channels,
        placements=[_placement_to(placement) for placement in command.places.placements],
        context={name: value_to_proto(value) for name, value in command.context.items()},
        locale=command.locale,
        session_id=command.session_id,
        decision_time=fields.time_proto(command.decision_time_ms),
        excluded_actions=command.excluded_actions,
        dedup=_dedup_to(command),
        mode=int(command.mode),  # type: ignore[arg-type]
        explain=int(command.explain),  # type: ignore[arg-type]
        consent_signals=_signals_to(command.consent_signals),
        sticky_key=command.sticky_key,
        forced_arm=command.forced_arm,
        campaign_id=command.campaign_id,
        profile_override={name: feature_to_proto(feature) for name, feature in command.profile_override.items()},
    )


def _dedup_to(command: DecideCommand) -> pb.Dedup | None:
    if command.across_placements is None and command.across_channels is None:
        return None
    return pb.Dedup(across_placements=command.across_placements, across_channels=command.across_channels)


def _signals_to(signals: ConsentSignals) -> consent_pb2.ConsentSignals | None:
    if signals == NO_SIGNALS:
        return None
    return consent_pb2.ConsentSignals(tcf_string=signals.tcf_string, gpc=signals.gpc)


def _placement_to(placement: PlacementRequest) -> pb.Placement:
    accepts = placement.accepts
    return pb.Placement(
        placement_id=placement.placement_id,
        count=placement.count,
        accepts=None
        if accepts == Accepts()
        else pb.Accepts(
            formats=accepts.formats, max_length=accepts.max_length, width=accepts.width, height=accepts.height
        ),
    )
