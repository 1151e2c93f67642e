"""ConfirmContact: a contact is handed over to a connector, acknowledged, or answered."""

from __future__ import annotations

from services.profile.app.drafts import Drafts
from services.profile.app.ledger_entries import find_entry, part_key
from services.profile.app.ledger_requests import ConfirmContact, ContactChanged
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.ledger.contacts import ContactEvent
from services.profile.domain.ledger.transitions import answer, confirm, event_ms
from services.profile.domain.limits import check_id
from shared.errors import InvalidArgument


async def confirm_contact(writer: Writer, command: ConfirmContact) -> ContactChanged:
    check_id(command.reservation_id, "reservation_id")
    if command.reached is ContactEvent.RESERVED and command.response is None:
        raise InvalidArgument.field("reached", "must be ATTEMPTED, DELIVERED or IMPRESSION where no response is told")

    async def edit(drafts: Drafts) -> ContactChanged:
        entry = find_entry(drafts, command.reservation_id)
        at_ms = event_ms(entry.contact, command.event_ms, entry.now_ms, "event_time")
        contact = entry.contact
        if command.reached is not ContactEvent.RESERVED:
            contact = confirm(contact, command.reached, at_ms, entry.now_ms)
        if command.response is not None:
            contact = answer(contact, command.response, at_ms, entry.now_ms)
        entry.store(contact)
        return ContactChanged(contact, entry.now_ms, PENDING_TOKEN)

    keys = [part_key(command.reservation_id)]
    return await writer.run(Mutation("ConfirmContact", command, ContactChanged, keys, edit))
