"""What came of contacts, from the outcomes that are there now: late ones are in, those that were taken back are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.orchestrator.app.conversion_credits import credited_conversion, is_credit, return_key
from services.orchestrator.app.outcome_store import OWN_KEYS, CapturedOutcome
from services.orchestrator.domain.outcome import Effect, Lesson, Outcome, reward_of

_CONVERSION = {Outcome.CONVERTED: Effect.SUCCEEDED, Outcome.RETURNED: Effect.TAKEN_BACK}


@dataclass(frozen=True, slots=True)
class ContactResult:
    """Of one proposition. `told`: a caller said it was converted, and of how much money (millionths); `credited`: the
    conversions without a decision that were put down to it."""

    is_shown: bool = False
    has_responded: bool = False
    told: bool = False
    told_revenue: int = 0
    credited: tuple[str, ...] = ()


NOTHING_CAME = ContactResult()


def contact_results(outcomes: Iterable[CapturedOutcome]) -> Mapping[str, ContactResult]:
    """By presentation, as its reward is called where there are no objectives."""
    by_presentation: dict[str, list[CapturedOutcome]] = {}
    for each in outcomes:
        by_presentation.setdefault(each.reward_key, []).append(each)
    return {key: _result(of_one) for key, of_one in by_presentation.items()}


def _result(outcomes: Sequence[CapturedOutcome]) -> ContactResult:
    learnt = reward_of(Lesson(each.effect, each.outcome_time_ms) for each in outcomes)
    own = [each for each in outcomes if not each.item.idempotency_key.startswith(OWN_KEYS) and not each.item.is_machine]
    # With amounts: what came back in part is bought still, as it is where a conversion tells of it.
    bought = reward_of(
        Lesson(_CONVERSION[each.item.outcome], each.outcome_time_ms, each.revenue)
        for each in own
        if each.item.outcome in _CONVERSION
    )
    return ContactResult(
        is_shown=learnt is not None,
        has_responded=learnt is not None and learnt.value > 0,
        told=bought is not None and bought.value > 0,
        told_revenue=_earned(own),
        credited=_credited({each.item.idempotency_key for each in outcomes}),
    )


def _earned(outcomes: Iterable[CapturedOutcome]) -> int:
    """What was told of money, less what came back; all of it where nobody says how much came back."""
    earned = reward_of(
        Lesson(_CONVERSION.get(each.item.outcome, Effect.SUCCEEDED), each.outcome_time_ms, each.revenue)
        for each in outcomes
        if each.revenue is not None or each.item.outcome is Outcome.RETURNED
    )
    return 0 if earned is None else earned.amount or 0


def _credited(keys: Iterable[str]) -> tuple[str, ...]:
    """Each once, whatever objectives it is a success of; without what came back."""
    known = set(keys)
    kept = (key for key in known if is_credit(key) and return_key(key) not in known)
    return tuple(sorted({credited_conversion(key) for key in kept}))
