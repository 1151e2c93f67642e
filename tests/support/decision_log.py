"""A decision as the checker of decisions keeps it: what GetDecision answers, and nothing from inside the services."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.timestamp_pb2 import Timestamp
from tandem.orchestrator.v1 import decision_pb2, outcome_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

RETURNED_UNSEEN = frozenset({"NOT_PRESENTED", "BOUNCED", "FAILED"})
"""Outcomes that say that nobody got it."""
SILENT = frozenset({"PENDING", "SENT", "RETURNED"})
"""They say nothing of whether it arrived."""
CLOCK_MS = 2
"""The clock of a decision's time and that of its duration are two."""


@dataclass(frozen=True, slots=True)
class Told:
    """An outcome. `told_ms`: when it was captured; `at_ms`: when it happened."""

    outcome: str
    at_ms: int
    told_ms: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A proposition that was made. It was made between `from_ms` and `until_ms`."""

    decision_id: str
    proposition_id: str
    profile_id: str
    from_ms: int
    until_ms: int
    is_prefetch: bool
    direction: str
    channel: str
    issue: str
    group: str
    action: str
    treatment: str
    message_class: str
    placement_id: str
    cost: float
    probability: float
    is_again: bool
    """Served again, not drawn."""
    consent_ref: str
    expire_ms: int
    earliest_ms: int
    """When it may go out; 0: at once."""
    latest_ms: int
    uses: Mapping[str, float] = field(default_factory=dict)
    told: Sequence[Told] = ()

    def first_told(self, wanted: Collection[str]) -> Told | None:
        """The outcome among these that was told first."""
        return min((each for each in self.told if each.outcome in wanted), key=lambda each: each.told_ms, default=None)


@dataclass(frozen=True, slots=True)
class Logged:
    """A decision with what was made of its subject."""

    decision_id: str
    profile_id: str
    mode: str
    direction: str
    arm: str
    from_ms: int
    until_ms: int
    contacts: Sequence[Contact]
    events: Sequence[tuple[str, int]]
    """By type and time."""


def logged(entry: pb.GetDecisionResponse) -> Logged:
    request, response = entry.request, entry.response
    from_ms = moment_ms(response.decision_time)
    until_ms = from_ms + response.timing.total.ToMilliseconds() + CLOCK_MS
    told: dict[str, list[Told]] = {}
    for each in entry.outcomes:
        told.setdefault(each.item.proposition_id, []).append(_told(each))
    mode = name_of(decision_pb2.DecisionMode, request.mode, "EXECUTE")
    direction = name_of(decision_pb2.Direction, request.direction, "INBOUND")
    contacts = [
        Contact(
            response.decision_id,
            item.proposition_id,
            response.profile_id,
            from_ms,
            until_ms,
            mode == "PREFETCH",
            direction,
            item.channel,
            item.issue,
            item.group,
            item.action,
            item.treatment,
            item.message_class,
            place.placement_id,
            item.cost,
            item.choice_probability,
            bool(item.sticky_from_decision_id),
            item.consent_ref,
            moment_ms(item.expire_time),
            moment_ms(item.send_window.earliest),
            moment_ms(item.send_window.latest),
            {use.resource: use.units for use in item.uses},
            tuple(told.get(item.proposition_id, ())),
        )
        for place in response.placement_results
        for item in place.propositions.items
    ]
    events = [(each.type, moment_ms(each.event_time) or from_ms) for each in request.events]
    return Logged(
        response.decision_id, response.profile_id, mode, direction, response.arm, from_ms, until_ms, contacts, events
    )


def moment_ms(moment: Timestamp) -> int:
    """0 where there is none."""
    return moment.ToMilliseconds()


def name_of(kind: object, number: int, usual: str) -> str:
    """The name of an enum's value without its prefix."""
    name = str(kind.Name(number))  # type: ignore[attr-defined]
    prefix = str(kind.DESCRIPTOR.values[0].name).removesuffix("UNSPECIFIED")  # type: ignore[attr-defined]
    return name.removeprefix(prefix) if number else usual


def _told(each: pb.GetDecisionResponse.CapturedOutcome) -> Told:
    told_ms = moment_ms(each.capture_time)
    outcome = name_of(outcome_pb2.Outcome, each.item.outcome, "")
    return Told(outcome, moment_ms(each.item.outcome_time) or told_ms, told_ms)
