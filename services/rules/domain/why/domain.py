"""The values of an attribute that are worth trying: its domain, nearest first.

Of values that every test answers the same, only the nearest is worth trying, and none that answers as the one that was
held. An expression of the library has no thresholds: for what it reads, its constants and steps away from the value
that was held are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.rules.domain.condition import Opaque, Test
from services.rules.domain.rule_set import AttributeDeclaration
from services.rules.domain.why.clause import Clause
from services.rules.domain.why.distance import distance
from services.rules.domain.why.judging import Subject, judge_of
from services.rules.domain.why.lists import lists
from services.rules.domain.why.numbers import doubles, integers, moments
from services.rules.domain.why.texts import texts
from shared.cel.syntax import Constant, walk
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Feature, Scalar, Value, conform

_OVERHEAD = 40
"""Of one domain, in native tests."""
_MAX_ALLOWED = 200
_STEPS = tuple(2**exponent for exponent in range(0, 24, 2))
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """`value` None: unknown."""

    distance: float
    value: Value


@dataclass(frozen=True, slots=True)
class Domain:
    """`is_complete`: where none of the candidates will do, no value of the attribute does."""

    candidates: tuple[Candidate, ...]
    is_complete: bool
    work: int


def domain_of(attribute: AttributeDeclaration, held: Feature, readers: Sequence[Clause], subject: Subject) -> Domain:
    """As far as the clauses `readers` can tell values apart; `subject` holds the attribute's value as it was read."""
    tests = _reading([test for each in readers for test in each.tests], attribute.name)
    opaques = [each for clause in readers for each in clause.opaques if attribute.name in each.attributes]
    known = subject.values[attribute.name]
    # A stale value is unknown to the clauses; what is proposed is near it all the same.
    values, is_complete = _proposals(attribute, held.value if known is None else known, tests, opaques, subject)
    found = [known, *_again(attribute, held, known), *values, *([] if known is None else [None])]
    if not opaques:
        found = _told_apart(attribute.name, found, tests, subject, held)
    candidates = [
        Candidate(distance(held, value, subject.now), value) for value in dict.fromkeys(found) if value != known
    ]
    candidates.sort(key=lambda each: each.distance)
    return Domain(tuple(candidates), is_complete, _OVERHEAD + len(values) * (len(tests) + 1))


def _reading(tests: Iterable[Test], name: str) -> list[Test]:
    return list(dict.fromkeys(test for test in tests if test.term.attribute == name))


def _again(attribute: AttributeDeclaration, held: Feature, known: Value) -> Iterator[Value]:
    """A stale value, observed once more."""
    is_allowed = attribute.type.is_list or not attribute.allowed or held.value in attribute.allowed
    if known is None and held.value is not None and is_allowed:
        yield held.value


def _told_apart(
    name: str, values: Sequence[Value], tests: Sequence[Test], subject: Subject, held: Feature
) -> list[Value]:
    """The nearest of the values with the same answers, the first one always; it is the one that was held."""
    judges = [judge_of(test) for test in tests]
    nearest: dict[tuple[int, ...], tuple[float, Value]] = {}
    known = subject.values[name]
    for position, value in enumerate(values):
        subject.values[name] = value
        answers = tuple([int(judge(subject)) for judge in judges])
        apart = distance(held, value, subject.now) if position else -1.0
        if answers not in nearest or apart < nearest[answers][0]:
            nearest[answers] = apart, value
    subject.values[name] = known
    return [value for _, value in nearest.values()]


def _proposals(
    attribute: AttributeDeclaration, held: Value, tests: Sequence[Test], opaques: Sequence[Opaque], subject: Subject
) -> tuple[Sequence[Value], bool]:
    kind = attribute.type
    if attribute.allowed and not kind.is_list:
        tried = attribute.allowed[:_MAX_ALLOWED] if opaques else attribute.allowed
        return tried, len(tried) == len(attribute.allowed)
    if kind is AttributeType.BOOL:
        return (True, False), True
    guesses = [each for opaque in opaques for each in _guesses(opaque, kind, held, subject.now)]
    native, is_complete = _by_tests(attribute, held, tests, subject.now)
    return (*native, *guesses), is_complete and not opaques


def _by_tests(
    attribute: AttributeDeclaration, held: Value, tests: Sequence[Test], now: datetime
) -> tuple[Sequence[Value], bool]:
    match attribute.type:
        case AttributeType.INT:
            return list(integers(tests, held)), True  # type: ignore[arg-type]
        case AttributeType.DOUBLE:
            return list(doubles(tests, held)), True  # type: ignore[arg-type]
        case AttributeType.TIMESTAMP:
            return list(moments(tests, held, now)), True  # type: ignore[arg-type]
        case AttributeType.STRING:
            return texts(tests)
        case kind:
            elements = held if isinstance(held, tuple) else ()
            allowed: Sequence[Scalar] = attribute.allowed  # type: ignore[assignment]
            return lists(tests, elements, kind.element, allowed, now)


def _guesses(opaque: Opaque, kind: AttributeType, held: Value, now: datetime) -> Iterator[Value]:
    """Constants of the expression that are of the type, and what is near them and near the value that was held."""
    constants = [*(node.value for node in walk(opaque.node) if isinstance(node, Constant)), *opaque.constants.values()]
    fitting = [each for constant in constants for each in _conformed(constant, kind.element)]
    if kind.is_list:
        elements = held if isinstance(held, tuple) else ()
        yield ()
        for each in fitting:
            if each in elements:
                yield tuple(element for element in elements if element != each)
            else:
                yield (*elements, each)
        return
    yield from fitting
    for start in [*fitting, *([] if held is None else [held])]:
        yield from _around(start, now)
    yield from _around(_ORIGIN.get(kind), now)


_ORIGIN = {AttributeType.INT: 0, AttributeType.DOUBLE: 0.0}


def _conformed(constant: object, kind: AttributeType) -> Iterator[Scalar]:
    try:
        value = conform(constant, kind)  # type: ignore[arg-type]
    except ValueError:
        return
    if value is not None and not isinstance(value, tuple):
        yield value


def _around(start: Value, now: datetime) -> Iterator[Value]:
    if isinstance(start, bool | str) or start is None:
        return
    if isinstance(start, int):
        moved = [start, *(start + sign * step for step in _STEPS for sign in (1, -1))]
        yield from (each for each in moved if INT64_MIN <= each <= INT64_MAX)
    elif isinstance(start, float):
        yield from (start, *(start + sign * step / 4 for step in _STEPS for sign in (1, -1)))
    elif isinstance(start, datetime):
        yield from (now - sign * step * _DAY for step in _STEPS[:6] for sign in (1, -1))
