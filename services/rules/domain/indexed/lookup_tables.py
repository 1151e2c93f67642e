"""Compiles the tests of one term to look-ups: by bisection, by hash, and for lists by their elements.

What the answer to a test changes is a change of *counts*: a bit falls as long as any test of the term drops it, so a
region's mask differs from its neighbour's only in the bits whose count leaves or reaches zero. Compiling costs what the
tests and their bits cost, whatever the number of regions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import inf, nextafter
from typing import Any

import numpy as np

from services.rules.domain.condition import Operator, Test
from services.rules.domain.indexed.drops import Drops, united
from services.rules.domain.indexed.flips import MAX_FLIPS, chain, star
from services.rules.domain.indexed.lookups import Held, Locate, Table, Thresholds
from services.rules.domain.indexed.units import Bits
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN, Verdict
from shared.values import INT64_MAX

Tests = Sequence[tuple[Test, Drops]]

ORDERED = (Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL)
KEYED = (Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.STARTS_WITH, Operator.ENDS_WITH)

MAX_KEYED_CHANGES = 1_000_000
"""Bits that the constants of one term may change, all together; beyond it, lists of constants are tested one by one."""

_MAX_HELD_BITS = 8
"""As many as are changed one by one where a list holds a constant."""


def unknown_mask(tests: Tests, width: int) -> int:
    return united([bits for _, drops in tests for bits in drops.on(UNKNOWN)], width)


def ordered_table(tests: Tests, width: int, max_flips: int = MAX_FLIPS) -> Table:
    """Of `<`, `<=`, `>`, `>=`. Each test changes its answer once: on reaching its threshold, or on passing it."""
    cuts: defaultdict[tuple[Any, bool], list[tuple[Drops, Verdict]]] = defaultdict(list)
    for test, drops in tests:
        becomes = TRUE if test.operator in (Operator.GREATER, Operator.GREATER_OR_EQUAL) else FALSE
        cuts[_cut(test)].append((drops, becomes))
    below = [(drops, 1 - becomes) for changes in cuts.values() for drops, becomes in changes]
    counts = _counts((drops, verdict) for drops, verdict in below)
    order = sorted(cuts)
    first = united([tuple(counts)], width)
    changes = [_changed(counts, cuts[cut], keep=True) for cut in order]
    reached = [value for value, is_passed in order if not is_passed]
    passed = [value for value, is_passed in order if is_passed]
    return Table(_ordered_locate(reached, passed), chain(first, changes, max_flips))


def keyed_table(tests: Tests, width: int, max_flips: int = MAX_FLIPS) -> Table | None:
    """Of `==`, `!=`, `in` and of prefixes or suffixes of one length. None where that would take too much to compile."""
    mentions: defaultdict[Any, list[tuple[Drops, Verdict]]] = defaultdict(list)
    for test, drops in tests:
        becomes = FALSE if test.operator is Operator.NOT_EQUAL else TRUE
        for value in dict.fromkeys(operand.value for operand in test.operands):
            mentions[value].append((drops, becomes))
    alike: defaultdict[tuple[int, ...], list[Any]] = defaultdict(list)
    for value, changes in mentions.items():
        alike[tuple(id(drops) for drops, _ in changes)].append(value)
    groups = [mentions[values[0]] for values in alike.values()]
    if sum(_bit_count(changes) for changes in groups) > MAX_KEYED_CHANGES:
        return None
    counts = _counts((drops, TRUE if test.operator is Operator.NOT_EQUAL else FALSE) for test, drops in tests)
    regions = {value: place for place, values in enumerate(alike.values(), 1) for value in values}
    centre = united([tuple(counts)], width)
    return Table(regions.get, star(centre, [_changed(counts, changes, keep=False) for changes in groups], max_flips))


def held_table(tests: Tests, width: int) -> tuple[int, Mapping[Any, Held], Tests]:
    """Of `"nike" in favourite_brands`: what falls where the list holds none, what each constant changes, and the tests
    that have to be run one by one because two constants could rescue the same bit."""
    counts = _counts((drops, FALSE) for _, drops in tests)
    single: dict[Any, Drops] = {}
    rest: list[tuple[Test, Drops]] = []
    for test, drops in tests:
        value = test.operands[0].value
        if value not in single and all(counts[bit] == 1 for bits in drops.on(FALSE) for bit in bits):
            single[value] = drops
        else:
            rest.append((test, drops))
    held = {value: _held(drops, width) for value, drops in single.items()}
    return united([bits for drops in single.values() for bits in drops.on(FALSE)], width), held, rest


def _held(drops: Drops, width: int) -> Held:
    (rescued, rescued_bits), (dropped, dropped_bits) = (
        _mask_or_bits(list(drops.on(verdict)), width) for verdict in (FALSE, TRUE)
    )
    return Held(rescued, rescued_bits, dropped, dropped_bits)


def _mask_or_bits(groups: Sequence[Bits], width: int) -> tuple[int, Bits]:
    bits = tuple({bit for each in groups for bit in each})
    return (0, bits) if len(bits) <= _MAX_HELD_BITS else (united(groups, width), ())


def _cut(test: Test) -> tuple[Any, bool]:
    """Where the answer changes: on reaching a value, or (True) on passing it. To pass a number is to reach the next."""
    value: Any = test.operands[0].value
    if test.operator not in (Operator.GREATER, Operator.LESS_OR_EQUAL):
        return value, False
    if type(value) is float:
        return nextafter(value, inf), False
    if type(value) is int and value < INT64_MAX:
        return value + 1, False
    return value, True


def _ordered_locate(reached: list[Any], passed: list[Any]) -> Locate | Thresholds:
    """How many cuts a value is beyond. No number can pass the last that there is."""
    kinds = set(map(type, reached))
    if kinds == {float}:
        return np.array(reached, np.float64)
    if kinds == {int}:
        return np.array(reached, np.int64)
    return lambda value: bisect_right(reached, value) + bisect_left(passed, value)


def _counts(dropping: Iterable[tuple[Drops, Verdict]]) -> Counter[int]:
    """How many tests drop each bit."""
    counts: Counter[int] = Counter()
    for drops, verdict in dropping:
        for bits in drops.on(verdict):
            counts.update(bits)
    return counts


def _changed(counts: Counter[int], changes: Sequence[tuple[Drops, Verdict]], *, keep: bool) -> list[int]:
    """The bits that begin or cease to fall when the tests become the verdicts; `keep` leaves the counts changed."""
    differences: Counter[int] = Counter()
    for drops, becomes in changes:
        for bits in drops.on(becomes):
            differences.update(bits)
        for bits in drops.on(1 - becomes):
            differences.subtract(bits)
    turned = [bit for bit, change in differences.items() if (counts[bit] > 0) != (counts[bit] + change > 0)]
    if keep:
        for bit, change in differences.items():
            counts[bit] += change
    return turned


def _bit_count(changes: Sequence[tuple[Drops, Verdict]]) -> int:
    return sum(len(bits) for drops, _ in changes for _, bits in drops.groups)
