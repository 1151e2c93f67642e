"""Suppression rules, contacts for later and contacts fetched ahead, through the application, on both stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import MergeProfiles
from services.profile.app.ledger_requests import ConfirmContact, ContactChanged
from services.profile.app.requests import ProfileQuery, Subject
from services.profile.domain.ledger.contacts import Contact, ContactEvent, ContactResponse, ContactState
from services.profile.domain.ledger.limits import ContactLimit, LimitScope
from shared.errors import FailedPrecondition, InvalidArgument
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

ANN, BEN = person("crm:ann"), person("crm:ben")
BORED = ContactLimit("bored", 2, window_ms=30 * DAY_MS, responses=(ContactResponse.IGNORED,), pause_ms=60 * DAY_MS)
REFUSED = ContactLimit(
    "refused",
    1,
    window_ms=1_000,
    responses=(ContactResponse.REJECTED,),
    pause_ms=90 * DAY_MS,
    scope=LimitScope.ACTION,
)
SEEN = ContactEvent.IMPRESSION


async def answer(
    app: ProfileApplication,
    contact: Contact,
    response: ContactResponse,
    reached: ContactEvent = ContactEvent.RESERVED,
) -> ContactChanged:
    return await app.confirm_contact(ConfirmContact(fresh("answer"), contact.reservation_id, reached, None, response))


async def ignored(app: ProfileApplication, subject: Subject) -> Contact:
    contact = granted(await reserve(app, subject, reached=ContactEvent.ATTEMPTED))
    return (await answer(app, contact, ContactResponse.IGNORED)).contact


async def test_ignored_twice_pauses_and_the_read_of_a_decision_says_so(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish_limits(app, BORED)
    await ignored(app, ANN)
    clock.now_ms += DAY_MS
    await ignored(app, ANN)
    refusal = refused(await reserve(app, ANN))
    (status,) = refusal.refused_by
    assert (status.limit_id, status.used, refusal.next_slot_ms) == ("bored", 2, clock.now_ms + 60 * DAY_MS)
    view = (await app.get_profile(ProfileQuery(ANN))).profile
    assert [(each.limit_id, each.used, each.next_slot_ms) for each in view.limit_statuses] == [
        ("bored", 2, clock.now_ms + 60 * DAY_MS)
    ]
    clock.now_ms += 60 * DAY_MS
    granted(await reserve(app, ANN))


async def test_a_response_moves_no_contact_and_is_kept_once(app: ProfileApplication) -> None:
    await publish_limits(app, BORED)
    first = await ignored(app, ANN)
    assert first.state(NOW_MS) is ContactState.ATTEMPTED
    again = await answer(app, first, ContactResponse.IGNORED)
    assert again.contact == first
    both = await answer(app, first, ContactResponse.CLICKED, SEEN)
    assert both.contact.state(NOW_MS) is ContactState.SEEN
    assert [each for each, _ in both.contact.responses] == [ContactResponse.IGNORED, ContactResponse.CLICKED]
    await ignored(app, ANN)
    granted(await reserve(app, ANN))  # one of the two was answered after all


async def test_rejecting_one_action_leaves_the_others(app: ProfileApplication) -> None:
    await publish_limits(app, REFUSED)
    contact = granted(await reserve(app, ANN, reached=SEEN))
    await answer(app, contact, ContactResponse.REJECTED, SEEN)
    refused(await reserve(app, ANN))
    granted(await reserve(app, ANN, replace(MAIL, action="other")))


async def test_nothing_comes_of_what_was_not_sent(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish_limits(app, BORED)
    given_back = granted(await reserve(app, ANN))
    await release(app, given_back)
    expired = granted(await reserve(app, ANN))
    clock.now_ms += HOUR_MS
    for contact in (given_back, expired):
        with pytest.raises(FailedPrecondition) as refusal:
            await answer(app, contact, ContactResponse.IGNORED)
        assert refusal.value.reason == "RESERVATION_ENDED"
    shown = await answer(app, expired, ContactResponse.REJECTED, SEEN)
    assert shown.contact.state(clock.now_ms) is ContactState.SEEN  # it was shown after all
    with pytest.raises(InvalidArgument):
        await confirm(app, expired, ContactEvent.RESERVED)


async def test_responses_of_two_people_are_one_persons_after_a_merge(app: ProfileApplication) -> None:
    await publish_limits(app, BORED)
    await ignored(app, ANN)
    await ignored(app, BEN)
    granted(await reserve(app, ANN))
    await app.merge_profiles(MergeProfiles(fresh("merge"), ANN, BEN))
    refused(await reserve(app, BEN))


async def test_many_who_ask_at_once_are_all_refused_after_the_last_response(app: ProfileApplication) -> None:
    await publish_limits(app, BORED)
    await ignored(app, ANN)
    await ignored(app, ANN)
    answers = await asyncio.gather(*(reserve(app, ANN) for _ in range(8)))
    assert all(each.results[0].granted is None for each in answers)


async def test_a_contact_for_later_counts_today_and_on_its_day(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish_limits(app, rolling(1))
    later = replace(MAIL, planned_ms=NOW_MS + 10 * HOUR_MS)
    contact = granted(await reserve(app, ANN, later, reached=ContactEvent.ATTEMPTED))
    assert contact.planned_ms == NOW_MS + 10 * HOUR_MS
    for hours in (0, 10, 33):
        clock.now_ms = NOW_MS + hours * HOUR_MS
        refused(await reserve(app, ANN))
    clock.now_ms = NOW_MS + 34 * HOUR_MS
    granted(await reserve(app, ANN))


async def test_a_contact_for_long_after_is_refused_and_one_for_before_goes_at_once(app: ProfileApplication) -> None:
    with pytest.raises(InvalidArgument) as fault:
        await reserve(app, ANN, replace(MAIL, planned_ms=NOW_MS + 32 * DAY_MS))
    assert [each.field for each in fault.value.violations] == ["contacts[0].send_time"]
    assert granted(await reserve(app, ANN, replace(MAIL, planned_ms=NOW_MS - 1))).planned_ms is None


@pytest.mark.parametrize("counts", [ContactEvent.RESERVED, ContactEvent.IMPRESSION])
async def test_what_is_fetched_ahead_holds_its_place_until_it_ends_by_itself(
    counts: ContactEvent, app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish_limits(app, rolling(1, counts=counts))
    ahead = granted(await reserve(app, ANN, ttl_ms=HOUR_MS))
    assert refused(await reserve(app, ANN)).next_slot_ms == NOW_MS + HOUR_MS
    clock.now_ms = NOW_MS + HOUR_MS
    granted(await reserve(app, ANN))
    (newest, oldest) = (await ledger(app, ANN)).contacts
    assert (oldest.reservation_id, oldest.state(clock.now_ms)) == (ahead.reservation_id, ContactState.EXPIRED)
    assert newest.state(clock.now_ms) is ContactState.RESERVED


async def test_what_is_fetched_ahead_counts_as_seen_when_the_impression_comes_also_late(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish_limits(app, rolling(1, counts=ContactEvent.IMPRESSION))
    ahead = granted(await reserve(app, ANN, ttl_ms=HOUR_MS))
    clock.now_ms = NOW_MS + HOUR_MS // 2
    assert (await confirm(app, ahead, SEEN)).contact.impression_ms == clock.now_ms
    clock.now_ms = NOW_MS + 2 * HOUR_MS
    refused(await reserve(app, ANN))
    other = granted(await reserve(app, BEN, ttl_ms=HOUR_MS))
    clock.now_ms += 2 * HOUR_MS
    await confirm(app, other, SEEN)  # it was shown although its reservation had ended
    refused(await reserve(app, BEN))
