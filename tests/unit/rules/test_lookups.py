"""One look-up answers what all tests of a term would answer one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.domain.condition import Default, Operator, Term, TermKind
from services.rules.domain.condition import Test as Comparison
from services.rules.domain.constants import constant
from services.rules.domain.indexed.clauses import DropWhen
from services.rules.domain.indexed.drops import Drops
from services.rules.domain.indexed.facts import Column
from services.rules.domain.indexed.flips import MAX_FLIPS, RegionMasks, chain, star
from services.rules.domain.indexed.lookup_rows import lookup_rows
from services.rules.domain.indexed.lookup_tables import (
    KEYED,
    MAX_KEYED_CHANGES,
    ORDERED,
    Tests,
    held_table,
    keyed_table,
    ordered_table,
    unknown_mask,
)
from services.rules.domain.indexed.lookups import Lookup, Table
from services.rules.domain.indexed.members import WORD_BITS
from services.rules.domain.indexed.native_tests import native_test
from services.rules.domain.indexed.terms import look_up
from services.rules.domain.kleene import UNKNOWN
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Scalar, Value
from tests.support.rules import NOW_TIME

WIDTH = 3 * WORD_BITS
TERM = Term(TermKind.VALUE, "x")
DROPS = [
    DropWhen(false=True, true=False, unknown=True),
    DropWhen(false=True, true=False, unknown=False),
    DropWhen(false=False, true=True, unknown=True),
    DropWhen(false=False, true=True, unknown=False),
]
BIT = st.one_of(st.integers(0, 9), st.sampled_from([63, 64, 127, 128, WIDTH - 1]))
BITS = st.lists(BIT, min_size=1, max_size=6, unique=True).map(tuple)
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


def looked_up(lookups: Sequence[Lookup], values: list[Any], width: int) -> int:
    fallen = np.zeros(width // WORD_BITS, np.uint64)
    lookup_rows(lookups, len(values) + 1, width).add(fallen, [*values, NOW_TIME], NOW_TIME)
    return int.from_bytes(fallen.tobytes(), "little")


def agrees(table: Table, tests: Tests, values: list[Any]) -> None:
    lookup = Lookup(0, None, None, unknown_mask(tests, WIDTH), table)
    for value in [*values, None]:
        assert looked_up([lookup], [value], WIDTH) == one_by_one(tests, value), value


@given(tests=drawn(ORDERED, st.integers(-3, 12)), max_flips=st.sampled_from([0, 1, 3, 8]))
def test_thresholds_of_ints(tests: Tests, max_flips: int) -> None:
    agrees(ordered_table(tests, WIDTH, max_flips), tests, list(range(-4, 14)))


@given(tests=drawn(ORDERED, st.sampled_from([-1.5, -0.0, 0.0, 0.5, 2.0])), max_flips=st.sampled_from([0, 2]))
def test_thresholds_of_doubles(tests: Tests, max_flips: int) -> None:
    agrees(ordered_table(tests, WIDTH, max_flips), tests, [-2.0, -1.5, -0.0, 0.0, 0.25, 0.5, 1.0, 2.0, 3.0])


FAR = [INT64_MIN, INT64_MIN + 1, -(2**53) - 1, -1, 0, 2**53, 2**53 + 1, 2**53 + 2, INT64_MAX - 1, INT64_MAX]


@given(tests=drawn(ORDERED, st.sampled_from(FAR)))
def test_thresholds_of_ints_are_exact_to_the_last_of_64_bits(tests: Tests) -> None:
    agrees(ordered_table(tests, WIDTH), tests, FAR)


TEXTS = ["", "a", "b", "ab", "é", "\U0001f600", "\uffff"]


@given(tests=drawn(ORDERED, st.sampled_from(TEXTS)))
def test_thresholds_of_strings(tests: Tests) -> None:
    agrees(ordered_table(tests, WIDTH), tests, [*TEXTS, "aa", "c"])


@given(
    tests=drawn((Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN), st.integers(0, 8)),
    max_flips=st.sampled_from([0, 1, 3, 8]),
)
def test_equality_and_lists_of_constants(tests: Tests, max_flips: int) -> None:
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
    assert fallen | looked_up(found.lookups, [value], WIDTH) == one_by_one(tests, value)


@given(
    ints=drawn(ORDERED, st.integers(-3, 3)),
    doubles=drawn(ORDERED, st.sampled_from([-1.5, 0.0, 2.0])),
    texts=drawn((*KEYED, *ORDERED), st.sampled_from(["", "a", "b"])),
    values=st.tuples(
        st.sampled_from([None, -4, 0, 3]), st.sampled_from([None, -1.5, 0.0, 9.0]), st.sampled_from([None, "a", "c"])
    ),
)
def test_look_ups_of_different_types_together(ints: Tests, doubles: Tests, texts: Tests, values: list[Value]) -> None:
    groups = [
        [(replace(test, term=Term(TermKind.VALUE, name)), drops) for test, drops in tests]
        for name, tests in (("t", texts), ("d", doubles), ("i", ints))
    ]
    kinds = {"i": AttributeType.INT, "d": AttributeType.DOUBLE, "t": AttributeType.STRING}
    columns = {name: Column(name, place, kind) for place, (name, kind) in enumerate(kinds.items())}
    found = look_up(dict(each for group in groups for each in group), columns, WIDTH)
    expected = one_by_one(groups[0], values[2]) | one_by_one(groups[1], values[1]) | one_by_one(groups[2], values[0])
    assert looked_up(found.lookups, list(values), WIDTH) == expected


@given(tests=drawn(ORDERED, st.integers(-3, 3)), value=st.sampled_from([None, (), (1, 2)]), default=st.booleans())
def test_sizes_are_looked_up_and_defaults_stand_in_for_unknown(tests: Tests, value: Value, default: bool) -> None:
    given_default = Default((5,)) if default else None
    sized = [(replace(test, term=Term(TermKind.SIZE, "x"), default=given_default), drops) for test, drops in tests]
    found = look_up(dict(sized), {"x": Column("x", 0, AttributeType.INT_LIST)}, WIDTH)
    size = len(value) if isinstance(value, tuple) else 1 if default else None
    assert looked_up(found.lookups, [value], WIDTH) == one_by_one(tests, size)


def thresholds(count: int, bits: Callable[[int], tuple[int, ...]]) -> list[tuple[Comparison, Drops]]:
    return [
        (Comparison(TERM, Operator.GREATER_OR_EQUAL, (constant(place),)), Drops("r", [(DROPS[0], bits(place))]))
        for place in range(count)
    ]


def test_thousands_of_thresholds_of_their_own_take_bytes_in_proportion_not_squared() -> None:
    width = 10_048
    table = ordered_table(thresholds(10_000, lambda place: (place,)), width)
    assert len(table.masks.masks) <= 10_000 / MAX_FLIPS
    assert len(ordered_table(thresholds(10_000, lambda place: (place,)), width, max_flips=0).masks.masks) == 10_001
    for value in (-1, 0, 17, 4_999, 9_999, 20_000):
        expected = ((1 << 10_000) - 1) >> (value + 1) << (value + 1) if value < 10_000 else 0
        assert looked_up([Lookup(0, None, None, 0, table)], [value], width) == expected


def test_shared_thresholds_have_a_mask_each() -> None:
    table = ordered_table(thresholds(20, lambda place: tuple(range(place * 500, (place + 1) * 500))), 10_000)
    assert not table.masks.flips
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


def mask_of(masks: RegionMasks, region: int) -> int:
    mask = masks.masks[masks.rows[region]]
    for bit in masks.flips[masks.starts[region] : masks.stops[region]]:
        mask ^= 1 << bit
    return mask


@given(
    first=st.integers(0, 2**WIDTH - 1),
    changes=st.lists(st.lists(st.integers(0, WIDTH - 1), max_size=5, unique=True), max_size=20),
    max_flips=st.integers(0, 6),
)
def test_flipped_masks_are_the_masks(first: int, changes: list[list[int]], max_flips: int) -> None:
    row, around = chain(first, changes, max_flips), star(first, changes, max_flips)
    mask = first
    assert mask_of(row, 0) == mask_of(around, 0) == first
    for region, bits in enumerate(changes, 1):
        turned = sum(1 << bit for bit in bits)
        mask ^= turned
        assert mask_of(row, region) == mask
        assert mask_of(around, region) == first ^ turned
