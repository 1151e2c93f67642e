"""ReleaseContact: an allowance is given back, or a contact that was handed over has failed."""

from __future__ import annotations

from services.profile.app.drafts import Drafts
from services.profile.app.ledger_entries import find_entry, part_key
from services.profile.app.ledger_requests import ContactChanged, ReleaseContact
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.ledger.transitions import release
from services.profile.domain.limits import check_id


async def release_contact(writer: Writer, command: ReleaseContact) -> ContactChanged:
    check_id(command.reservation_id, "reservation_id")

    async def edit(drafts: Drafts) -> ContactChanged:
        entry = find_entry(drafts, command.reservation_id)
        contact = release(entry.contact, entry.now_ms)
        entry.store(contact)
        return ContactChanged(contact, entry.now_ms, PENDING_TOKEN)

    keys = [part_key(command.reservation_id)]
    return await writer.run(Mutation("ReleaseContact", command, ContactChanged, keys, edit))
