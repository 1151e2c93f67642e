"""The values of an attribute that are worth trying: its domain, nearest first.

Of values that every test answers the same, only the nearest is worth trying, and none that answers as the one that was
held. An expression of the library has no thresholds: for what it reads, guesses are tried (`guesses`, `solving`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.rules.domain.condition import Opaque, Test
from services.rules.domain.rule_set import AttributeDeclaration
from services.rules.domain.why.clause import OPAQUE_COST, Clause
from services.rules.domain.why.distance import distance
from services.rules.domain.why.guesses import coarse, near, tried_to
from services.rules.domain.why.judging import Subject, judge_of
from services.rules.domain.why.lists import lists
from services.rules.domain.why.numbers import doubles, integers, moments
from services.rules.domain.why.solving import meeting
from services.rules.domain.why.texts import texts
from shared.values import AttributeType, Feature, Scalar, Value

_OVERHEAD = 40
"""Of one domain, in native tests."""
_MAX_ALLOWED = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """`value` None: unknown."""

    distance: float
    value: Value


@dataclass(frozen=True, slots=True)
class Domain:
    """`is_complete`: where none of the candidates will do, no value of the attribute does.

    `coarse` are those of the candidates that are worth trying in combinations. `tried_to`: of the values that are at a
    smaller distance none was left out.
    """

    candidates: tuple[Candidate, ...]
    coarse: tuple[Candidate, ...]
    is_complete: bool
    tried_to: float
    work: int


def domain_of(attribute: AttributeDeclaration, held: Feature, readers: Sequence[Clause], subject: Subject) -> Domain:
    """As far as the clauses `readers` can tell values apart; `subject` holds the attribute's value as it was read.

    The comparisons of the first readers are solved before those of later ones, which the bound on them may leave out.
    """
    name, kind, known = attribute.name, attribute.type, subject.values[attribute.name]
    tests = _reading([test for each in readers for test in each.tests], name)
    opaques = [each for clause in readers for each in clause.opaques if name in each.attributes]
    # A stale value is unknown to the clauses; what is proposed is near it all the same.
    base = held.value if known is None else known
    values, is_complete = _proposals(attribute, base, tests, opaques, subject)
    found = [known, *_again(attribute, held, known), *values, *([] if known is None else [None])]
    work = _OVERHEAD + len(values) * (len(tests) + 1)
    if not opaques:
        few = _candidates(_told_apart(name, found, tests, subject, held), known, held, subject.now)
        return Domain(few, few, is_complete, math.inf if is_complete else tried_to(kind, held, subject.now), work)
    if attribute.allowed:
        few = _candidates(_permitted(found, base, attribute), known, held, subject.now)
        return Domain(few, few, is_complete, math.inf if is_complete else 0.0, work)
    gaps = [gap for each in readers for gap in each.gaps if name in gap.reads]
    met, asked = meeting(name, kind, base, gaps, subject)
    found += met
    few = _candidates(found, known, held, subject.now)
    all_of_them = _candidates([*found, *near(kind, base, subject.now)], known, held, subject.now)
    to = math.inf if is_complete else tried_to(kind, held, subject.now)
    return Domain(all_of_them, few, is_complete, to, work + asked * OPAQUE_COST)


def _permitted(values: Iterable[Value], held: Value, attribute: AttributeDeclaration) -> Iterator[Value]:
    """Without lists of what is not allowed, unless they hold it already."""
    elements = held if isinstance(held, tuple) else ()
    allowed = {*attribute.allowed, *elements}
    return (each for each in values if not isinstance(each, tuple) or allowed.issuperset(each))


def _candidates(values: Iterable[Value], known: Value, held: Feature, now: datetime) -> tuple[Candidate, ...]:
    found = [Candidate(distance(held, value, now), value) for value in dict.fromkeys(values) if value != known]
    return tuple(sorted(found, key=lambda each: each.distance))


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
    native, is_complete = _by_tests(attribute, held, tests, subject.now)
    guessed = coarse(opaques, kind, held, subject.now) if opaques else ()
    return (*native, *guessed), is_complete and not opaques


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
