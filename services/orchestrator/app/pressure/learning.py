"""What is learnt of pressure from one decision, and when: kept in its record, so that no policy is asked later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from services.orchestrator.domain.contact_limits import SERVICE
from services.orchestrator.domain.decision import Mode, Proposition
from services.orchestrator.domain.outcome import reward_key
from shared.ids import content_id

if TYPE_CHECKING:
    from services.orchestrator.app.active_policies import ActivePolicy
    from services.orchestrator.app.decision_record import DecisionRecord

GRACE_MS = 3_600_000
"""How long after the window what happened within it may still be told; never longer than the window."""


SUMS = 1
"""Raised when the sums of a tally become others: the old ones are left alone then."""


@dataclass(frozen=True, slots=True)
class PressureLearning:
    """`key`: of the sums that the contacts of the decision are added to."""

    key: str
    response_window_ms: int
    weightless: tuple[str, ...] = ()
    """Channels that weigh nothing: no gap holds them back."""


def learning_of(policy: ActivePolicy) -> PressureLearning | None:
    """None where the policy declares no gaps. The key changes with whatever changes the meaning of the sums: what the
    level and a response are, and the currency. It stays with the gaps and what an unsubscribe costs."""
    plan = policy.compiled.pressure
    if plan is None or not plan.has_gaps:
        return None
    weightless = tuple(name for name, weight in plan.channel_weights.items() if not weight)
    return PressureLearning(learning_key(policy), plan.response_window_ms, weightless)


@lru_cache(maxsize=8)
def learning_key(policy: ActivePolicy) -> str:
    """Of a policy that declares pressure, with or without gaps: what was learnt while there were some still counts."""
    plan = policy.compiled.pressure
    assert plan is not None, "the policy declares pressure"
    wanted = policy.versions.feature_set
    objectives = policy.objectives
    decided_by = next((each for each in objectives if each.feature_set_version == wanted), None)
    response = None if decided_by is None else replace(decided_by, name="", feature_set_version="")
    level = (plan.half_life_ms, plan.window_ms, plan.response_window_ms, sorted(plan.channel_weights.items()))
    return content_id("pressure", (level, response, policy.settings.currency, SUMS))


def due_ms(record: DecisionRecord) -> int | None:
    """When what came of its contacts is known; None where it teaches nothing of pressure. By the clock that recorded
    it, whatever moment was decided for."""
    learning = record.pressure_learning
    if learning is None or record.command.mode is not Mode.EXECUTE or not record.profile_id:
        return None
    if not any(True for _ in teaching(record)):
        return None
    begin_ms = max(record.decision_time_ms, record.record_time_ms)
    return begin_ms + learning.response_window_ms + min(learning.response_window_ms, GRACE_MS)


def teaching(record: DecisionRecord) -> Iterator[tuple[str, Proposition]]:
    """The contacts of the decision that teach, each with what its rewards are called after: those that a gap would have
    held back, which service messages are not."""
    weightless = () if record.pressure_learning is None else record.pressure_learning.weightless
    for placement in record.answer.placements:
        for proposition in placement.propositions:
            if proposition.message_class != SERVICE and proposition.channel not in weightless:
                names = (placement.placement_id, proposition.action, proposition.channel)
                yield reward_key(record.decision_id, *names), proposition
