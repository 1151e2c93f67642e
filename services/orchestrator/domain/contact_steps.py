"""How far contacts get, and which outcome says so."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.outcome import Outcome


class Reach(IntEnum):
    """How far a contact got; each includes those before it. Numbers are those of tandem.profile.v1.ContactEvent."""

    RESERVED = 1
    ATTEMPTED = 2
    DELIVERED = 3
    IMPRESSION = 4


RELEASED = 0
"""Instead of a Reach: it came to nothing."""

REACHED_AT_ONCE: Mapping[Direction, Reach] = {
    Direction.OUTBOUND: Reach.ATTEMPTED,
    Direction.INBOUND: Reach.IMPRESSION,
}
"""By the answer itself: it hands a message over, or is what a person sees."""

_SENT: Mapping[Outcome, int] = {
    Outcome.SENT: Reach.ATTEMPTED,
    Outcome.DELIVERED: Reach.DELIVERED,
    Outcome.NOT_PRESENTED: RELEASED,
    Outcome.BOUNCED: RELEASED,
    Outcome.FAILED: RELEASED,
}
"""Machines tell these."""

_SEEN = frozenset(
    {
        Outcome.IMPRESSION,
        Outcome.OPENED,
        Outcome.CLICKED,
        Outcome.PRESENTED,
        Outcome.ACCEPTED,
        Outcome.DEFERRED,
        Outcome.DISMISSED,
        Outcome.REJECTED,
        Outcome.IGNORED,
        Outcome.CONVERTED,
        Outcome.REDEEMED,
        Outcome.UNSUBSCRIBED,
        Outcome.COMPLAINED,
    }
)


def step_of(outcome: Outcome, direction: Direction, *, is_machine: bool) -> int | None:
    """What the outcome tells of its contact: a Reach, or RELEASED. None for nothing new.

    A bot or a mail privacy proxy that opens a message has seen nothing. What was seen at once cannot have failed.
    """
    step = _SENT.get(outcome)
    if step is None and outcome in _SEEN and not is_machine:
        step = Reach.IMPRESSION
    at_once = REACHED_AT_ONCE[direction]
    if step == RELEASED:
        return RELEASED if at_once < Reach.DELIVERED else None
    return step if step is not None and step > at_once else None
