"""What expressions read at one moment: the subject's attributes, what was inferred, and an event.

The moment is the event's time, the timer's or the schedule's, never the clock's: the same log gives the same firings.
Conditions are evaluated here only where single-message rules cannot say them (see `lowering`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any

from services.rules.domain.condition import AllOf, AnyOf, Condition, Fixed, Membership, Not, Opaque, TermKind, Test
from services.rules.domain.indexed.native_tests import derivation, native_test
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN, Verdict, conjunction, disjunction, negation
from services.rules.domain.normalise import segment_ids
from services.rules.domain.triggers.vocabulary import EVENT_PREFIX
from services.rules.domain.written import OnUnknown
from shared.cel.library import CheckedExpression, Failure, TooManySteps, is_readable
from shared.cel.preparation import NOW, segment_variable
from shared.cel.syntax import Constant, Name, Node, free_names
from shared.cel.work import MAX_WORK, Polynomial, size_of, work, work_bound
from shared.clock import to_datetime
from shared.values import MAX_VALUE_BYTES, AttributeType, Feature, FeatureStatus, Value, conform

_PYTHON_TYPES: Mapping[AttributeType, type] = {
    AttributeType.BOOL: bool,
    AttributeType.INT: int,
    AttributeType.DOUBLE: float,
    AttributeType.STRING: str,
    AttributeType.TIMESTAMP: datetime,
}


class Reading:
    """Of one message, by one thread.

    facts   of the subject, by name
    traits  inferred ones, before the facts
    event   its properties
    """

    __slots__ = ("_moment_ms", "event", "facts", "traits", "work")

    def __init__(
        self, facts: Mapping[str, Feature], traits: Mapping[str, Value], event: Mapping[str, Value], moment_ms: int
    ) -> None:
        self.facts = facts
        self.traits = traits
        self.event = event
        self._moment_ms = moment_ms
        self.work = 0

    @property
    def now(self) -> datetime:
        return to_datetime(self._moment_ms)


Reader = Callable[[Reading], Value]
"""None for unknown."""
PropertyReader = Callable[[Mapping[str, Value]], Value]
"""Of the properties of an event."""
Decider = Callable[[Reading], Verdict]
Types = Mapping[str, AttributeType]


def name_reader(name: str, kind: AttributeType) -> Reader:
    """A value that is not of the declared type is unknown: events are written by anybody."""
    return _of_event(name.removeprefix(EVENT_PREFIX), kind) if is_property(name) else _fact_reader(name, kind)


def is_property(name: str) -> bool:
    return name.startswith(EVENT_PREFIX)


def property_reader(name: str, kind: AttributeType) -> PropertyReader:
    exact = _PYTHON_TYPES.get(kind)

    def read(properties: Mapping[str, Value]) -> Value:
        value = properties.get(name)
        return value if type(value) is exact else conformed(value, kind)

    return read


def _of_event(name: str, kind: AttributeType) -> Reader:
    exact = _PYTHON_TYPES.get(kind)

    def read(reading: Reading) -> Value:
        value = reading.event.get(name)
        return value if type(value) is exact else conformed(value, kind)

    return read


def _fact_reader(name: str, kind: AttributeType) -> Reader:
    exact = _PYTHON_TYPES.get(kind)

    def read(reading: Reading) -> Value:
        value = reading.traits.get(name)
        if value is None:
            feature = reading.facts.get(name)
            if feature is None or feature.status is not FeatureStatus.PRESENT:
                return None
            value = feature.value
        return value if type(value) is exact else conformed(value, kind)

    return read


def conformed(value: Any, kind: AttributeType) -> Value:
    """None for what is not of the type. Lists of a stored state come as Python lists."""
    if value is None:
        return None
    try:
        return conform(tuple(value) if isinstance(value, list) else value, kind)
    except ValueError:
        return None


def value_reader(expression: CheckedExpression, declared: Types, segments: Mapping[str, Membership]) -> Reader:
    """The value of an expression; None where it cannot be computed, or is no value: too large, or not finite."""
    types = expression.environment.variables
    everything = {**declared, **types}
    match expression.root:
        case Name(name=name) if name in types:
            return name_reader(name, types[name])
        case Constant(value=bool() | int() | float() | str() as value):
            return lambda _: value
    members = {
        segment_variable(each): decider(segments[each], everything, segments) for each in segment_ids(expression.root)
    }
    run = _library(expression.root, expression, members, types, None)

    def read(reading: Reading) -> Value:
        value = run(reading)
        return None if isinstance(value, Failure) or not _is_value(value) else value

    return read


def _is_value(value: Value) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_value, value))
    if isinstance(value, str):
        return len(value.encode()) <= MAX_VALUE_BYTES
    return not isinstance(value, float) or isfinite(value)


def decider(condition: Condition, types: Types, segments: Mapping[str, Membership]) -> Decider:
    """What a condition is; `types` are those of all names in it."""
    match condition:
        case Test():
            return _test(condition, types)
        case Fixed(verdict=verdict):
            return lambda _: verdict
        case Not(operand=operand):
            inner = decider(operand, types, segments)
            return lambda reading: negation(inner(reading))
        case AllOf(operands=operands):
            parts = [decider(each, types, segments) for each in operands]
            return lambda reading: conjunction([part(reading) for part in parts])
        case AnyOf(operands=operands):
            parts = [decider(each, types, segments) for each in operands]
            return lambda reading: disjunction([part(reading) for part in parts])
        case Membership(condition=inside, on_unknown=on_unknown):
            return _membership(decider(inside, types, segments), on_unknown)
        case Opaque():
            return _opaque(condition, types, segments)


def _test(test: Test, types: Types) -> Decider:
    holds, derive = native_test(test), derivation(test.term.kind)
    if test.term.kind is TermKind.NOW:
        return lambda reading: holds(reading.now)
    read = name_reader(test.term.attribute, types[test.term.attribute])
    default = None if test.default is None else test.default.value

    def decide(reading: Reading) -> Verdict:
        value = read(reading)
        value = default if value is None else value
        if value is None:
            return UNKNOWN
        return holds(value if derive is None else derive(value, reading.now))

    return decide


def _membership(inner: Decider, on_unknown: OnUnknown) -> Decider:
    otherwise = TRUE if on_unknown is OnUnknown.PASS else FALSE

    def decide(reading: Reading) -> Verdict:
        verdict = inner(reading)
        return otherwise if verdict == UNKNOWN else verdict

    return decide


def _opaque(condition: Opaque, types: Types, segments: Mapping[str, Membership]) -> Decider:
    members = {segment_variable(each): decider(segments[each], types, segments) for each in condition.segments}
    default = None if condition.default is None else condition.default.value
    run = _library(condition.node, condition.expression, members, types, default)

    def decide(reading: Reading) -> Verdict:
        value = run(reading)
        return TRUE if value is True else FALSE if value is False else UNKNOWN

    return decide


def _library(
    node: Node, expression: CheckedExpression, members: Mapping[str, Decider], types: Types, default: Value
) -> Callable[[Reading], Value | Failure]:
    """Evaluates by the CEL library; a failure, too, where the work goes over the bound of one message."""
    names = [name for name in free_names(node) if name in types]
    readers = [(name, types[name], name_reader(name, types[name])) for name in names]
    sized = {name for name in names if types[name].is_list or types[name] is AttributeType.STRING}
    bound: Polynomial = work_bound(node, sized.__contains__)
    least = bound.get((), 0)
    program, environment = expression.program(node, {}), expression.environment

    def run(reading: Reading) -> Value | Failure:
        values: dict[str, object] = {NOW: reading.now}
        sizes: dict[str, int] = {}
        for name, kind, read in readers:
            value = read(reading)
            value = conformed(default, kind) if value is None else value
            sizes[name] = size_of(value)
            if value is not None and is_readable(value):
                values[name] = list(value) if isinstance(value, tuple) else value
        for name, decide in members.items():
            values[name] = decide(reading) == TRUE
        reading.work += least + work(bound, sizes)
        if reading.work > MAX_WORK:
            return Failure("more work than one message may take")
        try:
            return program.run(environment.activation(values))
        except TooManySteps as error:
            return Failure(str(error))

    return run
