"""ReserveContact: allowances for contacts, each under all limits that apply to it, in one step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.contact_check import checked_contact
from services.profile.app.drafts import Arrival, Drafts, Occasion
from services.profile.app.ledger_requests import ContactResult, ContactsReserved, ContactWrite, ReserveContact
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.identities import Namespaces, normalise_subject
from services.profile.domain.ledger.allowances import next_slot_ms
from services.profile.domain.ledger.book import Book
from services.profile.domain.ledger.contacts import Contact, ContactEvent
from services.profile.domain.ledger.retention import kept
from services.profile.domain.limits import missing
from services.profile.domain.person_zone import zone_of_person
from services.profile.domain.resolution import IDENTITY_CONFLICT
from shared.clock import MS_PER_DAY, MS_PER_SECOND
from shared.errors import InvalidArgument, NotFound, Violation

MAX_REQUESTED = 100
MAX_LIMIT_IDS = 200
DEFAULT_TTL_MS = 15 * 60 * MS_PER_SECOND
MAX_TTL_MS = 31 * MS_PER_DAY
MAX_AHEAD_MS = 31 * MS_PER_DAY
"""Of a contact that goes out later."""


async def reserve_contacts(
    writer: Writer, catalogue: SchemaCatalogue, new_id: Callable[[str], str], command: ReserveContact
) -> ContactsReserved:
    writes = _checked(command)
    named = await catalogue.get(command.schema_version) if command.schema_version else None

    def plan(namespaces: Namespaces) -> Mutation[ContactsReserved]:
        subject = normalise_subject(command.subject, "subject", namespaces)
        asked = dataclasses.replace(command, subject=subject, contacts=writes)

        async def edit(drafts: Drafts) -> ContactsReserved:
            return _reserve(drafts, asked, named or drafts.schema, new_id)

        keys = [identity.key for identity in subject]
        return Mutation("ReserveContact", command, ContactsReserved, keys, edit)

    return await writer.run_planned(plan)


def _reserve(
    drafts: Drafts, command: ReserveContact, schema: CompiledSchema, new_id: Callable[[str], str]
) -> ContactsReserved:
    _check_known(command.limit_ids, schema)
    arrival = _arrival(drafts, command)
    draft, now_ms = arrival.draft, arrival.draft.arrival_ms
    _check_planned(command.contacts, now_ms)
    contacts = {part.part_id: kept(part.profile.contacts, now_ms) for part in draft.parts}
    book = Book(
        [contact for held in contacts.values() for contact in held],
        schema.contact_limits,
        (schema.contact_limits, drafts.schema.contact_limits),
        now_ms,
        zone_of_person(draft.before, schema, now_ms),
    )
    answers = (
        _asked(book, _reserved(write, command, f"{arrival.part.part_id}.{new_id('r')}", now_ms))
        for write in command.contacts
    )
    results = tuple(_until_refused(answers) if command.stop_at_refusal else answers)
    if book.granted:  # else nothing changes
        _store(book, contacts, arrival)
    return ContactsReserved(results, draft.profile_id, now_ms, PENDING_TOKEN, arrival.advisories)


def _checked(command: ReserveContact) -> tuple[ContactWrite, ...]:
    if not command.contacts:
        raise missing("contacts")
    for field, most in (("contacts", MAX_REQUESTED), ("limit_ids", MAX_LIMIT_IDS)):
        if len(getattr(command, field)) > most:
            raise InvalidArgument.field(field, f"must be at most {most}")
    if not 0 <= command.ttl_ms <= MAX_TTL_MS:
        raise InvalidArgument.field("ttl", f"must be at most {MAX_TTL_MS // MS_PER_DAY} days")
    return tuple(checked_contact(write, f"contacts[{i}]") for i, write in enumerate(command.contacts))


def _check_known(limit_ids: Sequence[str], schema: CompiledSchema) -> None:
    for index, limit_id in enumerate(limit_ids):
        if limit_id not in schema.contact_limits.ids:
            path, text = f"limit_ids[{index}]", f"{limit_id[:64]!r} is not a contact limit of the trait schema"
            raise InvalidArgument(
                "UNKNOWN_CONTACT_LIMIT",
                f"{path}: {text}",
                metadata={"limit_id": limit_id[:64], "field": path},
                violations=[Violation(path, text)],
            )


def _check_planned(contacts: Sequence[ContactWrite], now_ms: int) -> None:
    for index, write in enumerate(contacts):
        if write.planned_ms is not None and write.planned_ms > now_ms + MAX_AHEAD_MS:
            text = f"must be at most {MAX_AHEAD_MS // MS_PER_DAY} days ahead"
            raise InvalidArgument.field(f"contacts[{index}].send_time", text)


def _arrival(drafts: Drafts, command: ReserveContact) -> Arrival:
    """Where the contacts belong. A reservation says nothing about who is whom: nothing is linked."""
    subject = drafts.admitted(command.subject, "subject")
    occasion = Occasion("subject", f"ReserveContact/{command.request_id}", links=False)
    try:
        drafts.named(subject, "subject")
    except NotFound:
        if not command.create_profile:
            raise
        return drafts.resolve(subject, dataclasses.replace(occasion, links=not drafts.owners(subject)))
    _, opponents = drafts.concerned(subject, occasion)
    arrival = drafts.resolve(subject, occasion)
    return dataclasses.replace(arrival, advisories=(IDENTITY_CONFLICT,)) if opponents else arrival


def _until_refused(results: Iterable[ContactResult]) -> Iterator[ContactResult]:
    for result in results:
        yield result
        if result.granted is None:
            return


def _asked(book: Book, contact: Contact) -> ContactResult:
    refusing = book.ask(contact)
    return ContactResult(None, tuple(refusing), next_slot_ms(refusing)) if refusing else ContactResult(contact)


def _reserved(write: ContactWrite, command: ReserveContact, reservation_id: str, now_ms: int) -> Contact:
    planned_ms = write.planned_ms if write.planned_ms is not None and write.planned_ms > now_ms else None
    contact = Contact(
        reservation_id=reservation_id,
        channel=write.channel,
        direction=write.direction,
        message_class=write.message_class,
        issue=write.issue,
        group=write.group,
        action=write.action,
        treatment=write.treatment,
        campaign=write.campaign,
        reference=write.reference,
        reserved_ms=now_ms,
        expire_ms=now_ms + (command.ttl_ms or DEFAULT_TTL_MS),
        planned_ms=planned_ms,
    )
    return contact if command.reached is ContactEvent.RESERVED else contact.once(command.reached, now_ms)


def _store(book: Book, contacts: Mapping[str, tuple[Contact, ...]], arrival: Arrival) -> None:
    dropped = book.dropped()
    for part in arrival.draft.parts:
        held = tuple(each for each in contacts[part.part_id] if each.reservation_id not in dropped)
        held += tuple(book.granted) if part is arrival.part else ()
        if held != part.profile.contacts:
            part.profile = replace(part.profile, contacts=held)
