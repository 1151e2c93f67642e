"""What became of propositions, and what is learnt from it.

An outcome either shows that the proposition was presented (a reward of 0 so far), that it succeeded (1), that a success
was taken back (0 again), or nothing that can be learnt from. A bot or a mail privacy proxy teaches nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum

from services.orchestrator.domain.catalogue import Direction


class Outcome(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.Outcome."""

    PENDING = 1
    SENT = 2
    DELIVERED = 3
    IMPRESSION = 4
    OPENED = 5
    CLICKED = 6
    PRESENTED = 7
    NOT_PRESENTED = 8
    ACCEPTED = 9
    DEFERRED = 10
    DISMISSED = 11
    REJECTED = 12
    IGNORED = 13
    CONVERTED = 14
    REDEEMED = 15
    RETURNED = 16
    UNSUBSCRIBED = 17
    COMPLAINED = 18
    BOUNCED = 19
    FAILED = 20


class Effect(IntEnum):
    """What an outcome teaches."""

    NOTHING = 0
    SHOWN = 1
    SUCCEEDED = 2
    TAKEN_BACK = 3


SUCCESSES = (Outcome.CLICKED, Outcome.ACCEPTED, Outcome.CONVERTED, Outcome.REDEEMED)
"""What counts as a success where nobody says otherwise."""
_RETURNABLE = frozenset({Outcome.ACCEPTED, Outcome.CONVERTED, Outcome.REDEEMED})
_SHOWN = frozenset(
    {
        Outcome.IMPRESSION,
        Outcome.OPENED,
        Outcome.PRESENTED,
        Outcome.DEFERRED,
        Outcome.DISMISSED,
        Outcome.REJECTED,
        Outcome.IGNORED,
        Outcome.UNSUBSCRIBED,
        Outcome.COMPLAINED,
    }
)


MICROS = 1_000_000
MAX_AMOUNT = 10**12 * MICROS
"""In millionths: of one outcome, and of all outcomes of a presentation."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """The effect of one outcome, and when it happened. `amount`, in millionths of the currency, is what it was worth;
    None where nobody says, and for who learns no amounts."""

    effect: Effect
    time_ms: int
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class LearntReward:
    """The reward of one presentation, and the time of the outcome that decided it.

    `is_open`: it was presented, and nothing else has come of it so far.
    """

    value: float
    time_ms: int
    is_open: bool = False
    amount: int | None = None
    """What a success is worth so far, in millionths; None where nobody says."""


def effect_of(
    outcome: Outcome, direction: Direction, *, is_machine: bool, successes: Collection[Outcome] = SUCCESSES
) -> Effect:
    """A delivered message was presented; a delivered web page or call need not have been.

    What succeeds in another way than this one was presented too. A return takes back what was taken, not that it was
    looked at.
    """
    if is_machine:
        return Effect.NOTHING
    if outcome in successes:
        return Effect.SUCCEEDED
    if outcome is Outcome.RETURNED:
        return Effect.SHOWN if _RETURNABLE.isdisjoint(successes) else Effect.TAKEN_BACK
    is_delivered = outcome is Outcome.DELIVERED and direction is Direction.OUTBOUND
    return Effect.SHOWN if outcome in _SHOWN or outcome in SUCCESSES or is_delivered else Effect.NOTHING


def reward_of(lessons: Iterable[Lesson]) -> LearntReward | None:
    """The reward that all outcomes of one presentation come to, in whatever order they arrived.

    1 if it ever succeeded, unless that was taken back at the same moment or later; else 0. None when nothing is learnt.
    Amounts of successes add up. What is taken back with an amount leaves the rest, if there is any.
    """
    teaching = sorted((lesson for lesson in lessons if lesson.effect is not Effect.NOTHING), key=_in_order)
    if not teaching:
        return None
    turning = [lesson for lesson in teaching if lesson.effect is not Effect.SHOWN]
    if not turning:
        return LearntReward(0.0, teaching[0].time_ms, is_open=True)
    has_succeeded, amount = False, None
    for lesson in turning:
        has_succeeded, amount = _after(lesson, has_succeeded, amount)
    return LearntReward(float(has_succeeded), turning[-1].time_ms, amount=amount)


def _after(lesson: Lesson, has_succeeded: bool, amount: int | None) -> tuple[bool, int | None]:
    """Whether it is a success now, and its amount. A success of a negative amount is a correction."""
    more = lesson.amount
    if lesson.effect is Effect.SUCCEEDED and (more is None or more >= 0):
        return True, amount if more is None else min((amount or 0) + more, MAX_AMOUNT)
    left = 0 if amount is None or more is None else amount - abs(more)
    return (True, left) if has_succeeded and left > 0 else (False, None)


def _in_order(lesson: Lesson) -> tuple[int, Effect, int]:
    """Of outcomes of one moment that are alike, the smaller amount first; none at all before all."""
    return lesson.time_ms, lesson.effect, -MAX_AMOUNT - 1 if lesson.amount is None else lesson.amount


def reward_key(decision_id: str, placement_id: str, action: str, channel: str) -> str:
    """The name of one presentation, and of its reward where the policy declares no objectives."""
    return f"{decision_id}/{placement_id}/{action}/{channel}"
