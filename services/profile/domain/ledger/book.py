"""The contacts of one person while more are asked for: what is granted counts for what is asked next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.ledger.allowances import Allowances, LimitStatus
from services.profile.domain.ledger.contacts import Contact
from services.profile.domain.ledger.matching import ContactLimits
from services.profile.domain.ledger.retention import MAX_CONTACTS, full, room_for


class Book:
    """`used`: the sets of limits somebody may go by, those of `limits` among them."""

    def __init__(
        self,
        contacts: Sequence[Contact],
        limits: ContactLimits,
        used: Sequence[ContactLimits],
        now_ms: int,
        zone: tzinfo,
    ) -> None:
        self._held = len(contacts)
        self._idle = room_for(contacts, used, now_ms)
        self._allowances = Allowances(limits, contacts, now_ms, zone)
        self.granted: list[Contact] = []

    def ask(self, contact: Contact) -> list[LimitStatus]:
        """Every limit that leaves no room for it; none: it is in the book from now on."""
        refusing = self._allowances.refusing(contact.topic)
        held = self._held + len(self.granted)
        if held - len(self._idle) >= MAX_CONTACTS:
            refusing.append(full(held))
        if not refusing:
            self._allowances.add(contact)
            self.granted.append(contact)
        return refusing

    def dropped(self) -> set[str]:
        """Reservation ids of those that had to make room."""
        surplus = max(self._held + len(self.granted) - MAX_CONTACTS, 0)
        return {contact.reservation_id for contact in self._idle[:surplus]}
