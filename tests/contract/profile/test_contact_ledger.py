"""The contact ledger through the application, on both stores: allowances, hand-overs, acknowledgements."""

from __future__ import annotations

import asyncio

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.ledger_requests import ConfirmContact, ContactWrite, ReleaseContact
from services.profile.app.ports import Stores
from services.profile.app.requests import ProfileQuery, TraitWrite, UpsertTraits
from services.profile.domain.ledger.contacts import ContactEvent, ContactState
from services.profile.domain.ledger.limits import CalendarUnit, ContactLimit, LimitScope
from shared.clock import MS_PER_SECOND
from shared.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from tests.support.ledger import (
    DAY_MS,
    HOUR_MS,
    MAIL,
    confirm,
    fresh,
    granted,
    ledger,
    publish_limits,
    refused,
    release,
    reserve,
    rolling,
)
from tests.support.profiles import NOW_MS, SteppingClock, person

ANN = person("crm:ann")
SERVICE = ContactWrite("EMAIL", "OUTBOUND", message_class="SERVICE")


async def test_a_limit_grants_as_many_as_it_says_over_all_identities(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(2))
    everyone = person("crm:ann", "cookie:a", "email:ann@example.com")
    granted(await reserve(app, everyone))
    granted(await reserve(app, everyone[1:2]))
    refusal = refused(await reserve(app, everyone[2:]))
    (status,) = refusal.refused_by
    assert (status.limit_id, status.max, status.used, status.remaining) == ("weekly", 2, 2, 0)
    assert refusal.next_slot_ms == NOW_MS + 15 * 60 * MS_PER_SECOND  # then the first one expires


async def test_one_call_counts_what_it_grants_before_what_follows(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(2))
    answer = await reserve(app, ANN, MAIL, SERVICE, MAIL, MAIL)
    assert [result.granted is not None for result in answer.results] == [True, True, True, False]


async def test_every_limit_that_leaves_no_room_is_named_and_the_slot_is_the_last_of_them(
    app: ProfileApplication,
) -> None:
    sms = ContactWrite("SMS", "OUTBOUND")
    limits = (
        rolling(1, HOUR_MS, "hourly"),
        rolling(1, DAY_MS, "daily"),
        rolling(1, limit_id="texts", channels=("SMS",)),
    )
    await publish_limits(app, *limits)
    await confirm(app, granted(await reserve(app, ANN)))
    refusal = refused(await reserve(app, ANN))
    assert [status.limit_id for status in refusal.refused_by] == ["daily", "hourly"]
    assert refusal.next_slot_ms == NOW_MS + DAY_MS
    assert [status.limit_id for status in refused(await reserve(app, ANN, sms)).refused_by] == ["daily", "hourly"]


async def test_a_limit_that_refuses_takes_nothing_from_the_others(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(5, limit_id="all"), rolling(0, limit_id="texts", channels=("SMS",)))
    refused(await reserve(app, ANN, ContactWrite("SMS", "OUTBOUND")))
    used = {status.limit_id: status.used for status in (await ledger(app, ANN)).limits}
    assert used == {"all": 0, "texts": 0}


async def test_service_messages_pass_marketing_limits_and_are_recorded(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(0), rolling(1, limit_id="total", message_class="*"))
    entry = granted(await reserve(app, ANN, SERVICE))
    assert [status.limit_id for status in refused(await reserve(app, ANN, SERVICE)).refused_by] == ["total"]
    assert (await ledger(app, ANN)).contacts == (entry,)


async def test_a_reservation_ends_by_itself_and_a_hand_over_never(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish_limits(app, rolling(2, limit_id="mails", counts=ContactEvent.DELIVERED))
    left, handed_over = [granted(await reserve(app, ANN, ttl_ms=HOUR_MS)) for _ in range(2)]
    await confirm(app, handed_over)
    refused(await reserve(app, ANN))
    clock.now_ms += HOUR_MS
    states = {each.reservation_id: each.state(clock.now_ms) for each in (await ledger(app, ANN)).contacts}
    assert states == {left.reservation_id: ContactState.EXPIRED, handed_over.reservation_id: ContactState.ATTEMPTED}
    clock.now_ms += 300 * DAY_MS
    granted(await reserve(app, ANN))
    refusal = refused(await reserve(app, ANN))
    assert refusal.next_slot_ms == clock.now_ms + 15 * 60 * MS_PER_SECOND, "the reservation will expire"


async def test_when_a_slot_opens_is_not_told_where_only_an_acknowledgement_opens_it(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(1, counts=ContactEvent.DELIVERED))
    granted(await reserve(app, ANN, reached=ContactEvent.ATTEMPTED))
    assert refused(await reserve(app, ANN)).next_slot_ms is None


async def test_what_is_released_or_fails_is_given_back_but_not_to_limits_on_attempts(app: ProfileApplication) -> None:
    limits = (rolling(2, limit_id="attempts", counts=ContactEvent.ATTEMPTED), rolling(1, limit_id="reservations"))
    await publish_limits(app, *limits)
    released = await release(app, granted(await reserve(app, ANN)))
    assert released.contact.state(NOW_MS) is ContactState.RELEASED
    for _ in range(2):
        contact = granted(await reserve(app, ANN))
        await confirm(app, contact)
        assert (await release(app, contact)).contact.state(NOW_MS) is ContactState.FAILED
    assert [status.limit_id for status in refused(await reserve(app, ANN)).refused_by] == ["attempts"]


async def test_a_window_opens_exactly_when_it_is_over(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish_limits(app, rolling(1, HOUR_MS, counts=ContactEvent.IMPRESSION))
    contact = granted(await reserve(app, ANN))
    clock.now_ms += MS_PER_SECOND
    await confirm(app, contact, ContactEvent.IMPRESSION)
    slot_ms = refused(await reserve(app, ANN)).next_slot_ms
    assert slot_ms == clock.now_ms + HOUR_MS
    clock.now_ms = slot_ms - 1
    refused(await reserve(app, ANN))
    clock.now_ms = slot_ms
    granted(await reserve(app, ANN))


async def test_a_calendar_day_is_the_one_of_the_customer(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish_limits(app, ContactLimit("daily", 1, calendar=CalendarUnit.DAY))
    await app.upsert_traits(UpsertTraits("zone", ANN, (TraitWrite("zone", "Asia/Kathmandu"),)))
    # 2025-10-09 08:53:20 UTC is 14:38:20 in Kathmandu; the next day begins there at 18:15 UTC.
    await confirm(app, granted(await reserve(app, ANN)))
    assert refused(await reserve(app, ANN)).next_slot_ms == 1_760_033_700_000
    assert (await ledger(app, ANN)).time_zone == "Asia/Kathmandu"
    clock.now_ms = 1_760_033_700_000
    granted(await reserve(app, ANN))


async def test_a_time_zone_that_is_none_is_refused_and_one_from_before_falls_back(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(1))
    with pytest.raises(InvalidArgument) as refusal:
        await app.upsert_traits(UpsertTraits("r1", ANN, (TraitWrite("zone", "Atlantis/Capital"),)))
    assert refusal.value.violations[0].field == "traits[0].value"
    granted(await reserve(app, ANN))
    assert (await ledger(app, ANN)).time_zone == "UTC"


async def test_a_limit_that_counts_apart_allows_each_its_share(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(1, limit_id="each", scope=LimitScope.ACTION))
    granted(await reserve(app, ANN, ContactWrite("EMAIL", "OUTBOUND", action="a")))
    granted(await reserve(app, ANN, ContactWrite("SMS", "OUTBOUND", action="b")))
    granted(await reserve(app, ANN, ContactWrite("SMS", "OUTBOUND")))
    (status,) = refused(await reserve(app, ANN, ContactWrite("SMS", "OUTBOUND", action="a"))).refused_by
    assert (status.limit_id, status.counted) == ("each", "a")
    assert [(each.counted, each.used) for each in (await ledger(app, ANN)).limits] == [("a", 1), ("b", 1)]


async def test_the_same_request_is_answered_the_same_also_when_it_was_refused(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish_limits(app, rolling(1))
    first = await reserve(app, ANN, request_id="r1")
    second = await reserve(app, ANN, request_id="r2")
    clock.now_ms += DAY_MS
    again = await reserve(app, ANN, request_id="r1"), await reserve(app, ANN, request_id="r2")
    assert [each.results for each in again] == [first.results, second.results]
    assert len((await ledger(app, ANN)).contacts) == 1
    with pytest.raises(AlreadyExists):
        await reserve(app, ANN, SERVICE, request_id="r1")


async def test_confirming_and_releasing_again_changes_nothing(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish_limits(app, rolling(3))
    seen, failed = granted(await reserve(app, ANN)), granted(await reserve(app, ANN))
    first = await confirm(app, seen, ContactEvent.IMPRESSION, request_id="c1")
    await release(app, failed)
    clock.now_ms += HOUR_MS
    assert (await confirm(app, seen, ContactEvent.IMPRESSION, request_id="c1")).contact == first.contact
    assert (await confirm(app, seen, ContactEvent.DELIVERED)).contact == first.contact
    assert (await confirm(app, seen)).contact == first.contact
    assert (await release(app, failed)).contact.ended_ms == NOW_MS


async def test_what_is_over_is_not_handed_over(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish_limits(app, rolling(9))
    released, failed, expired = [granted(await reserve(app, ANN)) for _ in range(3)]
    await release(app, released)
    await confirm(app, failed)
    await release(app, failed)
    clock.now_ms += HOUR_MS
    for contact, state in ((released, "RELEASED"), (failed, "FAILED"), (expired, "EXPIRED")):
        with pytest.raises(FailedPrecondition) as refusal:
            await confirm(app, contact)
        assert refusal.value.reason == "RESERVATION_ENDED"
        assert refusal.value.metadata == {"reservation_id": contact.reservation_id, "state": state}
    with pytest.raises(FailedPrecondition):
        await confirm(app, released, ContactEvent.DELIVERED)


async def test_what_was_delivered_although_it_had_expired_counts_from_then_on(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish_limits(app, rolling(1))
    contact = granted(await reserve(app, ANN))
    clock.now_ms += HOUR_MS
    granted(await reserve(app, ANN))
    delivered = await confirm(app, contact, ContactEvent.DELIVERED)
    assert delivered.contact.state(clock.now_ms) is ContactState.DELIVERED
    (status,) = refused(await reserve(app, ANN)).refused_by
    assert (status.used, status.remaining) == (2, 0)


async def test_what_was_delivered_is_not_given_back(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(1))
    contact = granted(await reserve(app, ANN))
    await confirm(app, contact, ContactEvent.DELIVERED)
    with pytest.raises(FailedPrecondition) as refusal:
        await release(app, contact)
    assert refusal.value.reason == "RESERVATION_CONFIRMED"


async def test_reservations_nobody_made_are_not_found(app: ProfileApplication) -> None:
    known = granted(await reserve(app, ANN)).reservation_id
    for reservation_id in ("p_1.r_1", "nonsense", known[:-1]):
        for call in (
            app.confirm_contact(ConfirmContact(fresh("c"), reservation_id, ContactEvent.ATTEMPTED)),
            app.release_contact(ReleaseContact(fresh("r"), reservation_id)),
        ):
            with pytest.raises(NotFound) as missing:
                await call
            assert missing.value.reason == "RESERVATION_NOT_FOUND"


async def test_nobody_is_created_unless_it_is_asked_for(app: ProfileApplication) -> None:
    with pytest.raises(NotFound) as missing:
        await reserve(app, ANN, create_profile=False)
    assert missing.value.reason == "PROFILE_NOT_FOUND"
    created = await reserve(app, ANN)
    assert (await reserve(app, ANN, create_profile=False)).profile_id == created.profile_id


async def test_limits_of_a_named_schema_hold_for_the_call(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(1))
    generous = await publish_limits(app, rolling(2), activate=False)
    granted(await reserve(app, ANN))
    refused(await reserve(app, ANN))
    granted(await reserve(app, ANN, schema_version=generous))
    (status,) = (await ledger(app, ANN, schema_version=generous, contact=MAIL)).limits
    assert (status.used, status.remaining) == (2, 0)
    with pytest.raises(NotFound):
        await reserve(app, ANN, schema_version="t_unknown")


async def test_a_limit_that_is_not_declared_refuses_the_call(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(1))
    with pytest.raises(InvalidArgument) as refusal:
        await reserve(app, ANN, limit_ids=("weekly", "weakly"))
    assert refusal.value.reason == "UNKNOWN_CONTACT_LIMIT"
    assert refusal.value.metadata["limit_id"] == "weakly"
    with pytest.raises(NotFound):
        await ledger(app, ANN)


async def test_a_decision_reads_the_contacts_its_limits_look_at(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish_limits(app, rolling(3))
    old = granted(await reserve(app, ANN, reached=ContactEvent.IMPRESSION))
    clock.now_ms += DAY_MS - 1
    new = granted(await reserve(app, ANN))
    view = (await app.get_profile(ProfileQuery(ANN))).profile
    assert view.contacts == (old, new)
    assert [(status.limit_id, status.used) for status in view.limit_statuses] == [("weekly", 2)]
    clock.now_ms += 1
    view = (await app.get_profile(ProfileQuery(ANN))).profile
    assert view.contacts == (new,)
    earlier = (await app.get_profile(ProfileQuery(ANN, read_ms=NOW_MS))).profile
    assert earlier.contacts == (old,)


async def test_the_ledger_of_the_past_and_its_pages(app: ProfileApplication, clock: SteppingClock) -> None:
    contacts = []
    for _ in range(3):
        contacts.append(granted(await reserve(app, ANN)))
        clock.now_ms += MS_PER_SECOND
    first = await ledger(app, ANN, page_size=2)
    rest = await ledger(app, ANN, page_size=2, page_token=first.next_page_token)
    assert first.contacts + rest.contacts == tuple(reversed(contacts))
    assert rest.next_page_token == ""
    assert (await ledger(app, ANN, read_ms=NOW_MS)).contacts == (contacts[0],)


async def test_callers_of_two_servers_never_get_more_than_the_limit(
    stores: Stores, other_stores: Stores, clock: SteppingClock
) -> None:
    apps = [ProfileApplication(each, clock=clock) for each in (stores, other_stores)]
    await publish_limits(apps[0], rolling(3))
    everyone = person("crm:ann", "cookie:a", "email:ann@example.com")
    await reserve(apps[0], everyone, SERVICE)
    answers = await asyncio.gather(
        *(reserve(apps[i % 2], everyone[i % 3 : i % 3 + 1], create_profile=False) for i in range(60))
    )
    assert sum(each.results[0].granted is not None for each in answers) == 3


async def test_many_grants_under_contention_all_succeed(
    stores: Stores, other_stores: Stores, clock: SteppingClock
) -> None:
    apps = [ProfileApplication(each, clock=clock) for each in (stores, other_stores)]
    await publish_limits(apps[0], rolling(1_000))
    await asyncio.gather(*(reserve(apps[i % 2], ANN) for i in range(60)))
    assert len((await ledger(apps[0], ANN)).contacts) == 60
