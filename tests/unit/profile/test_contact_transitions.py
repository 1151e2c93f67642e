"""How a contact goes on: every step from every state."""

from __future__ import annotations

import pytest

from services.profile.domain.ledger.contacts import Contact, ContactEvent, ContactState
from services.profile.domain.ledger.transitions import confirm, event_ms, release
from shared.errors import FailedPrecondition, InvalidArgument

START_MS, EXPIRE_MS, NOW_MS = 1_000_000, 2_000_000, 3_000_000
ATTEMPTED, DELIVERED, IMPRESSION = ContactEvent.ATTEMPTED, ContactEvent.DELIVERED, ContactEvent.IMPRESSION
RESERVED = Contact("p.r", "EMAIL", "OUTBOUND", "MARKETING", "", "", "", "", "", "", START_MS, EXPIRE_MS)
HANDED_OVER = RESERVED.once(ATTEMPTED, START_MS)
STATES = {
    ContactState.RESERVED: (RESERVED, START_MS),
    ContactState.ATTEMPTED: (HANDED_OVER, NOW_MS),
    ContactState.DELIVERED: (RESERVED.once(DELIVERED, START_MS), NOW_MS),
    ContactState.SEEN: (RESERVED.once(IMPRESSION, START_MS), NOW_MS),
    ContactState.RELEASED: (release(RESERVED, START_MS), NOW_MS),
    ContactState.FAILED: (release(HANDED_OVER, START_MS), NOW_MS),
    ContactState.EXPIRED: (RESERVED, NOW_MS),
}
ENDED = "RESERVATION_ENDED"
STEPS = [
    # from                     ATTEMPTED                DELIVERED                IMPRESSION         release
    (ContactState.RESERVED, (ContactState.ATTEMPTED, ContactState.DELIVERED, ContactState.SEEN, ContactState.RELEASED)),
    (ContactState.ATTEMPTED, (ContactState.ATTEMPTED, ContactState.DELIVERED, ContactState.SEEN, ContactState.FAILED)),
    (
        ContactState.DELIVERED,
        (ContactState.DELIVERED, ContactState.DELIVERED, ContactState.SEEN, "RESERVATION_CONFIRMED"),
    ),
    (ContactState.SEEN, (ContactState.SEEN, ContactState.SEEN, ContactState.SEEN, "RESERVATION_CONFIRMED")),
    (ContactState.RELEASED, (ENDED, ENDED, ENDED, ContactState.RELEASED)),
    (ContactState.FAILED, (ENDED, ContactState.DELIVERED, ContactState.SEEN, ContactState.FAILED)),
    (ContactState.EXPIRED, (ENDED, ContactState.DELIVERED, ContactState.SEEN, ContactState.EXPIRED)),
]


@pytest.mark.parametrize(("state", "results"), STEPS)
@pytest.mark.parametrize("step", range(4))
def test_each_step_from_each_state(state: ContactState, results: tuple[ContactState | str, ...], step: int) -> None:
    contact, now_ms = STATES[state]
    assert contact.state(now_ms) is state

    def take() -> Contact:
        if step == 3:
            return release(contact, now_ms)
        return confirm(contact, (ATTEMPTED, DELIVERED, IMPRESSION)[step], now_ms, now_ms)

    if isinstance(results[step], str):
        with pytest.raises(FailedPrecondition) as refusal:
            take()
        assert (refusal.value.reason, refusal.value.metadata["state"]) == (results[step], state.name)
    else:
        changed = take()
        assert changed.state(now_ms) is results[step]
        assert (changed is contact) is (results[step] is state)


def test_a_hand_over_takes_the_expiry_away() -> None:
    assert HANDED_OVER.expire_ms is None
    assert not HANDED_OVER.has_expired(10**15)


def test_what_was_reached_keeps_its_time() -> None:
    seen = HANDED_OVER.once(IMPRESSION, NOW_MS)
    assert (seen.attempted_ms, seen.delivered_ms, seen.impression_ms) == (START_MS, NOW_MS, NOW_MS)


def test_a_reservation_ends_at_the_moment_it_expires() -> None:
    assert RESERVED.state(EXPIRE_MS - 1) is ContactState.RESERVED
    assert RESERVED.state(EXPIRE_MS) is ContactState.EXPIRED
    assert RESERVED.end_ms(EXPIRE_MS) == EXPIRE_MS


def test_clocks_that_are_off_by_minutes_are_forgiven_and_by_more_are_not() -> None:
    five_minutes_ms = 300_000
    assert event_ms(RESERVED, None, NOW_MS, "event_time") == NOW_MS
    assert event_ms(RESERVED, EXPIRE_MS, NOW_MS, "event_time") == EXPIRE_MS
    assert event_ms(RESERVED, START_MS - five_minutes_ms, NOW_MS, "event_time") == START_MS
    assert event_ms(RESERVED, NOW_MS + five_minutes_ms, NOW_MS, "event_time") == NOW_MS
    for said_ms in (START_MS - five_minutes_ms - 1, NOW_MS + five_minutes_ms + 1):
        with pytest.raises(InvalidArgument) as refusal:
            event_ms(RESERVED, said_ms, NOW_MS, "event_time")
        assert refusal.value.violations[0].field == "event_time"
