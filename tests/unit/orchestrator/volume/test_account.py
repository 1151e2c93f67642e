"""Leases of quota: whatever replicas claim, in whatever order, and whoever dies, nothing is spent that is not there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.volume.account import (
    Account,
    Claim,
    adopted,
    claimed,
    closed,
    lowered,
    reclaimed,
    settled,
)
from tests.support.volume import NOW, account, units

TTL = 10_000


def claim(lease: str, used: float, need: float = 0, *, now: int = NOW, want: float = 0, ahead: float = 0) -> Claim:
    return Claim(lease, units(used), now, now + TTL, units(need), units(ahead), units(want))


def spent(of: Account, lease: str) -> int:
    found = of.lease(lease)
    return 0 if found is None else found.spent


def test_a_claim_is_spent_before_it_is_used() -> None:
    after = claimed(account(10), claim("a", 0, 3))
    assert (spent(after, "a"), after.free, after.committed, after.bound) == (units(3), units(7), 0, units(3))
    told = claimed(after, claim("a", 3))
    assert (told.committed, told.remaining) == (units(3), units(7))


def test_a_need_is_met_whole_or_not_at_all() -> None:
    full = claimed(account(10), claim("a", 0, 8))
    assert spent(claimed(full, claim("b", 0, 3)), "b") == 0
    assert spent(claimed(full, claim("b", 0, 2)), "b") == units(2)


def test_a_lease_takes_but_a_part_of_what_nobody_needs() -> None:
    after = claimed(account(100), claim("a", 0, 1, want=90, ahead=9))
    lease = after.lease("a")
    assert lease is not None
    assert lease.granted == units(1) + units(99) // 4
    assert lease.spent == units(10)


def test_the_last_units_go_to_who_asks() -> None:
    hoarding = claimed(account(4), claim("a", 0, 1, want=100))
    assert spent(claimed(hoarding, claim("b", 0, 2)), "b") == units(2)


def test_what_a_dead_replica_spent_ahead_never_comes_back_and_the_rest_does() -> None:
    before = claimed(account(100), claim("a", 0, 1, want=20, ahead=4))
    after = claimed(before, claim("b", 0, 0, now=NOW + TTL))
    assert after.lease("a") is None
    assert after.spent == units(5)
    assert after.free == units(95)


def test_a_replica_that_was_thought_dead_uses_only_what_was_counted_as_spent() -> None:
    before = claimed(account(10), claim("a", 0, 2, ahead=2, want=4))
    durable = spent(before, "a")
    after = reclaimed(before, NOW + TTL)
    assert after.spent == durable
    assert claimed(after, claim("b", 0, 10 - durable / 1e6)).free == 0


def test_a_replica_that_leaves_gives_back_all_it_did_not_use() -> None:
    before = claimed(account(10), claim("a", 0, 2, ahead=2, want=4))
    assert closed(before, "a", units(1)).free == units(9)


def test_trimming_gives_back_what_was_spent_ahead() -> None:
    before = claimed(account(10), claim("a", 0, 2, ahead=2, want=4))
    kept = claimed(before, claim("a", 1))
    assert spent(kept, "a") == spent(before, "a"), "the owner may be using it"
    trimmed = claimed(before, Claim("a", units(1), NOW, NOW + TTL, trims=True))
    assert (spent(trimmed, "a"), trimmed.free) == (units(1), units(9))


def test_outcomes_give_back_and_confirm() -> None:
    after = settled(claimed(claimed(account(10), claim("a", 0, 6)), claim("a", 6)), units(2), units(3))
    assert (after.committed, after.realised, after.released, after.free) == (units(3), units(2), units(3), units(7))


def overdrawn() -> Account:
    """Two units of two were used, one came back, was leased again and used, and was taken back."""
    used = claimed(claimed(account(2), claim("a", 0, 2)), claim("a", 2))
    again = claimed(claimed(settled(used, 0, units(1)), claim("b", 0, 1)), claim("b", 1))
    return settled(again, units(2), -units(1))


def test_what_is_taken_back_from_somebody_else_is_counted_and_leaves_nothing() -> None:
    after = overdrawn()
    assert (after.committed, after.realised, after.released) == (units(3), units(2), 0)
    assert (after.free, after.remaining) == (-units(1), 0)
    assert spent(claimed(after, claim("c", 0, 1)), "c") == 0
    came_back = settled(after, 0, units(1))
    assert spent(claimed(came_back, claim("c", 0, 1)), "c") == 0, "the first to come back makes up for it"
    assert spent(claimed(settled(came_back, 0, units(1)), claim("c", 0, 1)), "c") == units(1)


def test_an_account_that_is_overdrawn_keeps_out_only_a_policy_that_grants_less() -> None:
    assert [overdrawn().forbids(units(amount)) for amount in (1, 2, 3)] == [True, False, False]
    assert [account(2).forbids(units(amount)) for amount in (0, 1, 2)] == [False, False, False]


def test_an_amount_that_falls_takes_back_what_was_leased_and_not_spent() -> None:
    before = claimed(account(100), claim("a", 0, 1, want=40, ahead=4))
    after = lowered(before, units(6), NOW + TTL)
    assert after.free == units(6) - spent(before, "a")
    assert adopted(after, units(100), after.end_ms, NOW).amount == units(6), "a stale policy raises it no more"
    assert adopted(after, units(100), after.end_ms, NOW + TTL).amount == units(100)


Step = tuple[str, str, int, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "claim", "claim", "trim", "close", "die", "give_back"]),
        st.sampled_from("abc"),
        st.integers(0, 7),
        st.integers(0, 30),
        st.integers(0, 4_000),
    ),
    max_size=60,
)


@given(amount=st.integers(0, 60), steps=STEPS)
def test_no_order_of_claims_and_deaths_uses_more_than_there_is(amount: int, steps: list[Step]) -> None:
    """A replica uses, of what it was told is spent, all that it needs; a dead one may go on with what it had."""
    state, now = Account(account(1).key, amount, NOW, 2**62), NOW
    lease_of = {name: f"{name}0" for name in "abc"}
    used, allowed, wasted = dict.fromkeys(lease_of.values(), 0), dict.fromkeys(lease_of.values(), 0), 0
    for number, (kind, name, need, want, passed) in enumerate(steps):
        now += passed
        lease = lease_of[name]
        if kind in ("claim", "trim"):
            if state.lease(lease) is None and allowed[lease]:
                lease_of[name] = lease = f"{name}{number + 1}"
                used[lease] = allowed[lease] = 0
            asked = 0 if kind == "trim" else need
            state = claimed(state, Claim(lease, used[lease], now, now + TTL, asked, want // 4, want, kind == "trim"))
            held = state.lease(lease)
            allowed[lease] = used[lease] if held is None else held.spent
            if asked and used[lease] + asked <= allowed[lease]:
                used[lease] += asked
        elif kind == "close":
            state = closed(state, lease, used[lease])
            lease_of[name] = f"{name}{number + 1}"
            allowed[lease] = used[lease]
            used[lease_of[name]] = allowed[lease_of[name]] = 0
        elif kind == "die":
            used[lease] = allowed[lease]  # it spends the rest, unheard
            lease_of[name] = f"{name}{number + 1}"
            used[lease_of[name]] = allowed[lease_of[name]] = 0
        elif used[lease] > wasted >= 0 and used[lease]:
            used[lease] -= 1
        assert sum(used.values()) <= amount
        assert sum(each.granted for each in state.leases) + state.spent <= amount
        assert all(each.used <= each.spent <= each.granted for each in state.leases)
