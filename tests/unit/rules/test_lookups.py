"""One look-up answers what all tests of a term would answer one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.domain.condition import Operator, Term, TermKind
from services.rules.domain.condition import Test as Comparison
from services.rules.domain.constants import constant
from services.rules.domain.indexed.clauses import DropWhen
from services.rules.domain.indexed.drops import Drops
from services.rules.domain.indexed.facts import Column
from services.rules.domain.indexed.flips import DENSE_BYTES, MAX_FLIPS, chain, star
from services.rules.domain.indexed.lookup_tables import (
    KEYED,
    MAX_KEYED_CHANGES,
    ORDERED,
    Table,
    Tests,
    held_table,
    keyed_table,
    ordered_table,
    unknown_mask,
)
from services.rules.domain.indexed.native_tests import native_test
from services.rules.domain.indexed.terms import look_up
from services.rules.domain.kleene import UNKNOWN
from shared.values import AttributeType, Scalar, Value
from tests.support.rules import NOW_TIME

WIDTH = 40
TERM = Term(TermKind.VALUE, "x")
DROPS = [
    DropWhen(false=True, true=False, unknown=True),
    DropWhen(false=True, true=False, unknown=False),
    DropWhen(false=False, true=True, unknown=True),
    DropWhen(false=False, true=True, unknown=False),
]
BITS = st.lists(st.integers(0, WIDTH - 1), min_size=1, max_size=6, unique=True).map(tuple)
GROUPS = st.lists(st.tuples(st.sampled_from(DROPS), BITS), min_size=1, max_size=2)


def drawn(
    operators: tuple[Operator, ...], operands: st.SearchStrategy[Scalar]
) -> st.SearchStrategy[list[tuple[Comparison, Drops]]]:
    def test(operator: Operator, values: list[Scalar]) -> Comparison:
        kept = values if operator is Operator.IN else values[:1]
        return Comparison(TERM, operator, tuple(constant(value) for value in kept))

    made = st.builds(test, st.sampled_from(operators), st.lists(operands, min_size=1, max_size=4))
    with_drops = st.tuples(made, GROUPS.map(lambda groups: Drops("r", list(groups))))
    return st.lists(with_drops, min_size=1, max_size=12, unique_by=lambda each: each[0])


def one_by_one(tests: Tests, value: Any) -> int:
    fallen = 0
    for test, drops in tests:
        verdict = UNKNOWN if value is None else int(native_test(test)(value))
        for bits in drops.on(verdict):
            for bit in bits:
                fallen |= 1 << bit
    return fallen


def agrees(table: Table, tests: Tests, values: list[Any]) -> None:
    for value in values:
        assert table.masks.of(table.locate(value) or 0) == one_by_one(tests, value), value
    assert unknown_mask(tests, WIDTH) == one_by_one(tests, None)


@given(tests=drawn(ORDERED, st.integers(-3, 12)), max_flips=st.sampled_from([None, 0, 1, 3, 8]))
def test_thresholds_of_ints(tests: Tests, max_flips: int | None) -> None:
    agrees(ordered_table(tests, WIDTH, max_flips), tests, list(range(-4, 14)))


@given(tests=drawn(ORDERED, st.sampled_from([-1.5, -0.0, 0.0, 0.5, 2.0])), max_flips=st.sampled_from([0, 2]))
def test_thresholds_of_doubles(tests: Tests, max_flips: int) -> None:
    agrees(ordered_table(tests, WIDTH, max_flips), tests, [-2.0, -1.5, -0.0, 0.0, 0.25, 0.5, 1.0, 2.0, 3.0])


TEXTS = ["", "a", "b", "ab", "é", "\U0001f600", "\uffff"]


@given(tests=drawn(ORDERED, st.sampled_from(TEXTS)))
def test_thresholds_of_strings(tests: Tests) -> None:
    agrees(ordered_table(tests, WIDTH), tests, [*TEXTS, "aa", "c"])


@given(
    tests=drawn((Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN), st.integers(0, 8)),
    max_flips=st.sampled_from([None, 0, 1, 3, 8]),
)
def test_equality_and_lists_of_constants(tests: Tests, max_flips: int | None) -> None:
    table = keyed_table(tests, WIDTH, max_flips)
    assert table is not None
    agrees(table, tests, list(range(-1, 10)))


@given(tests=drawn((Operator.HAS,), st.integers(0, 8)), value=st.lists(st.integers(-1, 9), max_size=5).map(tuple))
def test_what_a_list_holds(tests: Tests, value: tuple[int, ...]) -> None:
    found = look_up(dict(tests), {"x": Column("x", 0, AttributeType.INT_LIST)}, WIDTH)
    fallen = one_by_one([each for each in tests if each[0] in found.rest], value)
    for holder in found.holders:
        fallen |= holder.fallen(value)
    assert fallen == one_by_one(tests, value)


@given(
    tests=drawn((*KEYED, *ORDERED, Operator.CONTAINS), st.sampled_from(["", "a", "ab", "b", "ba", "abc"])),
    value=st.sampled_from([None, "", "a", "b", "ab", "ba", "abc", "cab", "abab"]),
)
@settings(max_examples=200)
def test_every_test_of_a_string_is_looked_up_or_left(tests: Tests, value: Value) -> None:
    found = look_up(dict(tests), {"x": Column("x", 0, AttributeType.STRING)}, WIDTH)
    assert {test.operator for test in found.rest} <= {Operator.CONTAINS}
    fallen = one_by_one([each for each in tests if each[0] in found.rest], value)
    for _, derive, _, unknown, locate, masks, flips in found.lookups:
        looked_up: Any = value if derive is None else value is not None and derive(value, NOW_TIME)
        region = 0 if value is None else locate(looked_up) or 0
        mask = masks[region] if flips is None else flips.applied(masks[region], region)
        fallen |= unknown if value is None else mask
    assert fallen == one_by_one(tests, value)


def thresholds(count: int, bits: Callable[[int], tuple[int, ...]]) -> list[tuple[Comparison, Drops]]:
    return [
        (Comparison(TERM, Operator.GREATER_OR_EQUAL, (constant(place),)), Drops("r", [(DROPS[0], bits(place))]))
        for place in range(count)
    ]


def test_thousands_of_thresholds_of_their_own_take_bytes_in_proportion_not_squared() -> None:
    table = ordered_table(thresholds(10_000, lambda place: (place,)), 10_000)
    assert table.masks.size_bytes < max(10_000 / MAX_FLIPS * 10_000 / 8, 1.2 * DENSE_BYTES)
    dense = ordered_table(thresholds(10_000, lambda place: (place,)), 10_000, max_flips=0)
    assert dense.masks.size_bytes > 4 * table.masks.size_bytes
    for value in (-1, 0, 17, 4_999, 9_999, 20_000):
        expected = ((1 << 10_000) - 1) >> (value + 1) << (value + 1) if value < 10_000 else 0
        assert table.masks.of(table.locate(value) or 0) == expected


def test_shared_thresholds_have_a_mask_each() -> None:
    table = ordered_table(thresholds(20, lambda place: tuple(range(place * 500, (place + 1) * 500))), 10_000)
    assert table.masks.flips is None
    assert len(set(table.masks.masks)) == 21


def test_a_long_list_of_constants_is_one_region() -> None:
    many = Comparison(TERM, Operator.IN, tuple(constant(place) for place in range(9_000)))
    table = keyed_table([(many, Drops("r", [(DROPS[0], tuple(range(10_000)))]))], 10_000)
    assert table is not None
    assert len(table.masks.masks) == 2


def test_lists_that_would_take_too_much_to_compile_are_run_one_by_one() -> None:
    everyone = tuple(range(10_000))
    lists = {
        Comparison(TERM, Operator.IN, (constant(place), constant(place + 1))): Drops("r", [(DROPS[0], everyone)])
        for place in range(MAX_KEYED_CHANGES // 10_000)
    }
    single = Comparison(TERM, Operator.EQUAL, (constant(3),))
    found = look_up({**lists, single: Drops("r", [(DROPS[2], (1,))])}, {"x": Column("x", 0, AttributeType.INT)}, 10_000)
    assert set(found.rest) == set(lists)
    assert len(found.lookups) == 1


def test_two_constants_that_rescue_the_same_bit_are_run_one_by_one() -> None:
    def held(value: int, bit: int) -> tuple[Comparison, Drops]:
        return Comparison(TERM, Operator.HAS, (constant(value),)), Drops("r", [(DROPS[0], (bit,))])

    absent, single, rest = held_table([held(0, 0), held(1, 0), held(2, 1), held(3, 1), held(9, 7)], 8)
    assert (absent, list(single), [test.operands[0].value for test, _ in rest]) == (1 << 7, [9], [0, 1, 2, 3])


@given(
    first=st.integers(0, 2**WIDTH - 1),
    changes=st.lists(st.lists(st.integers(0, WIDTH - 1), max_size=5, unique=True), max_size=20),
    max_flips=st.integers(0, 6),
)
def test_flipped_masks_are_the_masks(first: int, changes: list[list[int]], max_flips: int) -> None:
    row, around = chain(first, changes, max_flips), star(first, changes, max_flips)
    mask = first
    assert row.of(0) == around.of(0) == first
    for region, bits in enumerate(changes, 1):
        turned = sum(1 << bit for bit in bits)
        mask ^= turned
        assert row.of(region) == mask
        assert around.of(region) == first ^ turned
