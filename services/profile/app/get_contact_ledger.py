"""GetContactLedger: the contacts of a person, what the limits still allow, and when the next slot opens."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.app.contact_check import checked_contact, topic_of
from services.profile.app.get_profile import ProfileReader
from services.profile.app.ledger_requests import LedgerPage, LedgerQuery
from services.profile.domain.ledger.allowances import Allowances
from services.profile.domain.ledger.contacts import Contact, as_of
from services.profile.domain.person_zone import zone_of_person
from shared.clock import MS_PER_DAY, Clock
from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 100, 1_000
MAX_AHEAD_MS = 3_660 * MS_PER_DAY
"""How far ahead one may ask: ten years."""


async def get_contact_ledger(reader: ProfileReader, clock: Clock, query: LedgerQuery) -> LedgerPage:
    contact = None if query.contact is None else checked_contact(query.contact, "contact")
    size = page_size(query.page_size, default=DEFAULT_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
    _check_time(query.read_ms, clock())
    await reader.reach(query.token)
    schema = await reader.schema(query.schema_version)
    named = await reader.named(query.subject)
    fingerprint = (named.keys, query.read_ms)
    before = _place(page_start(query.page_token, fingerprint))
    profile = await reader.resolved(named)
    read_ms = max(clock(), profile.updated_ms) if query.read_ms is None else query.read_ms
    contacts = [known for each in profile.contacts if (known := as_of(each, read_ms)) is not None]
    zone = zone_of_person(profile, schema, read_ms)
    allowances = Allowances(schema.contact_limits, contacts, read_ms, zone)
    page = _page(contacts, before, size + 1)
    return LedgerPage(
        profile_id=profile.profile_id,
        limits=tuple(allowances.every() if contact is None else allowances.of(topic_of(contact))),
        contacts=tuple(page[:size]),
        read_ms=read_ms,
        time_zone=zone.key,
        next_page_token=page_token(_text(page[size - 1]), fingerprint) if len(page) > size else "",
    )


def _check_time(read_ms: int | None, now_ms: int) -> None:
    if read_ms is not None and not 0 <= read_ms <= now_ms + MAX_AHEAD_MS:
        raise InvalidArgument.field("read_time", "must not be before 1970, nor more than ten years ahead")


def _page(contacts: Sequence[Contact], before: tuple[int, str] | None, limit: int) -> list[Contact]:
    newest_first = sorted(contacts, key=_order, reverse=True)
    return [contact for contact in newest_first if before is None or _order(contact) < before][:limit]


def _order(contact: Contact) -> tuple[int, str]:
    return contact.reserved_ms, contact.reservation_id


def _text(contact: Contact) -> str:
    return f"{contact.reserved_ms}:{contact.reservation_id}"


def _place(start: int | str | None) -> tuple[int, str] | None:
    if start is None:
        return None
    try:
        reserved_ms, reservation_id = str(start).split(":", 1)
        return int(reserved_ms), reservation_id
    except ValueError:
        raise InvalidArgument.field("page_token", "is not a token of this server") from None
