"""Suppression rules against a reference that goes through time, and what a contact that was answered counts as."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.ledger.allowances import Allowances
from services.profile.domain.ledger.contacts import Contact, ContactResponse, Topic, as_of
from services.profile.domain.ledger.counting import responded_ms
from services.profile.domain.ledger.limits import (
    MAX_WINDOW_MS,
    CalendarUnit,
    ContactLimit,
    LimitScope,
    check_contact_limit,
)
from services.profile.domain.ledger.matching import ContactLimits
from services.profile.domain.ledger.retention import in_reach, room_for
from services.profile.domain.ledger.suppression import Suppression, suppression
from shared.time_zones import zone

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW_MS = 1_761_400_000_000
IGNORED, REJECTED, CLICKED = ContactResponse.IGNORED, ContactResponse.REJECTED, ContactResponse.CLICKED
UTC = zone("UTC")


def rule(most: int = 2, window_ms: int = 30 * DAY_MS, pause_ms: int = 60 * DAY_MS, **more: Any) -> ContactLimit:
    fields = {"responses": (IGNORED,), **more}
    return ContactLimit("bored", most, window_ms=window_ms, pause_ms=pause_ms, **fields)


def contact(days_ago: float, *responses: ContactResponse, **fields: Any) -> Contact:
    at_ms = NOW_MS - int(days_ago * DAY_MS)
    blank = {"reservation_id": "p.r", "channel": "EMAIL", "direction": "OUTBOUND", "message_class": "MARKETING"}
    blank |= dict.fromkeys(("issue", "group", "action", "treatment", "campaign", "reference"), "")
    told = tuple((each, at_ms) for each in responses)
    times = {"reserved_ms": at_ms, "attempted_ms": at_ms, "delivered_ms": at_ms, "expire_ms": None}
    return Contact(**{**blank, **times, "responses": told, **fields})


def allowances(limit: ContactLimit, *contacts: Contact) -> Allowances:
    return Allowances(ContactLimits([limit]), contacts, NOW_MS, UTC)


def is_refused(limit: ContactLimit, *contacts: Contact, now_ms: int = NOW_MS) -> bool:
    topic = Topic("EMAIL", "OUTBOUND", "MARKETING", "", "", "", "")
    return bool(Allowances(ContactLimits([limit]), contacts, now_ms, UTC).refusing(topic))


@pytest.mark.parametrize(
    ("days_ago", "refused"),
    [
        ((), False),
        ((1,), False),
        ((20, 1), True),
        ((31, 1), False),  # not within 30 days of one another
        ((30, 0), False),
        ((29.9, 0), True),
        ((85, 59.9), True),
        ((85, 60), False),  # the pause is over
        ((85, 59.9, 1), True),
        ((85, 70, 20), False),  # a new one, alone in its 30 days
        ((85, 70, 45), True),  # a new one that is the second within 30 days
    ],
)
def test_ignored_twice_in_30_days_pauses_60_days(days_ago: tuple[float, ...], refused: bool) -> None:
    assert is_refused(rule(), *(contact(each, IGNORED) for each in days_ago)) is refused


def test_rejected_once_pauses_at_once() -> None:
    limit = rule(1, 1_000, 90 * DAY_MS, responses=(REJECTED,))
    assert is_refused(limit, contact(89.9, REJECTED))
    assert not is_refused(limit, contact(90, REJECTED))
    assert not is_refused(limit, contact(1, IGNORED))


def test_the_status_says_how_many_it_were_and_until_when() -> None:
    (status,) = allowances(rule(), contact(25, IGNORED), contact(5, IGNORED), contact(80, IGNORED)).used()
    assert (status.limit_id, status.max, status.used, status.remaining) == ("bored", 2, 2, 0)
    assert status.next_slot_ms == NOW_MS + 55 * DAY_MS
    (one,) = allowances(rule(), contact(5, IGNORED)).used()
    assert (one.used, one.remaining, one.next_slot_ms) == (1, 1, None)


def test_what_brought_about_a_pause_that_is_over_leaves_room_for_one_more() -> None:
    limit = rule(2, 30 * DAY_MS, 2 * DAY_MS)
    (status,) = allowances(limit, contact(5, IGNORED), contact(4, IGNORED)).used()
    assert (status.used, status.remaining) == (1, 1)
    assert is_refused(limit, contact(5, IGNORED), contact(4, IGNORED), contact(1, IGNORED))


def test_without_a_pause_it_holds_as_long_as_the_window_does() -> None:
    limit = ContactLimit("bored", 2, window_ms=10 * DAY_MS, responses=(IGNORED,))
    assert is_refused(limit, contact(9, IGNORED), contact(1, IGNORED))
    assert not is_refused(limit, contact(10, IGNORED), contact(1, IGNORED))
    (status,) = allowances(limit, contact(9, IGNORED), contact(1, IGNORED)).used()
    assert status.next_slot_ms == NOW_MS + DAY_MS


@pytest.mark.parametrize(
    ("scope", "fields", "refused"),
    [
        (LimitScope.ACTION, {"action": "a"}, True),
        (LimitScope.ACTION, {"action": "b"}, False),
        (LimitScope.GROUP, {"group": "g", "action": "b"}, True),
        (LimitScope.ISSUE, {"issue": "i", "action": "b"}, True),
        (LimitScope.CHANNEL, {"channel": "SMS", "action": "a"}, False),
        (LimitScope.CHANNEL, {"channel": "EMAIL", "action": "b"}, True),
        (LimitScope.ALL, {"channel": "SMS", "action": "z"}, True),
    ],
)
def test_it_pauses_what_it_counts_together(scope: LimitScope, fields: dict[str, str], refused: bool) -> None:
    of = {"issue": "i", "group": "g", "action": "a"}
    ignored = [contact(each, IGNORED, **of) for each in (3, 2)]
    blank = {"channel": "EMAIL", "direction": "OUTBOUND", "message_class": "MARKETING"}
    asked = Topic(**{**blank, **dict.fromkeys(("issue", "group", "action", "campaign"), ""), **fields})
    assert bool(allowances(rule(scope=scope), *ignored).refusing(asked)) is refused


def test_what_was_answered_was_not_ignored_whichever_came_first() -> None:
    for responses in ((IGNORED, CLICKED), (CLICKED, IGNORED), (IGNORED, REJECTED)):
        assert responded_ms(contact(1, *responses), (IGNORED,)) is None
    assert responded_ms(contact(1, IGNORED, REJECTED), (IGNORED, REJECTED)) == NOW_MS - DAY_MS
    assert responded_ms(contact(1, IGNORED), (IGNORED,)) == NOW_MS - DAY_MS
    assert responded_ms(contact(1), (IGNORED,)) is None


def test_what_one_call_reserves_takes_no_room_of_it() -> None:
    book = allowances(rule(1), contact(70, IGNORED))
    for _ in range(5):
        book.add(contact(0))
    assert book.used() == []


def test_of_the_past_only_what_was_known_then_counts() -> None:
    late = contact(10)
    late = late.answered(IGNORED, NOW_MS - DAY_MS)
    before, after = as_of(late, NOW_MS - 2 * DAY_MS), as_of(late, NOW_MS)
    assert before is not None
    assert before.responses == ()
    assert after == late
    assert late.answered(IGNORED, NOW_MS) is late


def test_a_decision_sees_what_a_pause_goes_by_and_a_flood_does_not_lose_it() -> None:
    limits = ContactLimits([rule()])
    old = contact(89, IGNORED)
    assert in_reach([old], limits, NOW_MS) == (old,)
    assert in_reach([contact(91, IGNORED)], limits, NOW_MS) == ()
    flood = [contact(40, reservation_id=f"p.{number}") for number in range(1_100)]
    idle = room_for([*flood, old, contact(29)], [limits], NOW_MS)
    assert len(idle) == len(flood)
    assert old not in idle


responses_at = st.lists(st.integers(0, 60), max_size=12)


@given(responses_at, st.integers(1, 4), st.integers(1, 30), st.integers(1, 30), st.integers(0, 90))
def test_a_pause_is_what_going_through_time_day_by_day_gives(
    days: list[int], most: int, window: int, pause: int, now: int
) -> None:
    """Responses at whole hours; the reference looks at every hour until now."""
    limit = rule(most, window * HOUR_MS, pause * HOUR_MS)
    known = sorted(each for each in days if each <= now)
    until = None
    for hour in known:
        if sum(1 for each in known if hour - window < each <= hour) >= most:
            until = hour + pause
    expected = until if until is not None and now < until else None
    found = suppression(limit, [each * HOUR_MS for each in known], now * HOUR_MS)
    assert found.until_ms == (None if expected is None else expected * HOUR_MS)
    assert (found.used >= most) == (found.until_ms is not None)


def test_nobody_who_never_answered_is_paused() -> None:
    assert suppression(rule(), [], NOW_MS) == Suppression(0)


@pytest.mark.parametrize(
    ("limit", "path"),
    [
        (rule(0), "max"),
        (rule(responses=()), "pause"),
        (ContactLimit("r", 1, calendar=CalendarUnit.DAY, responses=(IGNORED,), pause_ms=1), "pause"),
        (rule(window_ms=MAX_WINDOW_MS, pause_ms=1), "pause"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(limit: ContactLimit, path: str) -> None:
    assert [each for each, _ in check_contact_limit(limit, "x")] == [f"x.{path}"]


def test_what_goes_out_later_counts_from_now_on_and_as_of_then() -> None:
    daily = ContactLimit("daily", 1, calendar=CalendarUnit.DAY)
    rolling = ContactLimit("rolling", 1, window_ms=DAY_MS)
    planned_ms = NOW_MS + 12 * HOUR_MS  # 13:46 UTC: tomorrow
    waiting = contact(0, planned_ms=planned_ms, delivered_ms=None)
    for limit in (daily, rolling):
        assert is_refused(limit, waiting)
        assert is_refused(limit, waiting, now_ms=planned_ms)
    assert is_refused(daily, waiting, now_ms=planned_ms + 9 * HOUR_MS), "the day it went out"
    assert not is_refused(daily, waiting, now_ms=planned_ms + 23 * HOUR_MS)
    assert is_refused(rolling, waiting, now_ms=planned_ms + DAY_MS - 1)
    assert not is_refused(rolling, waiting, now_ms=planned_ms + DAY_MS)
    (status,) = allowances(daily, waiting).used()
    assert status.next_slot_ms is None, "of tomorrow's window nothing is known today"
