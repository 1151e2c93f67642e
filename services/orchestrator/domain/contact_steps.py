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

_REACHED_AT_ONCE: Mapping[Direction, Reach] = {
    Direction.OUTBOUND: Reach.ATTEMPTED,
    Direction.INBOUND: Reach.IMPRESSION,
}

_SENT: Mapping[Outcome, int] = {
    Outcome.SENT: Reach.ATTEMPTED,
    Outcome.DELIVERED: Reach.DELIVERED,
    Outcome.NOT_PRESENTED: RELEASED,
    Outcome.BOUNCED: RELEASED,
    Outcome.FAILED: RELEASED,
}
"""Machines tell these."""

ANSWERS = frozenset(
    {
        Outcome.CLICKED,
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
"""What a person made of a contact: what suppression rules may count, or what says that it was not ignored."""

_REFUSALS = frozenset({Outcome.DEFERRED, Outcome.DISMISSED, Outcome.REJECTED, Outcome.UNSUBSCRIBED, Outcome.COMPLAINED})
"""Few, and of use to a suppression rule that is declared tomorrow."""

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
        Outcome.CONVERTED,
        Outcome.REDEEMED,
        Outcome.UNSUBSCRIBED,
        Outcome.COMPLAINED,
    }
)


def reached_at_once(direction: Direction, *, is_prefetched: bool) -> Reach:
    """By the answer itself: it hands a message over, or is what a person sees. What is fetched ahead only waits."""
    return Reach.RESERVED if is_prefetched else _REACHED_AT_ONCE[direction]


def answer_of(outcome: Outcome, *, is_machine: bool, counts_all: bool) -> Outcome | None:
    """What the ledger should know that a person made of the contact. `counts_all`: a suppression rule is declared, so
    that who ignored something and who did not matters."""
    wanted = ANSWERS if counts_all else _REFUSALS
    return outcome if outcome in wanted and not is_machine else None


def step_of(outcome: Outcome, at_once: Reach, *, is_machine: bool) -> int | None:
    """What the outcome tells of its contact: a Reach, or RELEASED. None for nothing new.

    A bot or a mail privacy proxy that opens a message has seen nothing, and who ignored one need not have. What was
    seen at once cannot have failed.
    """
    step = _SENT.get(outcome)
    if step is None and outcome in _SEEN and not is_machine:
        step = Reach.IMPRESSION
    if step == RELEASED:
        return RELEASED if at_once < Reach.DELIVERED else None
    return step if step is not None and step > at_once else None
