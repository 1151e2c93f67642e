"""The contact ledger on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import contact_ledger_pb2, contact_pb2, profile_service_pb2, trait_pb2

from shared.errors import FailedPrecondition, InvalidArgument, NotFound, TandemError
from tests.support.profile_wire import ANN, Ask, subject

MAIL = contact_pb2.Contact(
    channel="email", direction="outbound", issue="retention", group="offers", action="comeback", reference="d-1"
)
DAY = Duration(seconds=86_400)
CAP = contact_pb2.ContactLimit(limit_id="cap", max=1, window=DAY)


async def publish(ask: Ask, *limits: contact_pb2.ContactLimit, **fields: Any) -> None:
    schema = trait_pb2.TraitSchema(contact_limits=limits, **fields)
    await ask(profile_service_pb2.PublishTraitSchemaRequest(request_id="schema", schema=schema, activate=True))


async def reserve(ask: Ask, request_id: str, **fields: Any) -> contact_ledger_pb2.ReserveContactResponse:
    fields = {"subject": ANN, "contacts": [MAIL], "create_profile": True, **fields}
    answer = await ask(contact_ledger_pb2.ReserveContactRequest(request_id=request_id, **fields))
    assert isinstance(answer, contact_ledger_pb2.ReserveContactResponse)
    return answer


async def test_a_contact_from_its_reservation_to_its_impression(ask: Ask) -> None:
    await publish(ask, CAP)
    answer = await reserve(ask, "r1")
    entry = answer.results[0].granted
    assert entry.state == contact_pb2.CONTACT_STATE_RESERVED
    assert (entry.contact.channel, entry.contact.direction, entry.contact.message_class) == (
        "EMAIL",
        "OUTBOUND",
        "MARKETING",
    )
    assert entry.expire_time.seconds - entry.reserve_time.seconds == 15 * 60
    assert entry.reservation_id.startswith(f"{answer.profile_id}.")
    assert answer.consistency_token.value
    for reached, state in (
        (contact_pb2.CONTACT_EVENT_ATTEMPTED, contact_pb2.CONTACT_STATE_ATTEMPTED),
        (contact_pb2.CONTACT_EVENT_DELIVERED, contact_pb2.CONTACT_STATE_DELIVERED),
        (contact_pb2.CONTACT_EVENT_IMPRESSION, contact_pb2.CONTACT_STATE_SEEN),
    ):
        confirmed = await ask(
            contact_ledger_pb2.ConfirmContactRequest(
                request_id=f"c{reached}", reservation_id=entry.reservation_id, reached=reached
            )
        )
        assert confirmed.entry.state == state
        assert not confirmed.entry.HasField("expire_time")
    ledger = await ask(contact_ledger_pb2.GetContactLedgerRequest(subject=ANN, contact=MAIL))
    assert [each.state for each in ledger.entries] == [contact_pb2.CONTACT_STATE_SEEN]
    assert (ledger.profile_id, ledger.time_zone) == (answer.profile_id, "UTC")
    (status,) = ledger.limits
    assert (status.limit_id, status.used, status.remaining) == ("cap", 1, 0)
    assert status.next_slot_time.seconds == entry.reserve_time.seconds + DAY.seconds


async def test_a_refusal_is_an_answer(ask: Ask) -> None:
    await publish(ask, CAP)
    answer = await reserve(ask, "r1", contacts=[MAIL, MAIL], reached=contact_pb2.CONTACT_EVENT_IMPRESSION)
    granted, refused = answer.results
    assert granted.granted.state == contact_pb2.CONTACT_STATE_SEEN
    (limit,) = refused.refused.limits
    assert limit == contact_pb2.LimitStatus(
        limit_id="cap", max=1, used=1, next_slot_time=refused.refused.next_slot_time
    )
    assert refused.refused.next_slot_time.seconds == granted.granted.reserve_time.seconds + DAY.seconds


async def test_nothing_is_tried_after_a_refusal_where_that_is_wanted(ask: Ask) -> None:
    await publish(ask, CAP)
    service = contact_pb2.Contact(channel="EMAIL", direction="OUTBOUND", message_class="SERVICE")
    answer = await reserve(ask, "r1", contacts=[MAIL, MAIL, service], stop_at_refusal=True)
    assert [each.WhichOneof("outcome") for each in answer.results] == ["granted", "refused"]


async def test_what_is_given_back_is_free_again(ask: Ask) -> None:
    await publish(ask, CAP)
    first = (await reserve(ask, "r1")).results[0].granted
    released = await ask(contact_ledger_pb2.ReleaseContactRequest(request_id="b1", reservation_id=first.reservation_id))
    assert released.entry.state == contact_pb2.CONTACT_STATE_RELEASED
    assert released.entry.HasField("end_time")
    assert (await reserve(ask, "r2")).results[0].HasField("granted")


async def test_a_profile_tells_its_contacts_and_what_limits_count(ask: Ask) -> None:
    await publish(ask, CAP)
    entry = (await reserve(ask, "r1")).results[0].granted
    profile = (await ask(profile_service_pb2.GetProfileRequest(subject=ANN))).profile
    assert list(profile.contacts) == [entry]
    assert [(each.limit_id, each.used) for each in profile.contact_limits] == [("cap", 1)]


async def test_calendar_windows_go_by_the_time_zone_of_the_schema(ask: Ask) -> None:
    daily = contact_pb2.ContactLimit(limit_id="daily", max=1, calendar=contact_pb2.CALENDAR_UNIT_DAY)
    await publish(ask, daily, default_time_zone="Asia/Kathmandu")
    await reserve(ask, "r1", reached=contact_pb2.CONTACT_EVENT_ATTEMPTED)
    ledger = await ask(contact_ledger_pb2.GetContactLedgerRequest(subject=ANN))
    assert ledger.time_zone == "Asia/Kathmandu"
    assert ledger.limits[0].next_slot_time.seconds % 86_400 == 18 * 3_600 + 15 * 60


async def test_pages_of_the_ledger_are_newest_first(ask: Ask) -> None:
    await publish(ask)
    entries = [(await reserve(ask, f"r{i}")).results[0].granted.reservation_id for i in range(5)]
    found, token = [], ""
    while True:
        page = await ask(contact_ledger_pb2.GetContactLedgerRequest(subject=ANN, page_size=2, page_token=token))
        found += [each.reservation_id for each in page.entries]
        token = page.next_page_token
        if not token:
            break
    assert sorted(found) == sorted(entries)
    assert len(found) == len(entries)


RESERVE = contact_ledger_pb2.ReserveContactRequest
CONFIRM = contact_ledger_pb2.ConfirmContactRequest
LEDGER = contact_ledger_pb2.GetContactLedgerRequest
CONTACT, LIMIT = contact_pb2.Contact, contact_pb2.ContactLimit
BAD_CODE = CONTACT(channel="a b", direction="INBOUND")
FAR_AHEAD = Timestamp(seconds=250_000_000_000)
WEAKLY = ["weakly"]


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (RESERVE(subject=ANN, contacts=[MAIL]), "request_id"),
        (RESERVE(request_id="r", contacts=[MAIL]), "subject"),
        (RESERVE(request_id="r", subject=ANN), "contacts"),
        (RESERVE(request_id="r", subject=ANN, contacts=[MAIL] * 101), "contacts"),
        (RESERVE(request_id="r", subject=ANN, contacts=[CONTACT(direction="INBOUND")]), "contacts[0].channel"),
        (RESERVE(request_id="r", subject=ANN, contacts=[CONTACT(channel="SMS")]), "contacts[0].direction"),
        (
            RESERVE(request_id="r", subject=ANN, contacts=[CONTACT(channel="SMS", direction="UP")]),
            "contacts[0].direction",
        ),
        (
            RESERVE(request_id="r", subject=ANN, contacts=[MAIL, BAD_CODE]),
            "contacts[1].channel",
        ),
        (RESERVE(request_id="r", subject=ANN, contacts=[MAIL], ttl=Duration(seconds=32 * 86_400)), "ttl"),
        (RESERVE(request_id="r", subject=ANN, contacts=[MAIL], ttl=Duration(seconds=-1)), "ttl"),
        (RESERVE(request_id="r", subject=ANN, contacts=[MAIL], reached=9), "reached"),  # type: ignore[arg-type]
        (RESERVE(request_id="r", subject=ANN, contacts=[MAIL], limit_ids=WEAKLY, create_profile=True), "limit_ids[0]"),
        (CONFIRM(request_id="r", reservation_id="p.r"), "reached"),
        (CONFIRM(request_id="r", reservation_id="p.r", reached=contact_pb2.CONTACT_EVENT_RESERVED), "reached"),
        (CONFIRM(request_id="r", reached=contact_pb2.CONTACT_EVENT_ATTEMPTED), "reservation_id"),
        (contact_ledger_pb2.ReleaseContactRequest(request_id="r"), "reservation_id"),
        (LEDGER(subject=ANN, page_size=-1), "page_size"),
        (LEDGER(subject=ANN, page_token="?"), "page_token"),
        (LEDGER(subject=ANN, read_time=Timestamp(seconds=-1)), "read_time"),
        (LEDGER(subject=ANN, read_time=FAR_AHEAD), "read_time"),
        (LEDGER(subject=ANN, contact=CONTACT(channel="SMS")), "contact.direction"),
    ],
)  # fmt: skip
async def test_a_bad_request_is_refused_by_its_field(ask: Ask, request_: Any, path: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await ask(request_)
    assert refusal.value.violations[0].field == path


@pytest.mark.parametrize(
    ("limit", "path"),
    [
        (LIMIT(limit_id="cap", max=-1, window=DAY), "max"),
        (LIMIT(limit_id="cap", max=1), "window"),
        (LIMIT(limit_id="cap", max=1, window=Duration(seconds=-60)), "window"),
        (LIMIT(limit_id="cap", max=1, window=Duration(seconds=2**62)), "window"),
        (LIMIT(limit_id="cap", max=1, window=DAY, calendar=contact_pb2.CALENDAR_UNIT_DAY), "calendar"),
    ],
)  # fmt: skip
async def test_a_limit_without_sense_is_refused_by_its_field(
    ask: Ask, limit: contact_pb2.ContactLimit, path: str
) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await publish(ask, CAP, limit)
    assert f"schema.contact_limits[1].{path}" in [each.field for each in refusal.value.violations]


async def test_an_unknown_time_zone_is_refused(ask: Ask) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await publish(ask, CAP, default_time_zone="Atlantis/Capital")
    assert refusal.value.violations[0].field == "schema.default_time_zone"


async def test_errors_of_the_ledger_have_their_reasons(ask: Ask) -> None:
    await publish(ask, CAP)

    async def reason(request: Any) -> tuple[type[TandemError], str]:
        with pytest.raises(TandemError) as refusal:
            await ask(request)
        return type(refusal.value), refusal.value.reason

    entry = (await reserve(ask, "r1")).results[0].granted
    released = contact_ledger_pb2.ReleaseContactRequest(request_id="b1", reservation_id=entry.reservation_id)
    await ask(released)
    attempted = contact_pb2.CONTACT_EVENT_ATTEMPTED
    confirm = CONFIRM(request_id="c1", reservation_id=entry.reservation_id, reached=attempted)
    assert await reason(confirm) == (FailedPrecondition, "RESERVATION_ENDED")
    unknown = CONFIRM(request_id="c2", reservation_id="p_0.r_0", reached=attempted)
    assert await reason(unknown) == (NotFound, "RESERVATION_NOT_FOUND")
    stranger = RESERVE(request_id="r2", subject=subject("crm:bob"), contacts=[MAIL])
    assert await reason(stranger) == (NotFound, "PROFILE_NOT_FOUND")
    nobody = subject_pb2.Subject(identities=[subject_pb2.Identity(namespace="profile", value="p_0")])
    stranger = RESERVE(request_id="r3", subject=nobody, contacts=[MAIL], create_profile=True)
    assert await reason(stranger) == (NotFound, "PROFILE_NOT_FOUND")
    unknown_schema = RESERVE(request_id="r4", subject=ANN, contacts=[MAIL], schema_version="t_0")
    assert await reason(unknown_schema) == (NotFound, "TRAIT_SCHEMA_NOT_FOUND")
    seen = (await reserve(ask, "r5", reached=contact_pb2.CONTACT_EVENT_IMPRESSION)).results[0].granted
    release = contact_ledger_pb2.ReleaseContactRequest(request_id="b2", reservation_id=seen.reservation_id)
    assert await reason(release) == (FailedPrecondition, "RESERVATION_CONFIRMED")
