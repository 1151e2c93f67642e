"""Values as tokens: stable, bounded, and never confused with one another."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.encoding import MAX_ELEMENTS, tokens_of
from services.scoring.domain.hashing import TABLE_SIZE, cross_slots, slots, token
from shared.values import Value

SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.datetimes(timezones=st.just(UTC)),
)
VALUES = st.one_of(st.none(), SCALARS, st.lists(SCALARS, max_size=80).map(tuple))


def hashes(value: Value) -> set[int]:
    return {hashed for hashed, _ in tokens_of("customer", "x", value)}


@given(VALUES)
def test_any_value_has_tokens_of_bounded_length(value: Value) -> None:
    tokens = tokens_of("customer", "x", value)
    assert 1 <= len(tokens) <= MAX_ELEMENTS
    assert all(np.isfinite(weight) for _, weight in tokens)
    assert sum(weight**2 for _, weight in tokens) <= 8.5 + 1e-9  # a number: ½ + ½ · 4²


def test_hash_of_a_token_never_changes() -> None:
    assert token("customer", "tier", "=gold") == 14815414514736806546
    assert slots(np.array([1], np.uint64)).tolist() == [162013]


def test_cross_slots_are_those_of_the_pairs() -> None:
    rows, columns = np.array([1, 2], np.uint64), np.array([5, 6, 7], np.uint64)
    crossed = cross_slots(rows, columns)
    assert crossed.shape == (2, 3)
    assert crossed[1, 2] == slots(rows[1:] ^ columns[2:])[0]
    assert ((crossed >= 0) & (crossed < TABLE_SIZE)).all()


@pytest.mark.parametrize("one", ["1", 1, True, datetime(2026, 1, 1, tzinfo=UTC), None, (), ("1",)])
def test_values_of_different_kinds_share_no_token(one: Value) -> None:
    others: list[Value] = ["1", 1, True, datetime(2026, 1, 1, tzinfo=UTC), None, ()]
    for other in others:
        if other != one or type(other) is not type(one):
            assert not hashes(one) & hashes(other) or {one, other} == {"1", ("1",)}


def test_same_number_has_the_same_tokens_as_int_and_as_double() -> None:
    assert tokens_of("customer", "x", 42) == tokens_of("customer", "x", 42.0)


def test_near_numbers_share_a_bucket_and_far_ones_do_not() -> None:
    assert hashes(33) & hashes(34) == hashes(33)
    assert len(hashes(18) & hashes(64)) == 1  # the logarithm, which every number has
    assert len(hashes(5) & hashes(-5)) == 1


def test_list_has_the_weight_of_one_value_however_long() -> None:
    for elements in (("a",), ("a", "b", "a"), tuple("abcdefgh")):
        tokens = tokens_of("customer", "x", elements)
        assert len(tokens) == len(set(elements))
        assert sum(weight**2 for _, weight in tokens) == pytest.approx(1)


def test_element_of_a_list_is_the_same_token_as_the_value_alone() -> None:
    assert hashes(("acme", "bolt")) >= hashes("acme")
