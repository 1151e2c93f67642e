"""Contacts in the ledger of a person, as they are kept in the profile."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

INBOUND, OUTBOUND = "INBOUND", "OUTBOUND"
DIRECTIONS = (INBOUND, OUTBOUND)
MARKETING = "MARKETING"
"""The message class of what says nothing else."""
SERVICE = "SERVICE"
"""The message class that passes marketing limits."""


class ContactEvent(IntEnum):
    """How far a contact got. Numbers are those of tandem.profile.v1.ContactEvent; each includes those before it."""

    RESERVED = 1
    ATTEMPTED = 2
    DELIVERED = 3
    IMPRESSION = 4


class ContactResponse(IntEnum):
    """What a person made of a contact. Numbers are those of tandem.profile.v1.ContactResponse."""

    CLICKED = 6
    ACCEPTED = 9
    DEFERRED = 10
    DISMISSED = 11
    REJECTED = 12
    IGNORED = 13
    CONVERTED = 14
    REDEEMED = 15
    UNSUBSCRIBED = 17
    COMPLAINED = 18


class ContactState(IntEnum):
    """Numbers are those of tandem.profile.v1.ContactState."""

    RESERVED = 1
    ATTEMPTED = 2
    DELIVERED = 3
    SEEN = 4
    RELEASED = 5
    FAILED = 6
    EXPIRED = 7


class Topic(NamedTuple):
    """What a limit looks at to tell whether it is about a contact. Empty: the contact names none."""

    channel: str
    direction: str
    message_class: str
    issue: str
    group: str
    action: str
    campaign: str


class Contact(msgspec.Struct, frozen=True, array_like=True):
    """One contact. A msgspec Struct, because it is decoded with profiles; new fields go to the end with a default."""

    reservation_id: str
    channel: str
    direction: str
    message_class: str
    issue: str
    group: str
    action: str
    treatment: str
    campaign: str
    reference: str
    reserved_ms: int
    expire_ms: int | None
    """When it ends by itself; None once it was handed over."""
    attempted_ms: int | None = None
    delivered_ms: int | None = None
    impression_ms: int | None = None
    ended_ms: int | None = None
    """When it was released or failed."""
    planned_ms: int | None = None
    """It does not go out before; None: at once."""
    responses: tuple[tuple[ContactResponse, int], ...] = ()
    """What came of it, each once, and when."""

    @property
    def topic(self) -> Topic:
        return Topic(
            self.channel, self.direction, self.message_class, self.issue, self.group, self.action, self.campaign
        )

    @property
    def last_ms(self) -> int:
        """When it got as far as it is, or will go out; its end is no progress."""
        steps_ms = (self.attempted_ms, self.delivered_ms, self.impression_ms, self.planned_ms)
        return max(self.reserved_ms, *(at_ms or 0 for at_ms in steps_ms), *(at_ms for _, at_ms in self.responses))

    def state(self, now_ms: int) -> ContactState:
        if self.ended_ms is not None:
            return ContactState.RELEASED if self.attempted_ms is None else ContactState.FAILED
        if self.impression_ms is not None:
            return ContactState.SEEN
        if self.delivered_ms is not None:
            return ContactState.DELIVERED
        if self.attempted_ms is not None:
            return ContactState.ATTEMPTED
        return ContactState.EXPIRED if self.has_expired(now_ms) else ContactState.RESERVED

    def shown_ms(self, now_ms: int) -> int | None:
        """When the person got it, as far as is known: saw it, else had it delivered, else had it handed over. None
        where it was not handed over, has not gone out yet, or failed."""
        if self.end_ms(now_ms) is not None:
            return None
        got_ms = self.delivered_ms if self.impression_ms is None else self.impression_ms
        if got_ms is not None or self.attempted_ms is None:
            return got_ms
        sent_ms = max(self.attempted_ms, self.planned_ms or 0)
        return sent_ms if sent_ms == self.attempted_ms or sent_ms <= now_ms else None

    def has_expired(self, now_ms: int) -> bool:
        """Whether it ended by itself."""
        return self.expire_ms is not None and self.expire_ms <= now_ms and self.ended_ms is None

    def is_open(self, now_ms: int) -> bool:
        """Whether it is under way: nothing but its expiry or an acknowledgement says how it ends."""
        return self.ended_ms is None and self.delivered_ms is None and not self.has_expired(now_ms)

    def has_reached(self, event: ContactEvent) -> bool:
        times = (self.reserved_ms, self.attempted_ms, self.delivered_ms, self.impression_ms)
        return times[event - 1] is not None

    def once(self, reached: ContactEvent, at_ms: int) -> Contact:
        """The contact when it got so far: neither over nor waiting. What it had reached before keeps its time."""
        return replace(
            self,
            expire_ms=None,
            ended_ms=None,
            attempted_ms=_since(self.attempted_ms, reached >= ContactEvent.ATTEMPTED, at_ms),
            delivered_ms=_since(self.delivered_ms, reached >= ContactEvent.DELIVERED, at_ms),
            impression_ms=_since(self.impression_ms, reached >= ContactEvent.IMPRESSION, at_ms),
        )

    def answered(self, response: ContactResponse, at_ms: int) -> Contact:
        """The contact when this came of it; the same object where it was known."""
        if any(known is response for known, _ in self.responses):
            return self
        return replace(self, responses=(*self.responses, (response, at_ms)))

    def end_ms(self, now_ms: int) -> int | None:
        """When it was released, failed or expired."""
        return self.expire_ms if self.has_expired(now_ms) else self.ended_ms


def as_of(contact: Contact, read_ms: int) -> Contact | None:
    """The contact as it was at a moment; None where it was not reserved yet. What came later is not known then."""
    if contact.reserved_ms > read_ms:
        return None
    if max(contact.last_ms, contact.ended_ms or 0) <= read_ms:
        return contact
    return replace(
        contact,
        attempted_ms=_until(contact.attempted_ms, read_ms),
        delivered_ms=_until(contact.delivered_ms, read_ms),
        impression_ms=_until(contact.impression_ms, read_ms),
        ended_ms=_until(contact.ended_ms, read_ms),
        responses=tuple(each for each in contact.responses if each[1] <= read_ms),
    )


def _since(known_ms: int | None, is_reached: bool, at_ms: int) -> int | None:
    return at_ms if is_reached and known_ms is None else known_ms


def _until(time_ms: int | None, read_ms: int) -> int | None:
    return None if time_ms is None or time_ms > read_ms else time_ms
