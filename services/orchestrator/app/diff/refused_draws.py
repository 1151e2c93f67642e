"""First slots that were drawn anew, because somebody else had been faster: what each refusal closed.

The refusal is a fact about the account, not about the policy. Whoever draws the same meets it, too, and draws anew
without what it closed. So both draws speak of a policy: the one that was refused, and the one that came after it. Only
a policy that grants more, and has not used that yet, is not refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.refusals import EVERY_LIMITED, Refusal
from services.orchestrator.domain.volume.standing import REFUSALS_PER_RESOURCE


@dataclass(frozen=True, slots=True)
class Closed:
    """What there was at most, in millionths by resource, and limits that were full."""

    rooms: Mapping[str, int] = field(default_factory=dict)
    counts: tuple[ContactCount, ...] = ()


NOTHING_CLOSED = Closed()
FIRST = (0, 0)
"""Place and slot."""


def first_refusals(record: DecisionRecord) -> tuple[Refusal, ...] | None:
    """Those that the first slot met, in order; None where it cannot be told whom else they would have met: nobody
    answered, or another slot was refused before."""
    met = record.refusals[: _known_to_first(record)]
    return met if all(_is_of_first(each) for each in met) else None


def _known_to_first(record: DecisionRecord) -> int:
    """How many refusals the first slot met. Without a draw that stood, they left nothing to draw."""
    slot = next((each for each in record.slots if (each.place, each.slot) == FIRST), None)
    if slot is not None:
        return slot.refusals
    own = [number for number, each in enumerate(record.refusals, start=1) if (each.place, each.slot) == FIRST]
    return own[-1] if own else 0


def _is_of_first(refusal: Refusal) -> bool:
    is_told = bool(refusal.resource) and not refusal.unreachable
    return (refusal.place, refusal.slot) == FIRST and refusal.row != EVERY_LIMITED and (is_told or bool(refusal.counts))


def closed_by(record: DecisionRecord, logged: ActivePolicy, refusals: Sequence[Refusal]) -> Closed:
    rooms: dict[str, int] = {}
    met = Counter[str]()
    for refusal in refusals:
        name = refusal.resource
        if name:
            met[name] += 1
            less = _use(record, logged, refusal) - 1 if met[name] < REFUSALS_PER_RESOURCE else 0
            rooms[name] = min(less, rooms.get(name, less))
    return Closed(rooms, tuple(count for refusal in refusals for count in refusal.counts))


@dataclass(frozen=True, slots=True)
class Met:
    """What the log met of resources: what there really was when the decision began, in millionths, where it was
    refused some; and the refusals of those that nobody could ask any more."""

    rooms: Mapping[str, int]
    unreachable: Mapping[str, Refusal]

    @property
    def named(self) -> Set[str]:
        return self.rooms.keys() | self.unreachable.keys()


def met_by(record: DecisionRecord, logged: ActivePolicy) -> Met:
    rooms: dict[str, int] = {}
    unreachable: dict[str, Refusal] = {}
    for refusal in record.refusals:
        if not refusal.resource:
            continue
        if refusal.unreachable:
            unreachable[refusal.resource] = refusal
            continue
        before, in_all = _had(record, refusal)
        room = min(max(refusal.room + before, in_all), _use(record, logged, refusal) - 1 + before)
        rooms[refusal.resource] = min(room, rooms.get(refusal.resource, room))
    return Met(rooms, unreachable)


def _use(record: DecisionRecord, logged: ActivePolicy, refusal: Refusal) -> int:
    table = logged.compiled.volume
    return int(table.use[int(record.candidates.option[refusal.row]), table.index[refusal.resource]])


def _had(record: DecisionRecord, refusal: Refusal) -> tuple[int, int]:
    """What slots have of the resource: those before it, which stand, and all, some of it maybe come back meanwhile."""
    before = in_all = 0
    for place, placement in enumerate(record.answer.placements):
        for slot, each in enumerate(placement.propositions):
            used = sum(use.used for use in each.uses if use.resource_id == refusal.resource)
            in_all += used
            before += used if (place, slot) < (refusal.place, refusal.slot) else 0
    return before, in_all
