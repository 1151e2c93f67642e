"""What tests of the contact ledger say often."""

from __future__ import annotations

from itertools import count
from typing import Any

from services.profile.app.application import ProfileApplication
from services.profile.app.ledger_requests import (
    ConfirmContact,
    ContactChanged,
    ContactResult,
    ContactsReserved,
    ContactWrite,
    LedgerPage,
    LedgerQuery,
    ReleaseContact,
    ReserveContact,
)
from services.profile.app.requests import PublishTraitSchema, Subject
from services.profile.domain.ledger.contacts import Contact, ContactEvent
from services.profile.domain.ledger.limits import ContactLimit
from services.profile.domain.schema import TraitDeclaration, TraitSchema
from shared.values import AttributeType

MAIL = ContactWrite("EMAIL", "OUTBOUND", action="comeback")
HOUR_MS, DAY_MS = 3_600_000, 86_400_000

_numbers = count()


def fresh(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"


def rolling(most: int, window_ms: int = DAY_MS, limit_id: str = "weekly", **narrowed: Any) -> ContactLimit:
    return ContactLimit(limit_id, most, window_ms=window_ms, **narrowed)


def schema_with(*limits: ContactLimit, default_time_zone: str = "UTC") -> TraitSchema:
    return TraitSchema(
        traits=(TraitDeclaration("zone", AttributeType.STRING),),
        contact_limits=limits,
        time_zone_trait="zone",
        default_time_zone=default_time_zone,
    )


async def publish_limits(app: ProfileApplication, *limits: ContactLimit, activate: bool = True) -> str:
    schema = schema_with(*limits)
    return (await app.publish_trait_schema(PublishTraitSchema(fresh("publish"), schema, activate))).schema_version


async def reserve(
    app: ProfileApplication, subject: Subject, *contacts: ContactWrite, request_id: str = "", **fields: Any
) -> ContactsReserved:
    """Creates the profile, unless it is told not to."""
    fields = {"create_profile": True, **fields}
    request_id = request_id or fresh("reserve")
    return await app.reserve_contacts(ReserveContact(request_id, subject, contacts or (MAIL,), **fields))


def granted(answer: ContactsReserved) -> Contact:
    (result,) = answer.results
    assert result.granted is not None, result
    return result.granted


def refused(answer: ContactsReserved) -> ContactResult:
    (result,) = answer.results
    assert result.granted is None, result
    return result


async def confirm(
    app: ProfileApplication,
    contact: Contact,
    reached: ContactEvent = ContactEvent.ATTEMPTED,
    event_ms: int | None = None,
    request_id: str = "",
) -> ContactChanged:
    command = ConfirmContact(request_id or fresh("confirm"), contact.reservation_id, reached, event_ms)
    return await app.confirm_contact(command)


async def release(app: ProfileApplication, contact: Contact, request_id: str = "") -> ContactChanged:
    return await app.release_contact(ReleaseContact(request_id or fresh("release"), contact.reservation_id))


async def ledger(app: ProfileApplication, subject: Subject, **fields: Any) -> LedgerPage:
    return await app.get_contact_ledger(LedgerQuery(subject, **fields))
