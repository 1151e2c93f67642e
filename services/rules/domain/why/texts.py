"""Strings that the tests of an attribute can tell apart.

Every change of a string costs the same, so it is enough that for each combination of answers that some string gives
there is one among the proposals. That holds for equality and membership alone, and for size alone. For prefixes,
suffixes, parts and order the proposals are put together from the constants; a combination may be missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

from services.rules.domain.condition import Operator, TermKind, Test
from services.rules.domain.why.numbers import whole_numbers

_OTHER = "other"
_FILLER = "x"
_MAX_PROPOSALS = 300
_MAX_LENGTH = 10_000
_EQUALITY = {Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN}
_ORDER = {Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL}


def texts(tests: Sequence[Test]) -> tuple[list[str], bool]:
    """The proposals, and whether no combination can be missed."""
    proposals = list(islice(dict.fromkeys(_proposals(tests)), _MAX_PROPOSALS + 1))
    sizes = [test.term.kind is TermKind.SIZE for test in tests]
    is_short = all(isinstance(each.value, int) and each.value < _MAX_LENGTH for test in tests for each in test.operands)
    is_simple = (all(sizes) and is_short) or (not any(sizes) and all(test.operator in _EQUALITY for test in tests))
    return proposals[:_MAX_PROPOSALS], is_simple and len(proposals) <= _MAX_PROPOSALS


def unlike(taken: Iterable[object]) -> Iterator[str]:
    """Strings that are none of those, the first one a word."""
    known = set(taken)
    candidates = (_OTHER if number == 0 else f"{_OTHER}_{number}" for number in range(len(known) + _MAX_LENGTH))
    return (each for each in candidates if each not in known)


def _proposals(tests: Sequence[Test]) -> Iterator[str]:
    equal = list(_operands(tests, _EQUALITY))
    bodies = [*equal, *islice(unlike(equal), 1), "", *_around(list(_operands(tests, _ORDER)))]
    bodies += _composed(tests)
    lengths = [each.value for test in tests if test.term.kind is TermKind.SIZE for each in test.operands]
    if not lengths:
        yield from bodies
        return
    sizes = [*whole_numbers(lengths, None, 0, _MAX_LENGTH)]  # type: ignore[arg-type]
    heads = list(_operands(tests, {Operator.STARTS_WITH}))
    yield from bodies
    for body, size in product(bodies, sizes):
        if size >= len(body):
            at = next((len(head) for head in heads if body.startswith(head)), 0)
            yield body[:at] + _FILLER * (size - len(body)) + body[at:]


def _around(bounds: Sequence[str]) -> Iterator[str]:
    """Each bound, something above and something below it."""
    for bound in bounds:
        yield from (bound, f"{bound}!", f"{bound}~")
        if bound:
            yield bound[:-1]
            yield bound[:-1] + chr(max(ord(bound[-1]) - 1, 1)) + "~"


def _composed(tests: Sequence[Test]) -> Iterator[str]:
    """Of a prefix, one or two parts and a suffix, each perhaps none; overlapping where they can."""
    heads = ["", *_operands(tests, {Operator.STARTS_WITH}), *_operands(tests, _ORDER | _EQUALITY)]
    parts = ["", *_operands(tests, {Operator.CONTAINS})]
    tails = ["", *_operands(tests, {Operator.ENDS_WITH})]
    if len(parts) == len(tails) == 1 and not any(test.operator is Operator.STARTS_WITH for test in tests):
        return
    for head, part, tail in product(heads, parts, tails):
        yield _overlapped(_overlapped(head, part), tail)
        yield head + part + tail
    for head, one, other, tail in product(heads, parts[1:], parts[1:], tails):
        yield head + one + other + tail


def _overlapped(left: str, right: str) -> str:
    if right in left and left.endswith(right):
        return left
    shared = next(size for size in range(min(len(left), len(right)), -1, -1) if left.endswith(right[:size]))
    return left + right[shared:]


def _operands(tests: Sequence[Test], operators: set[Operator]) -> Iterator[str]:
    for test in tests:
        if test.operator in operators and test.term.kind is TermKind.VALUE:
            yield from (str(each.value) for each in test.operands)
