"""Lists that the tests of an attribute can tell apart: which of some elements they hold, and how many they hold.

Starting from the list that was held: for every set of tested elements whose presence changes, the list with those added
or removed, then lengthened or shortened to every number of elements that a test can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, combinations, count, islice

from services.rules.domain.condition import Operator, TermKind, Test
from services.rules.domain.why.moment_range import moved
from services.rules.domain.why.numbers import whole_numbers
from services.rules.domain.why.texts import unlike
from shared.values import AttributeType, Scalar

_MAX_TESTED = 6
"""Elements of which every combination is tried; of more, two at a time, and all together."""
_MAX_ADDED = 1_000

Elements = tuple[Scalar, ...]


def lists(
    tests: Sequence[Test], held: Elements, element: AttributeType, allowed: Sequence[Scalar], now: datetime
) -> tuple[list[Elements], bool]:
    """The proposals, and whether no combination can be missed. `allowed` are all elements there are; empty: any."""
    tested: list[Scalar] = list(dict.fromkeys(_operands(tests, Operator.HAS)))
    lengths = [each.value for test in tests if test.term.kind is TermKind.SIZE for each in test.operands]
    proposals: dict[Elements, None] = {}
    for flips in _subsets(tested):
        base = _flipped(held, flips)
        if allowed and any(each not in allowed for each in base if each not in held):
            continue
        proposals[base] = None
        kept = [each for each in tested if each in base]
        for size in whole_numbers(lengths, len(base), 0, len(base) + _MAX_ADDED) if lengths else ():  # type: ignore[arg-type]
            fillers = _fillers(base, tested, kept, element, allowed, now)
            resized = _resized(base, kept, size, fillers)
            if resized is not None:
                proposals[resized] = None
    is_near = all(isinstance(each, int) and each <= len(held) + _MAX_ADDED for each in lengths)
    return list(proposals), len(tested) <= _MAX_TESTED and is_near


def _subsets(tested: Sequence[Scalar]) -> Iterator[tuple[Scalar, ...]]:
    sizes = range(len(tested) + 1) if len(tested) <= _MAX_TESTED else (0, 1, 2, len(tested))
    return chain.from_iterable(combinations(tested, size) for size in sizes)


def _flipped(held: Elements, flips: Sequence[Scalar]) -> Elements:
    left = tuple(each for each in held if each not in flips)
    return left + tuple(each for each in flips if each not in held)


def _resized(base: Elements, kept: Sequence[Scalar], size: int, fillers: Iterator[Scalar]) -> Elements | None:
    """None where the elements that must stay are more, or there is nothing to add."""
    if size >= len(base):
        added = tuple(islice(fillers, size - len(base)))
        return base + added if len(base) + len(added) == size else None
    stays = list(base)
    last_first = range(len(base) - 1, -1, -1)
    for index in last_first:
        if len(stays) == size:
            break
        if stays[index] not in kept or stays[:index].count(stays[index]):
            del stays[index]
    return tuple(stays) if len(stays) == size else None


def _fillers(
    base: Elements,
    tested: Sequence[Scalar],
    kept: Sequence[Scalar],
    element: AttributeType,
    allowed: Sequence[Scalar],
    now: datetime,
) -> Iterator[Scalar]:
    """Elements that no test is about, then again what the list holds."""
    taken = {*base, *tested}
    fresh: Iterator[Scalar] = iter(allowed) if allowed else _ANY[element](now)
    again = [each for each in (*kept, *base) if not allowed or each in allowed]
    limited = islice((each for each in fresh if each not in taken), _MAX_ADDED)
    repeated = islice((again[index % len(again)] for index in count()), _MAX_ADDED) if again else iter(())
    return chain(limited, repeated)


_ANY: Mapping[AttributeType, Callable[[datetime], Iterator[Scalar]]] = {
    AttributeType.BOOL: lambda _: iter((False, True)),
    AttributeType.INT: lambda _: iter(range(2 * _MAX_ADDED)),
    AttributeType.DOUBLE: lambda _: (float(each) for each in range(2 * _MAX_ADDED)),
    AttributeType.STRING: lambda _: unlike(()),
    AttributeType.TIMESTAMP: lambda now: _days_from(now),
}


def _days_from(now: datetime) -> Iterator[datetime]:
    """Back from now, or forwards where there is no time left behind it."""
    spans = (sign * timedelta(days=each) for sign in (-1, 1) for each in range(_MAX_ADDED + _MAX_TESTED))
    return (each for span in spans if (each := moved(now, span)) is not None)


def _operands(tests: Sequence[Test], operator: Operator) -> Iterator[Scalar]:
    for test in tests:
        if test.operator is operator:
            yield from (each.value for each in test.operands)  # type: ignore[misc]
