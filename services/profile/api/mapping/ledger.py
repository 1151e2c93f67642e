"""The contact ledger on the wire."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import contact_ledger_pb2, contact_pb2

from services.profile.api.mapping import fields
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
from services.profile.domain.ledger.allowances import LimitStatus
from services.profile.domain.ledger.contacts import Contact, ContactEvent, ContactResponse
from shared.rpc.values import timestamp_proto


def reserve_contact(request: contact_ledger_pb2.ReserveContactRequest) -> ReserveContact:
    return ReserveContact(
        request_id=request.request_id,
        subject=fields.subject(request.subject),
        contacts=tuple(_write(contact, f"contacts[{i}].") for i, contact in enumerate(request.contacts)),
        ttl_ms=fields.period_ms(request, "ttl", ""),
        reached=fields.enum(ContactEvent, request.reached, "reached", ContactEvent.RESERVED),
        schema_version=request.schema_version,
        limit_ids=tuple(request.limit_ids),
        create_profile=request.create_profile,
        stop_at_refusal=request.stop_at_refusal,
    )


def confirm_contact(request: contact_ledger_pb2.ConfirmContactRequest) -> ConfirmContact:
    return ConfirmContact(
        request_id=request.request_id,
        reservation_id=request.reservation_id,
        reached=fields.enum(ContactEvent, request.reached, "reached"),
        event_ms=fields.time_ms(request, "event_time", ""),
        response=fields.enum(ContactResponse, request.response, "response") if request.response else None,
    )


def release_contact(request: contact_ledger_pb2.ReleaseContactRequest) -> ReleaseContact:
    return ReleaseContact(request.request_id, request.reservation_id)


def ledger_query(request: contact_ledger_pb2.GetContactLedgerRequest) -> LedgerQuery:
    return LedgerQuery(
        subject=fields.subject(request.subject),
        contact=_write(request.contact, "contact.") if request.HasField("contact") else None,
        read_ms=fields.reading_ms(request, "read_time", ""),
        schema_version=request.schema_version,
        token=request.consistency_token.value,
        page_size=request.page_size,
        page_token=request.page_token,
    )


def reserved_response(answer: ContactsReserved) -> contact_ledger_pb2.ReserveContactResponse:
    return contact_ledger_pb2.ReserveContactResponse(
        results=(_result(result, answer.arrival_ms) for result in answer.results),
        profile_id=answer.profile_id,
        consistency_token=_token(answer.token),
        advisories=answer.advisories,
    )


def confirmed_response(answer: ContactChanged) -> contact_ledger_pb2.ConfirmContactResponse:
    return contact_ledger_pb2.ConfirmContactResponse(
        entry=entry_proto(answer.contact, answer.arrival_ms), consistency_token=_token(answer.token)
    )


def released_response(answer: ContactChanged) -> contact_ledger_pb2.ReleaseContactResponse:
    return contact_ledger_pb2.ReleaseContactResponse(
        entry=entry_proto(answer.contact, answer.arrival_ms), consistency_token=_token(answer.token)
    )


def ledger_response(page: LedgerPage) -> contact_ledger_pb2.GetContactLedgerResponse:
    return contact_ledger_pb2.GetContactLedgerResponse(
        profile_id=page.profile_id,
        limits=map(status_proto, page.limits),
        entries=(entry_proto(contact, page.read_ms) for contact in page.contacts),
        next_page_token=page.next_page_token,
        time_zone=page.time_zone,
    )


def entry_proto(contact: Contact, now_ms: int) -> contact_pb2.LedgerEntry:
    """A contact as it is at a moment."""
    has_expired = contact.has_expired(now_ms)
    return contact_pb2.LedgerEntry(
        reservation_id=contact.reservation_id,
        contact=contact_pb2.Contact(
            channel=contact.channel,
            direction=contact.direction,
            message_class=contact.message_class,
            issue=contact.issue,
            group=contact.group,
            action=contact.action,
            treatment=contact.treatment,
            campaign=contact.campaign,
            reference=contact.reference,
            send_time=_time(contact.planned_ms),
        ),
        state=int(contact.state(now_ms)),  # type: ignore[arg-type]
        reserve_time=timestamp_proto(contact.reserved_ms),
        expire_time=None if has_expired else _time(contact.expire_ms),
        attempt_time=_time(contact.attempted_ms),
        delivery_time=_time(contact.delivered_ms),
        impression_time=_time(contact.impression_ms),
        end_time=_time(contact.end_ms(now_ms)),
        responses=(
            contact_pb2.LedgerEntry.Response(response=int(each), response_time=timestamp_proto(at_ms))  # type: ignore[arg-type]
            for each, at_ms in contact.responses
        ),
    )


def status_proto(status: LimitStatus) -> contact_pb2.LimitStatus:
    return contact_pb2.LimitStatus(
        limit_id=status.limit_id,
        max=status.max,
        used=status.used,
        remaining=status.remaining,
        next_slot_time=_time(status.next_slot_ms),
        counted=status.counted,
    )


def _write(contact: contact_pb2.Contact, path: str) -> ContactWrite:
    return ContactWrite(
        channel=contact.channel,
        direction=contact.direction,
        message_class=contact.message_class,
        issue=contact.issue,
        group=contact.group,
        action=contact.action,
        treatment=contact.treatment,
        campaign=contact.campaign,
        reference=contact.reference,
        planned_ms=fields.time_ms(contact, "send_time", path),
    )


def _result(result: ContactResult, now_ms: int) -> contact_ledger_pb2.ReserveContactResponse.Result:
    if result.granted is not None:
        return contact_ledger_pb2.ReserveContactResponse.Result(granted=entry_proto(result.granted, now_ms))
    refusal = contact_ledger_pb2.ReserveContactResponse.Refusal(
        limits=map(status_proto, result.refused_by), next_slot_time=_time(result.next_slot_ms)
    )
    return contact_ledger_pb2.ReserveContactResponse.Result(refused=refusal)


def _time(time_ms: int | None) -> Timestamp | None:
    return None if time_ms is None else timestamp_proto(time_ms)


def _token(token: str) -> subject_pb2.ConsistencyToken:
    return subject_pb2.ConsistencyToken(value=token)
