"""Formulas of every measure, window and filter, events for them, and the definition of what they answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.events import Event
from services.profile.domain.ledger.limits import CalendarUnit
from shared.clock import MS_PER_DAY, to_datetime, to_ms
from shared.time_zones import zone
from shared.values import NOT_FOUND, AttributeType, Feature, Value, present

HOUR_MS = 3_600_000
VIEW, RETURNED = "view", "return"
# A week around the night in which Europe's clocks go back, so that calendar days differ in length.
BEGIN_MS = to_ms(datetime(2026, 10, 20, tzinfo=zone("UTC")))

# Drawn from a seed, not by hypothesis one by one: dense, and a hundred logs cost as much as one did.
_TEXTS = ("a", "a", "b", "c", "", "3")
_ANYTHING: tuple[Callable[[Random], Value], ...] = (
    lambda _: None,
    lambda chance: chance.random() < 0.5,
    lambda chance: chance.randint(-3, 3),
    lambda chance: chance.choice((0.1, 1e16, -1e16, 0.75, -3.3, 1e-300, 1e300, -0.0, chance.random())),
    lambda chance: chance.choice(_TEXTS),
    lambda chance: tuple(chance.choices(("a", "b"), k=chance.randint(0, 3))),
    lambda chance: tuple(chance.choices((0, 1), k=chance.randint(0, 2))),
)
_NUMBERS, _FLAT_TEXTS, _INTS, _INT_LISTS = (
    (_ANYTHING[2], _ANYTHING[3]),
    (_ANYTHING[4],),
    (_ANYTHING[2],),
    (_ANYTHING[6],),
)
# Logs of a few hours, days or months: whatever the window is, some have events on both sides of its ends.
_SPREADS = (8, 3 * 96, 12 * 96, 70 * 96)


def event(index: int, event_ms: int, held: Mapping[str, Value], kind: str = VIEW, is_machine: bool = False) -> Event:
    return Event(f"e{index:03}", kind, event_ms, event_ms, (), held, is_machine=is_machine)


def _usual(formula: Formula) -> Sequence[Callable[[Random], Value]]:
    """Values the measure has a use for."""
    if formula.type is not None:
        return {
            AttributeType.INT: _INTS,
            AttributeType.DOUBLE: _NUMBERS,
            AttributeType.STRING: _FLAT_TEXTS,
            AttributeType.INT_LIST: _INT_LISTS,
        }[formula.type]
    if formula.measure in (Measure.TOP_K, Measure.OWNED, Measure.DISTINCT):
        return (*_FLAT_TEXTS, *_FLAT_TEXTS, _ANYTHING[5])
    return _NUMBERS


def log_of(formula: Formula, chance: Random, size: int) -> list[Event]:
    """Of what the formula looks at, for the most part, in no order of time."""
    usual, spread, noise = _usual(formula), chance.choice(_SPREADS), chance.choice((0.0, 0.3))
    kinds = (VIEW, VIEW, formula.returned or RETURNED)

    def held() -> dict[str, Value]:
        x = chance.choice(_ANYTHING if chance.random() < noise else usual)(chance)
        y = chance.choice(("a", "a", 0.75, True, False, False, 0, chance.choice(_ANYTHING)(chance)))
        return {name: value for name, value in (("x", x), ("y", y)) if chance.random() >= noise}

    return [
        event(
            index,
            BEGIN_MS + chance.randint(0, spread) * HOUR_MS // 4,
            held(),
            chance.choice(kinds),
            chance.random() < 0.1,
        )
        for index in range(size)
    ]


def newest_ms(log: Sequence[Event]) -> int:
    return max((each.event_ms for each in log), default=BEGIN_MS)


def age_of(chance: Random) -> int:
    """How long after the newest event one reads."""
    return chance.choice(
        (0, chance.randint(0, 2 * HOUR_MS), chance.randint(0, 72 * HOUR_MS), chance.randint(0, 960 * HOUR_MS))
    )


def zone_of(chance: Random) -> ZoneInfo:
    return zone(chance.choice(("UTC", "Europe/Paris", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns")))


@dataclass(frozen=True)
class Condition:
    """In CEL, and what it means."""

    text: str
    types: tuple[tuple[str, AttributeType], ...]
    holds: Callable[[Mapping[str, Value]], bool]


def _number(value: Value) -> bool:
    return type(value) in (int, float)


CONDITIONS = (
    Condition("event.y == 'a'", (("y", AttributeType.STRING),), lambda held: held.get("y") == "a"),
    Condition(
        "event.y > 0.5 || event.y < -1.0",
        (("y", AttributeType.DOUBLE),),
        lambda held: _number(held.get("y")) and (held["y"] > 0.5 or held["y"] < -1),  # type: ignore[operator]
    ),
    Condition(
        "event.x in ['a', 'b'] && !event.y",
        (("x", AttributeType.STRING), ("y", AttributeType.BOOL)),
        lambda held: type(held.get("x")) is str and held["x"] in ("a", "b") and held.get("y") is False,
    ),
    Condition(
        "'a' in event.x",
        (("x", AttributeType.STRING_LIST),),
        lambda held: isinstance(held.get("x"), tuple) and "a" in held["x"],  # type: ignore[operator]
    ),
)
BY_TEXT = {each.text: each for each in CONDITIONS}


def formulas_of(measure: Measure, chance: Random) -> list[Formula]:
    """One of each kind of window that the measure may have, with any filter."""
    windows = [
        Formula(measure, VIEW),
        Formula(measure, VIEW, window_ms=chance.choice((HOUR_MS, 7 * HOUR_MS, 26 * HOUR_MS, 1_000 * HOUR_MS))),
        Formula(measure, VIEW, calendar=chance.choice(list(CalendarUnit))),
        Formula(measure, VIEW, calendar=chance.choice(list(CalendarUnit)), is_previous=True),
    ]
    kinds = 4 if measure.has_calendar else 2 if measure.has_windows else 1
    return [_completed(formula, chance) for formula in windows[:kinds]]


def _completed(formula: Formula, chance: Random) -> Formula:
    measure = formula.measure
    read = chance.choice([*[None] * len(CONDITIONS), *CONDITIONS])
    counted = chance.choice(CONDITIONS) if measure is Measure.SHARE else None
    if read and counted and dict(read.types + counted.types) != dict(counted.types + read.types):
        read = None
    types = dict((read.types if read else ()) + (counted.types if counted else ()))
    kinds = (AttributeType.INT, AttributeType.DOUBLE, AttributeType.STRING, AttributeType.INT_LIST)
    return replace(
        formula,
        property_name="x" if measure.needs_property else "",
        half_life_ms=chance.choice((60_000, 5 * HOUR_MS, 30 * MS_PER_DAY)) if measure is Measure.DECAYED_RATE else 0,
        type=chance.choice(kinds) if measure.needs_type else None,
        k=chance.randint(1, 3) if measure is Measure.TOP_K else 0,
        filter=read.text if read else "",
        condition=counted.text if counted else "",
        properties=tuple(sorted(types.items())),
        returned=chance.choice(("", RETURNED)) if measure is Measure.OWNED else "",
    )


def unit_start(unit: CalendarUnit, moment: datetime) -> datetime:
    """By walking back on the wall clock, minute by minute where it matters: slow and plain."""

    def label(at: datetime) -> tuple[int, ...]:
        shown = at.astimezone(moment.tzinfo)
        iso = shown.isocalendar()
        return {
            CalendarUnit.HOUR: (shown.year, shown.month, shown.day, shown.hour),
            CalendarUnit.DAY: (shown.year, shown.month, shown.day),
            CalendarUnit.WEEK: (iso.year, iso.week),
            CalendarUnit.MONTH: (shown.year, shown.month),
            CalendarUnit.YEAR: (shown.year,),
        }[unit]

    utc = moment.astimezone(zone("UTC"))
    mine = label(utc)
    start = utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)
    steps = {CalendarUnit.MONTH: timedelta(days=1), CalendarUnit.YEAR: timedelta(days=1)}
    for step in (steps.get(unit, timedelta(hours=1)), timedelta(minutes=15)):
        while label(start - step) == mine:
            start -= step
    return start


def span(formula: Formula, read_ms: int, at: tzinfo) -> tuple[int, int]:
    """[from, until): the definition of the window."""
    if formula.calendar is None:
        return (read_ms - formula.window_ms + 1 if formula.window_ms else -1, read_ms + 1)
    start = unit_start(formula.calendar, to_datetime(read_ms).astimezone(at))
    if not formula.is_previous:
        return to_ms(start), read_ms + 1
    before = unit_start(formula.calendar, (start - timedelta(milliseconds=1)).astimezone(at))
    return to_ms(before), to_ms(start)


def brute_force(formula: Formula, log: Sequence[Event], read_ms: int, at: ZoneInfo) -> Feature:
    """The definition of every measure, from the list of all events."""
    first_ms, end_ms = span(formula, read_ms, at)
    inside = [each for each in log if first_ms <= each.event_ms < end_ms and not each.is_machine]
    passed = [each for each in inside if each.type == VIEW and _passes(formula.filter, each)]
    returned = [each for each in inside if each.type == formula.returned]
    return _ANSWERS[formula.measure](formula, passed, returned, read_ms, at)


def _passes(text: str, each: Event) -> bool:
    return not text or BY_TEXT[text].holds(each.properties)


def _numbers(log: Sequence[Event]) -> list[float]:
    held = (each.properties.get("x") for each in log)
    return [float(value) for value in held if _number(value) and abs(value) <= 1e290]  # type: ignore[arg-type]


def _texts(log: Sequence[Event]) -> Iterator[tuple[int, str]]:
    for each in log:
        value = each.properties.get("x")
        members = set(value) if isinstance(value, tuple) else {value}
        yield from ((each.event_ms, str(member)) for member in members if type(member) in (str, int))


def _fitting(formula: Formula, log: Sequence[Event]) -> list[Event]:
    python_types = {
        AttributeType.INT: (int,),
        AttributeType.DOUBLE: (int, float),
        AttributeType.STRING: (str,),
        AttributeType.INT_LIST: (tuple,),
    }
    assert formula.type is not None
    fitting = []
    for each in log:
        value = each.properties.get("x", False)
        is_of_type = value is None or type(value) in python_types[formula.type]
        if is_of_type and not (isinstance(value, tuple) and any(type(member) is not int for member in value)):
            fitting.append(each)
    return fitting


def _of_event(each: Event | None) -> Feature:
    return NOT_FOUND if each is None else present(each.properties["x"])


def _exact_sum(numbers: Sequence[float]) -> float:
    return float(sum(map(Fraction, numbers), Fraction()))


def _rate(formula: Formula, log: Sequence[Event], read_ms: int) -> float:
    weight = math.fsum(2.0 ** ((each.event_ms - read_ms) / formula.half_life_ms) for each in log)
    mass = formula.half_life_ms / MS_PER_DAY / math.log(2)
    if formula.window_ms:
        mass *= 1 - 2.0 ** (-formula.window_ms / formula.half_life_ms)
    return weight / mass


def _distinct(log: Sequence[Event]) -> int:
    held = [each.properties["x"] for each in log if each.properties.get("x") is not None]
    return len({(isinstance(value, bool), type(value) in (str, tuple), value) for value in held})


def _top(formula: Formula, log: Sequence[Event]) -> tuple[str, ...]:
    counts: Counter[str] = Counter(text for _, text in _texts(log))
    newest = {text: max(at for at, each in _texts(log) if each == text) for text in counts}
    return tuple(sorted(counts, key=lambda text: (-counts[text], -newest[text], text))[: formula.k])


def _week(log: Sequence[Event], at: ZoneInfo) -> list[int]:
    week = [0] * 168
    for each in log:
        shown = to_datetime(each.event_ms).astimezone(at)
        week[shown.weekday() * 24 + shown.hour] += 1
    return week


def _best_hour(log: Sequence[Event], at: ZoneInfo) -> Feature:
    hours = Counter(to_datetime(each.event_ms).astimezone(at).hour for each in log)
    return present(min(hours, key=lambda hour: (-hours[hour], hour))) if hours else NOT_FOUND


def _owned(log: Sequence[Event], returned: Sequence[Event]) -> tuple[str, ...]:
    balance = Counter(text for _, text in _texts(log))
    balance.subtract(text for _, text in _texts(returned))
    return tuple(sorted(text for text, count in balance.items() if count > 0))


def _days(choice: Callable[..., int], log: Sequence[Event], read_ms: int) -> Feature:
    return present((read_ms - choice(each.event_ms for each in log)) // MS_PER_DAY) if log else NOT_FOUND


def _or_nothing(values: Sequence[float], answer: Callable[[Sequence[float]], float]) -> Feature:
    return present(answer(values)) if values else NOT_FOUND


_Answer = Callable[[Formula, Sequence[Event], Sequence[Event], int, ZoneInfo], Feature]
_ANSWERS: Mapping[Measure, _Answer] = {
    Measure.COUNT: lambda _, log, *__: present(len(log)),
    Measure.SUM: lambda _, log, *__: present(_exact_sum(_numbers(log))),
    Measure.MEAN: lambda _, log, *__: _or_nothing(_numbers(log), lambda held: _exact_sum(held) / len(held)),
    Measure.MIN: lambda _, log, *__: _or_nothing(_numbers(log), min),
    Measure.MAX: lambda _, log, *__: _or_nothing(_numbers(log), max),
    Measure.FIRST: lambda formula, log, *_: _of_event(
        min(_fitting(formula, log), key=lambda each: (each.event_ms, each.event_id), default=None)
    ),
    Measure.LAST: lambda formula, log, *_: _of_event(
        max(_fitting(formula, log), key=lambda each: (each.event_ms, each.event_id), default=None)
    ),
    Measure.DISTINCT: lambda _, log, *__: present(_distinct(log)),
    Measure.DECAYED_RATE: lambda formula, log, _, read_ms, __: present(_rate(formula, log, read_ms)),
    Measure.TOP_K: lambda formula, log, *_: present(_top(formula, log)),
    Measure.HOUR_OF_WEEK: lambda _, log, __, ___, at: present(tuple(_week(log, at))),
    Measure.BEST_HOUR: lambda _, log, __, ___, at: _best_hour(log, at),
    Measure.SHARE: lambda formula, log, *_: _or_nothing(
        [float(_passes(formula.condition, each)) for each in log], lambda held: sum(held) / len(held)
    ),
    Measure.OWNED: lambda _, log, returned, *__: present(_owned(log, returned)),
    Measure.DAYS_SINCE_LAST: lambda _, log, __, read_ms, ___: _days(max, log, read_ms),
    Measure.DAYS_SINCE_FIRST: lambda _, log, __, read_ms, ___: _days(min, log, read_ms),
}
