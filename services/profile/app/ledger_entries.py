"""A contact in the ledger by its reservation id, which names the part of a profile that holds it."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from services.profile.app.draft import PartDraft
from services.profile.app.drafts import Drafts
from services.profile.domain.identities import PROFILE, Identity
from services.profile.domain.ledger.contacts import Contact
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Entry:
    """`now_ms`: when what is written now arrived."""

    part: PartDraft
    contact: Contact
    now_ms: int

    def store(self, contact: Contact) -> None:
        """The same object changes nothing."""
        if contact is not self.contact:
            held = self.part.profile.contacts
            contacts = tuple(contact if each is self.contact else each for each in held)
            self.part.profile = replace(self.part.profile, contacts=contacts)


def part_key(reservation_id: str) -> str:
    """The key of the profile a reservation was made on, which leads to whatever that was merged into."""
    return _part(reservation_id).key


def find_entry(drafts: Drafts, reservation_id: str) -> Entry:
    """Raises NotFound (RESERVATION_NOT_FOUND), also where the person was erased."""
    for draft in drafts.owners((_part(reservation_id),)):
        for part in draft.parts:
            for contact in part.profile.contacts:
                if contact.reservation_id == reservation_id:
                    return Entry(part, contact, draft.arrival_ms)
    raise NotFound(
        "RESERVATION_NOT_FOUND",
        "there is no such reservation, or it is long over",
        metadata={"reservation_id": reservation_id},
    )


def _part(reservation_id: str) -> Identity:
    return Identity(PROFILE, reservation_id.rpartition(".")[0])
