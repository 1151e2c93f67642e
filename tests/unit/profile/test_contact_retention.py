"""Which contacts stay in a profile, and that a flood of them never makes room for one too many."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.profile.domain.ledger.allowances import Allowances
from services.profile.domain.ledger.book import Book
from services.profile.domain.ledger.contacts import Contact, ContactEvent, as_of
from services.profile.domain.ledger.limits import MAX_WINDOW_MS, ContactLimit
from services.profile.domain.ledger.matching import ContactLimits
from services.profile.domain.ledger.retention import (
    FRUITLESS_MS,
    LEDGER_LIMIT,
    MAX_CONTACTS,
    MAX_FRUITLESS,
    in_reach,
    kept,
    room_for,
)
from services.profile.domain.ledger.transitions import release
from shared.time_zones import zone

NOW_MS = 1_760_000_000_000
DAY_MS = 86_400_000
UTC = zone("UTC")
WEEKLY = ContactLimit("weekly", 3, window_ms=7 * DAY_MS, channels=("EMAIL",))
NO_LIMITS = ContactLimits(())


def contact(name: str = "r", reserved_ms: int = NOW_MS, reached: ContactEvent | None = None, **fields: Any) -> Contact:
    """`reached` at once; None: reserved for an hour."""
    blank = dict.fromkeys(("issue", "group", "action", "treatment", "campaign", "reference"), "")
    blank |= {"channel": "EMAIL", "direction": "OUTBOUND", "message_class": "MARKETING"}
    made = Contact(
        **{**blank, "reservation_id": name, "reserved_ms": reserved_ms, "expire_ms": reserved_ms + 3_600_000, **fields}
    )
    return made if reached is None else made.once(reached, reserved_ms)


def test_what_got_somewhere_stays_for_the_longest_window_there_may_be() -> None:
    old = contact(reserved_ms=NOW_MS - MAX_WINDOW_MS, reached=ContactEvent.IMPRESSION)
    young = contact(reserved_ms=NOW_MS - MAX_WINDOW_MS + 1, reached=ContactEvent.IMPRESSION)
    assert kept([old, young], NOW_MS) == (young,)


def test_what_is_open_stays_for_ever() -> None:
    handed_over = contact(reserved_ms=NOW_MS - 10 * MAX_WINDOW_MS, reached=ContactEvent.ATTEMPTED)
    assert kept([handed_over], NOW_MS) == (handed_over,)


def test_what_never_got_anywhere_stays_for_a_while_and_not_in_any_number() -> None:
    expired = contact(reserved_ms=NOW_MS - FRUITLESS_MS)
    assert kept([expired], NOW_MS) == (expired,)
    assert kept([expired], NOW_MS + 3_600_000) == ()
    many = [contact(f"r{i}", NOW_MS - DAY_MS - i) for i in range(MAX_FRUITLESS + 5)]
    assert kept(many, NOW_MS) == tuple(many[:MAX_FRUITLESS]), "the newest"


def test_a_decision_sees_what_is_open_or_within_the_longest_window() -> None:
    limits = ContactLimits([WEEKLY, ContactLimit("daily", 1, window_ms=DAY_MS)])
    past = contact(reserved_ms=NOW_MS - 7 * DAY_MS, reached=ContactEvent.DELIVERED)
    recent = contact(reserved_ms=NOW_MS - 6 * DAY_MS, reached=ContactEvent.DELIVERED)
    handed_over = contact(reserved_ms=NOW_MS - 90 * DAY_MS, reached=ContactEvent.ATTEMPTED)
    later = contact(reserved_ms=NOW_MS + 1)
    assert in_reach([past, recent, handed_over, later], limits, NOW_MS) == (recent, handed_over)
    assert in_reach([recent], NO_LIMITS, NOW_MS) == ()


def test_a_decision_sees_what_it_asks_for_be_there_limits_or_not() -> None:
    past = contact(reserved_ms=NOW_MS - 7 * DAY_MS, reached=ContactEvent.DELIVERED)
    recent = contact(reserved_ms=NOW_MS - 6 * DAY_MS, reached=ContactEvent.DELIVERED)
    assert in_reach([past, recent], NO_LIMITS, NOW_MS, 7 * DAY_MS) == (recent,)
    assert in_reach([past, recent], ContactLimits([WEEKLY]), NOW_MS, 8 * DAY_MS) == (past, recent)
    assert in_reach([past, recent], ContactLimits([WEEKLY]), NOW_MS, DAY_MS) == (recent,)


def test_a_contact_was_shown_when_it_got_as_far_as_is_known_and_never_once_it_ended() -> None:
    assert contact().shown_ms(NOW_MS) is None, "reserved"
    got = contact(reserved_ms=NOW_MS - 9, reached=ContactEvent.ATTEMPTED)
    assert got.shown_ms(NOW_MS) == NOW_MS - 9
    assert (delivered := got.once(ContactEvent.DELIVERED, NOW_MS - 5)).shown_ms(NOW_MS) == NOW_MS - 5
    assert delivered.once(ContactEvent.IMPRESSION, NOW_MS - 2).shown_ms(NOW_MS) == NOW_MS - 2
    waiting = replace(got, planned_ms=NOW_MS - 3)
    assert (waiting.shown_ms(NOW_MS - 4), waiting.shown_ms(NOW_MS)) == (None, NOW_MS - 3), "not before it goes out"
    failed = release(got, NOW_MS - 7)
    assert failed.shown_ms(NOW_MS) is None
    assert failed.once(ContactEvent.DELIVERED, NOW_MS - 1).shown_ms(NOW_MS) == NOW_MS - 1, "after all"
    then = as_of(failed, NOW_MS - 8)
    assert then is not None
    assert then.shown_ms(NOW_MS - 8) == NOW_MS - 9


def test_a_flood_drops_what_no_limit_looks_at_and_then_refuses() -> None:
    banners = [contact(f"b{i}", NOW_MS - i, ContactEvent.IMPRESSION, channel="WEB") for i in range(MAX_CONTACTS - 1)]
    mail = contact("mail", NOW_MS - DAY_MS, ContactEvent.DELIVERED)
    limits = ContactLimits([WEEKLY])
    book = Book([*banners, mail], limits, [limits], NOW_MS, UTC)
    assert not book.ask(contact("another"))
    assert book.dropped() == {banners[-1].reservation_id}, "the oldest that no limit looks at"
    looked_at = ContactLimits([WEEKLY, ContactLimit("web", 10**6, window_ms=DAY_MS, channels=("WEB",))])
    crowded = Book([*banners, mail], limits, [limits, looked_at], NOW_MS, UTC)
    (status,) = crowded.ask(contact("another"))
    assert (status.limit_id, status.max, status.remaining) == (LEDGER_LIMIT, MAX_CONTACTS, 0)
    assert crowded.dropped() == set()


def test_what_may_still_be_seen_is_not_dropped_where_a_limit_counts_what_is_seen() -> None:
    unseen = contact("unseen", NOW_MS - 90 * DAY_MS, ContactEvent.DELIVERED)
    banners = [contact(f"b{i}", NOW_MS, ContactEvent.IMPRESSION, channel="WEB") for i in range(MAX_CONTACTS)]
    seen = ContactLimits(
        [ContactLimit("seen", 1, window_ms=DAY_MS, counts=ContactEvent.IMPRESSION, channels=("EMAIL",))]
    )
    assert unseen not in room_for([unseen, *banners], [seen], NOW_MS)
    assert unseen in room_for([unseen, *banners], [ContactLimits([WEEKLY])], NOW_MS)


AGES = st.integers(0, 500).map(lambda days: NOW_MS - days * DAY_MS)
LEDGERS = st.lists(st.tuples(AGES, st.none() | st.sampled_from(ContactEvent)), max_size=30)


@given(LEDGERS, st.sampled_from(ContactEvent), st.integers(1, MAX_WINDOW_MS // DAY_MS))
def test_no_limit_misses_what_was_dropped(
    ledger: list[tuple[int, ContactEvent | None]], counts: ContactEvent, days: int
) -> None:
    limits = ContactLimits([ContactLimit("any", 1, window_ms=days * DAY_MS, counts=counts)])
    contacts = [contact(f"r{i}", at_ms, reached) for i, (at_ms, reached) in enumerate(ledger)]
    whole = Allowances(limits, contacts, NOW_MS, UTC).used()
    assert Allowances(limits, kept(contacts, NOW_MS), NOW_MS, UTC).used() == whole
    assert Allowances(limits, in_reach(contacts, limits, NOW_MS), NOW_MS, UTC).used() == whole
    crowd = contacts * (MAX_CONTACTS // max(len(contacts), 1))
    idle = {each.reservation_id for each in room_for(crowd, [limits], NOW_MS)}
    left = [each for each in contacts if each.reservation_id not in idle]
    assert Allowances(limits, left, NOW_MS, UTC).used() == whole
