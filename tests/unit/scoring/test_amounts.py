"""Amounts of successes: tallied without a trace of the order, and read so that no single one outweighs the others."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain import amounts as tallies
from services.scoring.domain.amounts import MAX_VALUE, OBJECTIVE, Amounts
from services.scoring.domain.amounts_encoding import EncodedAmounts, decode_amounts, encode_amounts
from services.scoring.domain.hashing import Hashes, token
from services.scoring.domain.severity import Severity, severity_of

AMOUNTS = st.one_of(st.just(0.0), st.floats(1e-3, MAX_VALUE), st.sampled_from([9.99, 49.0, 50.0, 1e-300]))
TOLD = st.lists(st.tuples(st.sampled_from("abc"), AMOUNTS), max_size=30)
PRIOR = 40.0


def names(action: str, group: str = "g") -> tuple[int, ...]:
    return (OBJECTIVE, *kin(action, group=group)[0].tolist())


def kin(*actions: str, group: str = "g") -> Hashes:
    issue, of = token("issue", "i"), token("group", group)
    return np.array([(issue, of, token("action", each)) for each in actions], np.uint64)


def told(*each: tuple[str, float]) -> Amounts:
    amounts = Amounts()
    for action, amount in each:
        amounts.add(names(action), amount)
    return amounts


def same(one: Severity, other: Severity) -> bool:
    return np.array_equal(one.means, other.means) and np.array_equal(one.deviations, other.deviations)


@given(TOLD, TOLD, st.randoms(use_true_random=False))
def test_what_was_taken_away_leaves_no_trace_in_whatever_order(
    kept: list[tuple[str, float]], gone: list[tuple[str, float]], order: random.Random
) -> None:
    amounts = Amounts()
    steps = kept + gone
    order.shuffle(steps)
    for action, amount in steps:
        amounts.add(names(action), amount)
    order.shuffle(gone)
    for action, amount in gone:
        amounts.take_away(names(action), amount)
    plain = told(*kept)
    for name, row in plain.rows.items():
        again = amounts.rows[name]
        assert np.array_equal(amounts.counts[again], plain.counts[row])
        assert np.array_equal(amounts.sums[again], plain.sums[row])


@given(TOLD)
def test_what_is_believed_is_finite_and_no_less_than_nothing(each: list[tuple[str, float]]) -> None:
    severity = severity_of(told(*each), kin("a", "b", "new"), PRIOR)
    assert np.isfinite(severity.means).all()
    assert (severity.means >= 0.0).all()
    assert np.isfinite(severity.deviations).all()
    assert (severity.deviations >= 0.0).all()


@given(TOLD)
def test_stored_tallies_are_the_same_bit_by_bit(each: list[tuple[str, float]]) -> None:
    amounts = told(*each)
    stored = msgspec.msgpack.encode(encode_amounts(amounts))
    again = decode_amounts(msgspec.msgpack.decode(stored, type=EncodedAmounts | None))
    assert same(severity_of(again, kin("a", "b", "c"), PRIOR), severity_of(amounts, kin("a", "b", "c"), PRIOR))
    again.add(names("c"), 3.0)
    amounts.add(names("c"), 3.0)
    assert same(severity_of(again, kin("a", "b", "c"), PRIOR), severity_of(amounts, kin("a", "b", "c"), PRIOR))


def test_before_anything_is_known_all_are_worth_the_prior_value_and_nobody_is_sure() -> None:
    severity = severity_of(Amounts(), kin("a", "b"), PRIOR)
    assert severity.means.tolist() == [PRIOR, PRIOR]
    assert (severity.deviations > PRIOR).all()


def test_the_first_amount_moves_the_action_most_and_its_kin_too() -> None:
    amounts = told(("a", 100.0))
    own, sibling = severity_of(amounts, kin("a", "b"), PRIOR).means
    assert PRIOR < sibling < own < 100.0


def test_an_action_of_another_group_learns_less_from_it_than_a_sibling() -> None:
    amounts = told(*[("a", 400.0)] * 10)
    sibling = severity_of(amounts, kin("b"), PRIOR).means[0]
    stranger = severity_of(amounts, kin("b", group="h"), PRIOR).means[0]
    assert stranger < sibling


@pytest.mark.parametrize("prior", [4.0, 40.0, 400.0])
def test_much_is_learnt_as_it_is_whatever_was_expected(prior: float) -> None:
    rng = np.random.default_rng(1)
    amounts = told(*[("a", float(amount)) for amount in rng.lognormal(3.0, 1.0, 4_000)])
    severity = severity_of(amounts, kin("a"), prior)
    assert severity.means[0] == pytest.approx(np.exp(3.5), rel=0.08)
    assert 0.0 < severity.deviations[0] < 0.05 * severity.means[0]


def test_actions_that_differ_tenfold_are_told_apart_by_some_ten_orders_each() -> None:
    rng = np.random.default_rng(2)
    small, large = rng.gamma(2.0, 25.0, 12), rng.gamma(2.0, 250.0, 12)
    amounts = told(*[("a", float(each)) for each in small], *[("b", float(each)) for each in large])
    severity = severity_of(amounts, kin("a", "b"), PRIOR)
    assert severity.means[1] - severity.means[0] > 2.0 * severity.deviations[0]
    assert severity.means[1] > 2.0 * severity.means[0]


@pytest.mark.parametrize("orders", [0, 1, 5, 20, 100])
def test_one_huge_order_adds_no_more_than_a_few_usual_ones(orders: int) -> None:
    amounts = told(*[("a", 50.0)] * orders)
    before = severity_of(amounts, kin("a"), 50.0).means[0]
    amounts.add(names("a"), MAX_VALUE)
    after = severity_of(amounts, kin("a"), 50.0).means[0]
    assert before < after < 2.0 * before, "through all four levels together"


def test_many_large_orders_are_no_outliers() -> None:
    amounts = told(*[("a", 50.0)] * 20, *[("a", 5_000.0)] * 20)
    assert severity_of(amounts, kin("a"), 50.0).means[0] > 1_500.0


def test_what_is_old_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MEMORY", 500.0)
    amounts, memory = Amounts(), 500
    for _ in range(2 * memory):
        amounts.add(names("a"), 10.0)
    for _ in range(memory):
        amounts.add(names("a"), 40.0)
    assert severity_of(amounts, kin("a"), 10.0).means[0] == pytest.approx(25.0, rel=0.01)


def test_who_is_asked_beside_changes_no_belief() -> None:
    rng = np.random.default_rng(3)
    actions = [f"x{index}" for index in range(40)]
    amounts = told(*[(actions[rng.integers(30)], float(rng.lognormal(3.0, 2.0))) for _ in range(500)])
    every = severity_of(amounts, kin(*actions), PRIOR)
    for place, action in enumerate(actions):
        alone = severity_of(amounts, kin(action), PRIOR)
        assert (alone.means[0], alone.deviations[0]) == (every.means[place], every.deviations[place])


@pytest.mark.parametrize(
    "broken",
    [
        EncodedAmounts((), 0, b"", b""),
        EncodedAmounts((1,), 0, b"\0" * 8, b"\0" * 16),
        EncodedAmounts((1, 1), 0, b"\0" * 16, b"\0" * 16),
        EncodedAmounts((1,), 74, b"\0" * 16, b"\0" * 16),
        EncodedAmounts((1,), 0, np.array([np.nan]).tobytes(), b"\0" * 8),
        EncodedAmounts((1,), 0, np.array([-1.0]).tobytes(), b"\0" * 8),
    ],
)
def test_tallies_that_are_none_are_refused(broken: EncodedAmounts) -> None:
    with pytest.raises(ValueError, match="its amounts"):
        decode_amounts(broken)
