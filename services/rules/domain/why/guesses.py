"""Values that may do for an opaque expression, which has no thresholds to tell them by.

coarse   its constants, steps away from them and from what was held, where its comparisons meet (`solving`)
near     every int, and every hour and day, around what was held: for what repeats, such as remainders and weekdays
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from services.rules.domain.condition import Opaque
from services.rules.domain.why.distance import distance
from services.rules.domain.why.moment_range import moved
from shared.cel.syntax import Call, Constant, walk
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Feature, Scalar, Value, conform

NEAR_INTS = 64
"""Of the ints that far away none is left out."""
_STEPS = tuple(2**exponent for exponent in range(0, 24, 2))
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_DAYS = tuple(days * _DAY for days in range(1, 32))
_SPANS = (
    *(hours * _HOUR for hours in range(1, 24)),
    *_DAYS,
    *(28 * days * _DAY for days in range(2, 14)),
    *(2**exponent * _DAY for exponent in range(9, 17)),
)


def coarse(opaques: Sequence[Opaque], kind: AttributeType, held: Value, now: datetime) -> Iterator[Value]:
    for opaque in opaques:
        if kind.is_list:
            yield from _lists(opaque, kind, held)
        else:
            constants = list(_constants(opaque, kind))
            yield from constants
            for start in [*constants, *([] if held is None else [held])]:
                yield from _around(start)
        if kind is AttributeType.TIMESTAMP and _asks_anniversary(opaque):
            yield from _anniversaries(held, now)
    if kind is AttributeType.TIMESTAMP:
        yield from _around(now)
    elif kind in _ORIGINS:
        yield from _around(_ORIGINS[kind])


def near(kind: AttributeType, held: Value, now: datetime) -> Iterator[Value]:
    if kind is AttributeType.INT:
        start = held if isinstance(held, int) else 0
        yield from _ints(start, range(1, NEAR_INTS + 1))
    elif kind is AttributeType.TIMESTAMP:
        yield from _moments(held if isinstance(held, datetime) else now, _SPANS)
        yield from _moments(now, _DAYS)


def tried_to(kind: AttributeType, held: Feature, now: datetime) -> float:
    """How far away every value was tried: a smaller distance than this one none has that was not."""
    unknown = 0.0 if held.is_known else 1.0
    if isinstance(held.value, int) and kind is AttributeType.INT:
        return distance(held, held.value + NEAR_INTS + 1, now)
    if held.value is None:
        return 1.0
    # Of another string, and of another list, the distance is 1 at the least.
    return unknown if kind in (AttributeType.DOUBLE, AttributeType.TIMESTAMP) else unknown + 1.0


_ORIGINS: dict[AttributeType, Value] = {AttributeType.INT: 0, AttributeType.DOUBLE: 0.0}


def _constants(opaque: Opaque, kind: AttributeType) -> Iterator[Scalar]:
    written = (node.value for node in walk(opaque.node) if isinstance(node, Constant))
    for each in (*written, *opaque.constants.values()):
        yield from _conformed(each, kind.element)


def _conformed(constant: object, kind: AttributeType) -> Iterator[Scalar]:
    try:
        value = conform(constant, kind)  # type: ignore[arg-type]
    except ValueError:
        return
    if value is not None and not isinstance(value, tuple):
        yield value


def _lists(opaque: Opaque, kind: AttributeType, held: Value) -> Iterator[Value]:
    elements = held if isinstance(held, tuple) else ()
    yield ()
    for each in _constants(opaque, kind):
        if each in elements:
            yield tuple(element for element in elements if element != each)
        else:
            yield (*elements, each)


def _around(start: Value) -> Iterator[Value]:
    if isinstance(start, bool | str) or start is None:
        return
    if isinstance(start, int):
        yield start
        yield from _ints(start, _STEPS)
    elif isinstance(start, float):
        yield start
        yield from (start + sign * step / 4 for step in _STEPS for sign in (1, -1))
    elif isinstance(start, datetime):
        yield from _moments(start, [step * _DAY for step in _STEPS[:6]])


def _ints(start: int, steps: Iterable[int]) -> Iterator[int]:
    moved_to = (start + sign * step for step in steps for sign in (1, -1))
    return (each for each in moved_to if INT64_MIN <= each <= INT64_MAX)


def _moments(start: datetime, spans: Iterable[timedelta]) -> Iterator[datetime]:
    moved_to = (moved(start, sign * span) for span in spans for sign in (1, -1))
    return (each for each in moved_to if each is not None)


def _asks_anniversary(opaque: Opaque) -> bool:
    return any(isinstance(node, Call) and node.function == "is_anniversary" for node in walk(opaque.node))


def _anniversaries(held: Value, now: datetime) -> Iterator[datetime]:
    """Today's month and day, in the years around what was held."""
    start = held if isinstance(held, datetime) else now
    for year in (start.year, start.year - 1, start.year + 1):
        try:
            yield start.replace(year=year, month=now.month, day=now.day)
        except ValueError:  # 29 February of another year, or a year beyond the calendar
            continue
