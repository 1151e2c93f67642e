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


@dataclass(frozen=True, slots=True)
class Lesson:
    """The effect of one outcome, and when it happened."""

    effect: Effect
    time_ms: int


@dataclass(frozen=True, slots=True)
class LearntReward:
    """The reward of one presentation, and the time of the outcome that decided it.

    `is_open`: it was presented, and nothing else has come of it so far.
    """

    value: float
    time_ms: int
    is_open: bool = False


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
    """
    teaching = sorted(lesson for lesson in map(_in_order, lessons) if lesson[1] is not Effect.NOTHING)
    if not teaching:
        return None
    turning = [lesson for lesson in teaching if lesson[1] is not Effect.SHOWN]
    time_ms, effect = turning[-1] if turning else teaching[0]
    return LearntReward(1.0 if effect is Effect.SUCCEEDED else 0.0, time_ms, is_open=not turning)


def _in_order(lesson: Lesson) -> tuple[int, Effect]:
    return lesson.time_ms, lesson.effect


def reward_key(decision_id: str, placement_id: str, action: str, channel: str) -> str:
    """The name of one presentation, and of its reward where the policy declares no objectives."""
    return f"{decision_id}/{placement_id}/{action}/{channel}"
