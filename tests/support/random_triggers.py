"""Random triggers over a small world, and random logs of it. What their CEL means is written beside it in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from services.rules.domain.rule_set import AttributeDeclaration, EventTypeDeclaration, RuleSet, Segment
from services.rules.domain.triggers.declaration import (
    Effect,
    Emit,
    EventMatch,
    Pattern,
    PatternKind,
    Schedule,
    SetTrait,
    Trigger,
)
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.written import OnUnknown
from shared.clock import to_datetime
from shared.values import AttributeType, Value
from tests.support.trigger_reference import DAY_MS, HOUR_MS, Lookup, Meaning, Read, Unknown
from tests.support.trigger_run import Step

START_MS = 1_780_000_000_000 // DAY_MS * DAY_MS
MINUTE_MS = 60_000
PEOPLE = ("ann", "bob")
INT, DOUBLE, STRING, BOOL = AttributeType.INT, AttributeType.DOUBLE, AttributeType.STRING, AttributeType.BOOL

ATTRIBUTES = (
    AttributeDeclaration("vip", BOOL),
    AttributeDeclaration("score", INT),
    AttributeDeclaration("since", AttributeType.TIMESTAMP),
    AttributeDeclaration("flag", BOOL),
    AttributeDeclaration("level", STRING),
    AttributeDeclaration("context.weather", STRING),
)
EVENT_TYPES = (
    EventTypeDeclaration("a", {"n": INT, "k": STRING, "x": DOUBLE}),
    EventTypeDeclaration("b", {"n": INT, "k": STRING, "x": INT}),
    EventTypeDeclaration("c", {"n": INT, "thing": STRING}),
)
SEGMENTS = (
    Segment("good", "vip && score > 3"),
    Segment("maybe", 'in_segment("good") || context.weather == "rain"', OnUnknown.PASS),
)


def _both(*parts: Callable[[], Any]) -> Any:
    found = [_tried(part) for part in parts]
    return False if False in found else _or_unknown(found, otherwise=True)


def _either(*parts: Callable[[], Any]) -> Any:
    found = [_tried(part) for part in parts]
    return True if True in found else _or_unknown(found, otherwise=False)


def _tried(part: Callable[[], Any]) -> Any:
    try:
        return part()
    except Unknown:
        return None


def _or_unknown(found: list[Any], *, otherwise: bool) -> bool:
    if None in found:
        raise Unknown
    return otherwise


def _good(get: Lookup) -> bool:
    return _tried(lambda: _both(lambda: get("vip"), lambda: get("score") > 3)) is True


def _maybe(get: Lookup) -> bool:
    return (
        True if _good(get) else _tried(lambda: _either(lambda: _good(get), lambda: get("context.weather"))) is not False
    )


def _days(get: Lookup) -> int:
    moment: int = get("since")
    now: int = get("now")
    return (now - moment) // DAY_MS


def _read(*names: str) -> Callable[[Meaning], Read]:
    return lambda meaning: Read(meaning, frozenset(names))


SUBJECT_CONDITIONS: Mapping[str, Read] = {
    "vip": _read("vip")(lambda get: get("vip")),
    "!flag": _read("flag")(lambda get: not get("flag")),
    "flag || score > 3": _read("flag", "score")(lambda get: _either(lambda: get("flag"), lambda: get("score") > 3)),
    'level == "hi" && !(score < 2)': _read("level", "score")(
        lambda get: _both(lambda: get("level") == "hi", lambda: not get("score") < 2)
    ),
    'level in ["hi", "k1"]': _read("level")(lambda get: get("level") in ("hi", "k1")),
    "days_since(since) >= 1": _read("since")(lambda get: _days(get) >= 1),
    "since + duration('36h') < now()": _read("since")(lambda get: get("since") + 36 * HOUR_MS < get("now")),
    "score + 1 > 4": _read("score")(lambda get: get("score") + 1 > 4),
    'in_segment("good")': _read("vip", "score")(_good),
    '!in_segment("good")': _read("vip", "score")(lambda get: not _good(get)),
    'in_segment("maybe") && vip': _read("vip", "score", "context.weather")(
        lambda get: _both(lambda: _maybe(get), lambda: get("vip"))
    ),
    '!in_segment("maybe")': _read("vip", "score", "context.weather")(lambda get: not _maybe(get)),
}
EVENT_CONDITIONS: Mapping[str, Read] = {
    "event.n > 1": _read()(lambda get: get("event.n") > 1),
    "event.n * 2 != 4": _read()(lambda get: get("event.n") * 2 != 4),
    "vip || event.n == 0": _read("vip")(lambda get: _either(lambda: get("vip"), lambda: get("event.n") == 0)),
    "!(event.n >= 2 && flag)": _read("flag")(lambda get: not _both(lambda: get("event.n") >= 2, lambda: get("flag"))),
}
SUBJECT_VALUES: Mapping[str, Read] = {
    "score + 1": _read("score")(lambda get: get("score") + 1),
    "level": _read("level")(lambda get: get("level")),
    'vip ? "v" : "w"': _read("vip")(lambda get: "v" if get("vip") else "w"),
    '"hi"': _read()(lambda get: "hi"),
    'in_segment("good")': _read("vip", "score")(_good),
}
EVENT_VALUES: Mapping[str, Read] = {"event.n": _read()(lambda get: get("event.n"))}
FLAG_VALUES: Mapping[str, Read] = {
    "true": _read()(lambda get: True),
    "vip": SUBJECT_CONDITIONS["vip"],
    "!flag": SUBJECT_CONDITIONS["!flag"],
}
MEANINGS = {**SUBJECT_CONDITIONS, **EVENT_CONDITIONS, **SUBJECT_VALUES, **EVENT_VALUES, **FLAG_VALUES}
"""By the text of the CEL."""

_JOIN_PROPERTY = {"a": "", "b": "", "c": "thing"}
_HAS_AMOUNT = ("a", "b")


def _wheres() -> st.SearchStrategy[str]:
    return st.integers(0, 3).flatmap(
        lambda each: st.just("") if each else st.sampled_from([*EVENT_CONDITIONS, *SUBJECT_CONDITIONS])
    )


@st.composite
def matches(draw: st.DrawFn, joined: bool, types: str, by_anyone: bool = False) -> EventMatch:
    event_type = draw(st.sampled_from(list(types)))
    return EventMatch(event_type, draw(_wheres()), by_anyone, _JOIN_PROPERTY[event_type] if joined else "")


@st.composite
def patterns(draw: st.DrawFn, number: int) -> Pattern:
    kind = draw(st.sampled_from([*PatternKind, PatternKind.SEQUENCE, PatternKind.ALL]))
    joined = draw(st.booleans())
    is_adding = kind in (PatternKind.COUNT, PatternKind.SUM)
    count = 1 if is_adding else draw(st.integers(2 if kind is not PatternKind.ANY else 1, 3))
    types = "ab" if kind is PatternKind.SUM else draw(st.sampled_from(["aab", "abc", "ac", "a"]))
    parts = [draw(matches(joined, types)) for _ in range(count)]
    absent, absent_ms = None, 0
    if draw(st.integers(0, 2)) == 2:
        absent = draw(matches(joined, "abc"))
        # No two triggers are due in the same moment.
        absent_ms = draw(st.sampled_from([20 * MINUTE_MS, 2 * HOUR_MS, 30 * HOUR_MS])) + number
    if kind is PatternKind.SEQUENCE and joined and draw(st.booleans()):
        parts[-1] = draw(matches(joined, "bc", by_anyone=True))
    return Pattern(
        kind,
        tuple(parts),
        within_ms=0 if kind is PatternKind.ANY else draw(st.sampled_from([10 * MINUTE_MS, HOUR_MS, 50 * HOUR_MS])),
        at_least={
            PatternKind.COUNT: draw(st.integers(1, 4)),
            PatternKind.SUM: draw(st.sampled_from([1.0, 2.5, 4])),
        }.get(kind, 0),
        sum_of="x" if kind is PatternKind.SUM else "",
        join="k" if joined else "",
        absent=absent,
        absent_ms=absent_ms,
        restarts=absent is not None and draw(st.booleans()),
    )


def _effects(has_event: bool) -> st.SearchStrategy[tuple[Effect, ...]]:
    values = [*SUBJECT_VALUES, *(EVENT_VALUES if has_event else {})]
    emits = st.builds(
        Emit, st.sampled_from(["told", "said"]), st.dictionaries(st.sampled_from("pq"), st.sampled_from(values))
    )
    traits = st.one_of(
        st.sampled_from(list(FLAG_VALUES)).map(lambda text: SetTrait("flag", text)),
        st.sampled_from(['"hi"', "level", 'vip ? "v" : "w"']).map(lambda text: SetTrait("level", text)),
        st.just(SetTrait("score", "score + 1")),
    )
    return st.lists(st.one_of(emits, emits, emits, traits), min_size=1, max_size=2).map(tuple)


@st.composite
def triggers(draw: st.DrawFn, number: int) -> Trigger:
    is_schedule = draw(st.integers(0, 9)) == 9
    conditions = [*SUBJECT_CONDITIONS, *([] if is_schedule else EVENT_CONDITIONS)]
    condition = draw(st.sampled_from(conditions)) if is_schedule or draw(st.integers(0, 2)) == 2 else ""
    on_unknown = draw(st.sampled_from([OnUnknown.FAIL, OnUnknown.PASS]))
    default: Value = None
    if condition in ("!flag", "vip") and draw(st.booleans()):
        on_unknown, default = OnUnknown.DEFAULT, draw(st.booleans())
    if condition in ("event.n > 1", "score + 1 > 4") and draw(st.booleans()):
        on_unknown, default = OnUnknown.DEFAULT, draw(st.integers(0, 5))
    weekdays = draw(st.sampled_from([(), (1, 2, 3), (5, 6, 7)]))
    when = Schedule(draw(st.sampled_from(["00:00", "09:30"])), weekdays) if is_schedule else draw(patterns(number))
    return Trigger(
        f"t{number}",
        when,
        draw(_effects(not is_schedule)),
        condition,
        on_unknown,
        default,
        draw(st.sampled_from([0, 0, 0, 15 * MINUTE_MS, 5 * HOUR_MS])),
    )


@st.composite
def rule_sets(draw: st.DrawFn, most: int = 4) -> RuleSet:
    count = draw(st.integers(1, most))
    declared = tuple(draw(triggers(number)) for number in range(count))
    return RuleSet(ATTRIBUTES, SEGMENTS, event_types=EVENT_TYPES, triggers=declared)


@st.composite
def waiting_rule_sets(draw: st.DrawFn) -> RuleSet:
    """Triggers that wait for an event about a thing."""
    declared = []
    for number in range(draw(st.integers(1, 2))):
        before = [EventMatch(draw(st.sampled_from("aab"))) for _ in range(draw(st.integers(1, 2)))]
        thing = EventMatch("c", draw(st.sampled_from(["", "event.n > 1"])), by_anyone=True, join_property="thing")
        within_ms = draw(st.sampled_from([10 * MINUTE_MS, 50 * HOUR_MS]))
        absent = draw(st.sampled_from([None, None, EventMatch("b")]))
        pattern = Pattern(
            PatternKind.SEQUENCE,
            (*before, thing),
            within_ms=within_ms,
            join="k",
            absent=absent,
            absent_ms=0 if absent is None else HOUR_MS + number,
        )
        declared.append(Trigger(f"t{number}", pattern, (Emit("back", {"n": "event.n"}),)))
    return RuleSet(ATTRIBUTES, SEGMENTS, event_types=EVENT_TYPES, triggers=tuple(declared))


def facts() -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    """What is known of each person; moments are milliseconds."""
    known = st.fixed_dictionaries(
        {},
        optional={
            "vip": st.booleans(),
            "score": st.integers(0, 5),
            "since": st.sampled_from([START_MS, START_MS - 2 * DAY_MS]),
            "flag": st.booleans(),
            "level": st.sampled_from(["hi", "lo"]),
        },
    )
    return st.fixed_dictionaries(dict.fromkeys(PEOPLE, known))


def feature_value(name: str, value: Any) -> Value:
    return to_datetime(value) if name == "since" else value


@st.composite
def happenings(draw: st.DrawFn, number: int, now_ms: int, types: str) -> Happening:
    event_type = draw(st.sampled_from(types))
    # Letters before numbers, so that events of one moment are not in the order of their arrival.
    event_id = f"{draw(st.sampled_from('xyz'))}{number}"
    late_ms = draw(st.sampled_from([0, 0, 0, MINUTE_MS, 7 * MINUTE_MS, 2 * HOUR_MS, 40 * HOUR_MS, 80 * HOUR_MS]))
    properties: dict[str, Value] = {}
    if draw(st.integers(0, 9)) < 9:
        properties["n"] = draw(st.integers(0, 3))
    if draw(st.integers(0, 9)) < 9:
        properties["thing" if event_type == "c" else "k"] = draw(st.sampled_from(["k1", "k1", "k2"]))
    if event_type in _HAS_AMOUNT and draw(st.integers(0, 9)) < 9:
        amount = draw(st.integers(-1, 4))
        properties["x"] = amount if event_type == "b" else amount / 2
    person = draw(st.sampled_from([PEOPLE[0], *PEOPLE, PEOPLE[0], ""]))
    return Happening(event_id, person, event_type, now_ms - late_ms, properties)


@st.composite
def logs(draw: st.DrawFn, most: int = 20, types: str = "aabbc") -> list[Step]:
    """Events as they come in, late, twice and out of order; between them the log is read to its end."""
    now_ms, steps = START_MS, list[Step]()
    for number in range(draw(st.integers(min(8, most), most))):
        now_ms += draw(st.sampled_from([0, 0, MINUTE_MS, MINUTE_MS, 9 * MINUTE_MS, HOUR_MS, 25 * HOUR_MS]))
        come = [each.happening for each in steps if each.happening is not None]
        match draw(st.integers(0, 9)):
            case 8 | 9:
                steps.append(Step(now_ms))
            case 7 if come:
                steps.append(Step(now_ms, draw(st.sampled_from(come))))
            case _:
                steps.append(Step(now_ms, draw(happenings(number, now_ms, types))))
    return [*steps, Step(now_ms), Step(now_ms + 60 * HOUR_MS)]
