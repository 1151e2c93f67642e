"""What an outcome teaches, objective by objective, and how long its failures wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.orchestrator.app.outcome_store import OutcomeItem, OutcomeStore, Presentation, RewardLesson, Wait
from services.orchestrator.app.presentations import Presented
from services.orchestrator.domain.currency import Currencies
from services.orchestrator.domain.feedback_delay import DelayDistribution, bucket_of, share_of
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import MAX_AMOUNT, MICROS, Effect
from shared.errors import InvalidArgument

Delays = Mapping[str, DelayDistribution]
"""Until successes are known, by histogram."""


def histogram_of(objective: Objective) -> str:
    """Another window begins anew: its delays are others."""
    return f"{objective.name}/{objective.window_ms}"


async def delays_of(presented: Iterable[Presented], outcomes: OutcomeStore) -> Delays:
    """Of the objectives with a window. Raises Unavailable."""
    windows = {
        histogram_of(objective): objective.window_ms
        for each in presented
        for objective in each.objectives
        if objective.window_ms is not None
    }
    return {
        name: DelayDistribution(window_ms, await outcomes.success_delays(name)) for name, window_ms in windows.items()
    }


@dataclass(frozen=True, slots=True)
class Revenue:
    """Of an outcome, in millionths."""

    owed: int | None = None
    """In the currency of the active policy; None where it had none."""
    learnt: int | None = None
    """In that of the objectives of the decision that learn amounts; None where none does."""


def lessons_of(presented: Presented, item: OutcomeItem, time_ms: int, amount: int | None) -> tuple[RewardLesson, ...]:
    """`amount` is what objectives that learn amounts go by, in millionths. Windows begin at the moment that was decided
    for: when an impression is reported does not move them."""
    age_ms = time_ms - presented.record.decision_time_ms
    lessons = (_lesson(presented, objective, item, age_ms, amount) for objective in presented.objectives)
    return tuple(lesson for lesson in lessons if lesson.effect is not Effect.NOTHING)


def _lesson(
    presented: Presented, objective: Objective, item: OutcomeItem, age_ms: int, amount: int | None
) -> RewardLesson:
    effect = objective.effect_of(item.outcome, presented.direction, is_machine=item.is_machine, age_ms=age_ms)
    says_amount = bool(objective.currency) and effect in (Effect.SUCCEEDED, Effect.TAKEN_BACK)
    return RewardLesson(objective.reward_key(presented.reward_key), effect, amount if says_amount else None)


def revenue_of(presented: Presented, item: OutcomeItem, currencies: Currencies | None, path: str) -> Revenue:
    """`currencies` of the active policy, None where there is none. An objective of the decision that learns amounts may
    be told of corrections, too: of amounts below 0. Raises InvalidArgument."""
    money, learnt_in = item.revenue, learnt_currency(presented)
    if money is None or currencies is None:
        return Revenue()
    if not learnt_in:
        return Revenue(currencies.owed(money, f"{path}.revenue"))
    if money.currency_code == learnt_in:
        learnt = money.micros
    elif currencies.own == learnt_in and money.currency_code in currencies.rates:
        learnt = currencies.millionths(money, f"{path}.revenue")
    else:
        text = f"must be {learnt_in}, the currency of the decision's policy: an objective of it learns amounts"
        raise InvalidArgument.field(f"{path}.revenue.currency_code", text)
    if abs(learnt) > MAX_AMOUNT:
        raise InvalidArgument.field(f"{path}.revenue.units", f"must be at most {MAX_AMOUNT // MICROS}")
    return Revenue(currencies.millionths(money, f"{path}.revenue"), learnt)


def learnt_currency(presented: Presented) -> str:
    """Of the amounts that the decision's objectives learn; empty where none learns any."""
    return next((objective.currency for objective in presented.objectives if objective.currency), "")


def presentations_of(presented: Presented) -> dict[str, Presentation]:
    """By reward key."""
    return {each.reward_key(presented.reward_key): presented.presentation(each) for each in presented.objectives}


def waits_of(presented: Presented, delays: Delays, now_ms: int) -> dict[str, Wait]:
    """By reward key. Delays are until something is known here, by the clocks here: what callers say of times decides
    only what counts."""
    begin_ms = presented.record.record_time_ms
    waits = {}
    for objective in presented.objectives:
        if objective.window_ms is not None:
            key, histogram = objective.reward_key(presented.reward_key), histogram_of(objective)
            due_ms = begin_ms + delays[histogram].delay_ms(share_of(key))
            waits[key] = Wait(due_ms, histogram, bucket_of(now_ms - begin_ms))
    return waits
