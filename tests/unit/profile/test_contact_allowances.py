"""What limits still allow, against a reference that recounts every contact for every limit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.ledger.allowances import Allowances, next_slot_ms
from services.profile.domain.ledger.contacts import Contact, ContactEvent, ContactState, Topic, as_of
from services.profile.domain.ledger.limits import CalendarUnit, ContactLimit, LimitScope
from services.profile.domain.ledger.matching import ContactLimits
from shared.clock import to_datetime
from shared.time_zones import zone

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW_MS = 1_761_400_000_000  # 2025-10-25 13:46:40 UTC: Paris has a day of 25 hours tomorrow
CHANNELS, ACTIONS, ZONES = ("EMAIL", "SMS"), ("", "a", "b"), ("UTC", "Europe/Paris", "Asia/Kathmandu", "Pacific/Apia")


def contact(**fields: Any) -> Contact:
    blank = {"reservation_id": "p.r", "channel": "EMAIL", "direction": "OUTBOUND", "message_class": "MARKETING"}
    blank |= dict.fromkeys(("issue", "group", "action", "treatment", "campaign", "reference"), "")
    return Contact(**{**blank, "reserved_ms": NOW_MS, "expire_ms": NOW_MS + HOUR_MS, **fields})


MOMENTS = st.integers(-3 * 24, 0).map(lambda hours: NOW_MS + hours * HOUR_MS)


@st.composite
def contacts(draw: st.DrawFn) -> Contact:
    """Any that a ledger may hold: every state, with times in their order."""
    times = sorted(draw(st.lists(MOMENTS, min_size=4, max_size=4)))
    reached = draw(st.sampled_from(ContactEvent))
    expire_ms = times[0] + draw(st.integers(1, 4 * 24)) * HOUR_MS
    ended = draw(st.booleans()) and reached < ContactEvent.DELIVERED
    kind = {"channel": draw(st.sampled_from(CHANNELS)), "action": draw(st.sampled_from(ACTIONS))}
    return contact(
        **kind,
        message_class=draw(st.sampled_from(("MARKETING", "SERVICE"))),
        reserved_ms=times[0],
        expire_ms=expire_ms if reached is ContactEvent.RESERVED and not ended else None,
        attempted_ms=times[1] if reached >= ContactEvent.ATTEMPTED else None,
        delivered_ms=times[2] if reached >= ContactEvent.DELIVERED else None,
        impression_ms=times[3] if reached >= ContactEvent.IMPRESSION else None,
        ended_ms=times[3] if ended else None,
    )


@st.composite
def limits(draw: st.DrawFn) -> ContactLimit:
    calendar = draw(st.none() | st.sampled_from((CalendarUnit.HOUR, CalendarUnit.DAY, CalendarUnit.WEEK)))
    return ContactLimit(
        draw(st.sampled_from("abcdef")),
        draw(st.integers(0, 4)),
        window_ms=0 if calendar else draw(st.integers(1, 60)) * HOUR_MS,
        calendar=calendar,
        counts=draw(st.sampled_from(ContactEvent)),
        channels=draw(st.sampled_from(((), ("EMAIL",), ("EMAIL", "SMS")))),
        message_class=draw(st.sampled_from(("MARKETING", "*"))),
        scope=draw(st.sampled_from((LimitScope.ALL, LimitScope.ACTION))),
    )


def recounted(limit: ContactLimit, topic: Topic, ledger: list[Contact], now_ms: int, name: str) -> int:
    """As the contract says it, contact by contact."""
    return sum(
        _is_about(limit, topic, each) and _counts(limit, each, now_ms, name)
        for each in (as_of(each, now_ms) for each in ledger)
        if each is not None
    )


def _is_about(limit: ContactLimit, topic: Topic, each: Contact) -> bool:
    if limit.message_class != "*" and each.message_class != limit.message_class:
        return False
    if limit.channels and each.channel not in limit.channels:
        return False
    return limit.scope is LimitScope.ALL or each.action == topic.action


def _counts(limit: ContactLimit, each: Contact, now_ms: int, name: str) -> bool:
    state = each.state(now_ms)
    times = {
        ContactEvent.RESERVED: each.reserved_ms,
        ContactEvent.ATTEMPTED: each.attempted_ms,
        ContactEvent.DELIVERED: each.delivered_ms,
        ContactEvent.IMPRESSION: each.impression_ms or each.delivered_ms,
    }
    at_ms = times[limit.counts]
    if state in (ContactState.RELEASED, ContactState.EXPIRED, ContactState.FAILED):
        if limit.counts is not ContactEvent.ATTEMPTED or at_ms is None:
            return False
    elif at_ms is None:
        return True
    assert at_ms is not None
    if limit.window_ms:
        return now_ms - limit.window_ms < at_ms <= now_ms
    return _same_unit(limit.calendar, *(to_datetime(moment).astimezone(zone(name)) for moment in (at_ms, now_ms)))


def _same_unit(unit: CalendarUnit | None, one: datetime, other: datetime) -> bool:
    if unit is CalendarUnit.WEEK:
        return one.isocalendar()[:2] == other.isocalendar()[:2]
    return one.date() == other.date() and (unit is CalendarUnit.DAY or one.hour == other.hour)


SOME_LIMITS = st.lists(limits(), min_size=1, max_size=4, unique_by=lambda limit: limit.limit_id)


@given(st.lists(contacts(), max_size=8), SOME_LIMITS, st.sampled_from(ZONES))
def test_one_pass_counts_what_recounting_counts(ledger: list[Contact], declared: list[ContactLimit], name: str) -> None:
    allowances = Allowances(ContactLimits(declared), ledger, NOW_MS, zone(name))
    for topic in {each.topic for each in ledger} | {contact(action="b").topic}:
        statuses = {status.limit_id: status for status in allowances.of(topic)}
        applying = [
            limit
            for limit in declared
            if _is_about(limit, topic, contact(**topic._asdict())) and (limit.scope is LimitScope.ALL or topic.action)
        ]
        assert statuses.keys() == {limit.limit_id for limit in applying}
        used = {limit.limit_id: recounted(limit, topic, ledger, NOW_MS, name) for limit in applying}
        assert {key: status.used for key, status in statuses.items()} == used
        full = {limit.limit_id for limit in applying if used[limit.limit_id] >= limit.max}
        assert {status.limit_id for status in allowances.refusing(topic)} == full


@given(st.lists(contacts(), max_size=8), limits(), st.sampled_from(ZONES))
def test_the_next_slot_opens_at_the_first_moment_at_which_there_is_room(
    ledger: list[Contact], limit: ContactLimit, name: str
) -> None:
    topic = contact(action="a").topic
    if not ContactLimits([limit]).accounts(topic):
        return

    def used(now_ms: int) -> int:
        return recounted(limit, topic, ledger, now_ms, name)

    (status,) = Allowances(ContactLimits([limit]), ledger, NOW_MS, zone(name)).of(topic)
    slot_ms = status.next_slot_ms
    if slot_ms is not None:
        assert used(slot_ms) < limit.max <= used(slot_ms - 1)
        assert slot_ms > NOW_MS
    elif limit.max and status.used >= limit.max:
        assert used(NOW_MS + 30 * DAY_MS) >= limit.max, "only an acknowledgement makes room"


def test_a_refusal_ends_when_the_last_of_its_limits_leaves_room() -> None:
    declared = [ContactLimit("short", 1, window_ms=HOUR_MS), ContactLimit("long", 1, window_ms=DAY_MS)]
    handed_over = contact(expire_ms=None, attempted_ms=NOW_MS)
    refusing = Allowances(ContactLimits(declared), [handed_over], NOW_MS, zone("UTC")).refusing(handed_over.topic)
    assert next_slot_ms(refusing) == NOW_MS + DAY_MS
    assert next_slot_ms([]) is None


def test_a_limit_of_none_never_opens() -> None:
    (status,) = Allowances(ContactLimits([ContactLimit("no", 0, window_ms=HOUR_MS)]), [], NOW_MS, zone("UTC")).of(
        contact().topic
    )
    assert (status.remaining, status.next_slot_ms) == (0, None)


@given(contacts(), st.integers(-4 * 24, 0))
def test_a_contact_of_the_past_knows_nothing_of_what_came_later(each: Contact, hours: int) -> None:
    read_ms = NOW_MS + hours * HOUR_MS
    known = as_of(each, read_ms)
    if known is None:
        assert each.reserved_ms > read_ms
    else:
        assert known.last_ms <= read_ms
        assert known.ended_ms is None or known.ended_ms <= read_ms
