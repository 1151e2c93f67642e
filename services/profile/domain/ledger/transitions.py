"""How a contact goes on: handed over, acknowledged, given back.

    RESERVED --> ATTEMPTED --> DELIVERED --> SEEN
       |  |          |
       |  '> EXPIRED '> FAILED
       '> RELEASED

What was released was never handed over: nothing can come of it. What expired or failed may have gone out all the same:
that it was delivered or seen is a fact, and counts from then on. Handed over it is no more: its place may be taken.
"""

from __future__ import annotations

from msgspec.structs import replace

from services.profile.domain.ledger.contacts import Contact, ContactEvent, ContactResponse, ContactState
from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import FailedPrecondition, InvalidArgument

_CANNOT_BE_HANDED_OVER = (ContactState.RELEASED, ContactState.FAILED, ContactState.EXPIRED)


def confirm(contact: Contact, reached: ContactEvent, at_ms: int, now_ms: int) -> Contact:
    """The contact once it got so far; the same object where it had been there before.

    Raises FailedPrecondition (RESERVATION_ENDED).
    """
    state = contact.state(now_ms)
    hands_over = reached <= ContactEvent.ATTEMPTED
    if state is ContactState.RELEASED or (hands_over and state in _CANNOT_BE_HANDED_OVER):
        raise _refusal("RESERVATION_ENDED", contact, state, "is over")
    if contact.has_reached(reached):
        return contact
    return contact.once(reached, at_ms)


def answer(contact: Contact, response: ContactResponse, at_ms: int, now_ms: int) -> Contact:
    """The contact once this came of it; the same object where it was known.

    Raises FailedPrecondition (RESERVATION_ENDED): nothing comes of what was not sent.
    """
    state = contact.state(now_ms)
    if state in _CANNOT_BE_HANDED_OVER:
        raise _refusal("RESERVATION_ENDED", contact, state, "is over")
    return contact.answered(response, at_ms)


def release(contact: Contact, now_ms: int) -> Contact:
    """The contact given back, or failed where it was handed over; the same object where it had ended before.

    Raises FailedPrecondition (RESERVATION_CONFIRMED).
    """
    state = contact.state(now_ms)
    if state in (ContactState.DELIVERED, ContactState.SEEN):
        raise _refusal("RESERVATION_CONFIRMED", contact, state, "cannot be given back")
    return contact if state in _CANNOT_BE_HANDED_OVER else replace(contact, expire_ms=None, ended_ms=now_ms)


def event_ms(contact: Contact, said_ms: int | None, now_ms: int, path: str) -> int:
    """When something happened to a contact, between its reservation and now: clocks of callers are off by as much as
    five minutes. Raises InvalidArgument for more.
    """
    if said_ms is None:
        return now_ms
    if said_ms < contact.reserved_ms - MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field(path, "must not be before the reservation")
    if said_ms > now_ms + MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field(path, "must not be more than five minutes ahead of the server")
    return min(max(said_ms, contact.reserved_ms), now_ms)


def _refusal(reason: str, contact: Contact, state: ContactState, text: str) -> FailedPrecondition:
    return FailedPrecondition(
        reason,
        f"the contact is {state.name} and {text}",
        metadata={"reservation_id": contact.reservation_id, "state": state.name},
    )
