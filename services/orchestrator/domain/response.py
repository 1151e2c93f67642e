"""Whether somebody responded to what was presented, and what it means when nobody did.

A presentation whose window ends without a response is IGNORED. The window begins at the moment that was decided for,
as the windows of objectives do. What happened within it counts, whenever it is reported: a response that is told late
takes the implied outcome back; one that came after the window was none within it.

    not seen yet --seen--> WAITING --window over--> IMPLIED
         \\________________response within it__________/---> ANSWERED
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum

from services.orchestrator.domain.outcome import Outcome

_RESPONSES = frozenset(
    {
        Outcome.CLICKED,
        Outcome.ACCEPTED,
        Outcome.DEFERRED,
        Outcome.DISMISSED,
        Outcome.REJECTED,
        Outcome.IGNORED,
        Outcome.CONVERTED,
        Outcome.REDEEMED,
        Outcome.RETURNED,
        Outcome.UNSUBSCRIBED,
        Outcome.COMPLAINED,
    }
)
_NOT_MADE = frozenset({Outcome.PENDING, Outcome.NOT_PRESENTED, Outcome.FAILED})


class Answering(IntEnum):
    """How far one presentation is with being responded to."""

    NONE = 0
    """Nobody has seen it, as far as is known, or nobody waits."""
    WAITING = 1
    ANSWERED = 2
    IMPLIED = 3
    """Nobody responded in time: the outcome IGNORED stands."""


def is_response(outcome: Outcome, successes: Collection[Outcome], *, is_machine: bool) -> bool:
    """What somebody does of their own accord, or says they will not; and whatever counts as a success."""
    return not is_machine and (outcome in _RESPONSES or outcome in successes)


def is_contact(outcome: Outcome) -> bool:
    """Whether the outcome shows that the contact was made, and so paid for: a bounced message was sent."""
    return outcome not in _NOT_MADE


def joined(known: Answering, said: Answering) -> Answering:
    """Of what is known and what another outcome says, in whatever order they come."""
    if Answering.ANSWERED in (known, said):
        return Answering.ANSWERED
    return max(known, said)
