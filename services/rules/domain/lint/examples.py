"""Made-up subjects: a question that one of them answers needs no solver, and most questions are of that kind.

subjects   a fixed number of them, of the values that tests tell apart; the later ones lack some
truths     per condition the subjects for whom it is false, true, unknown: three ints, one bit per subject
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.rules.domain.condition import (
    AllOf,
    AnyOf,
    Condition,
    Fixed,
    Membership,
    Not,
    Opaque,
    TermKind,
    Test,
)
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN
from services.rules.domain.lint.claims import Profile, Question, atoms, attributes, is_timed
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.why.judging import Judges, Subject
from services.rules.domain.why.moment_range import milliseconds, moment_at, moved
from services.rules.domain.written import OnUnknown
from shared.cel.library import TooManySteps
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Value

SUBJECTS = 160
_ALL_KNOWN = 112
_OPAQUE_SUBJECTS = 48
"""The library is asked about so many only."""

Truths = tuple[int, int, int]
"""By verdict: FALSE, TRUE, UNKNOWN."""


class Examples:
    def __init__(
        self,
        conditions: Sequence[Condition],
        declarations: Declarations,
        segments: Mapping[str, Membership],
        judges: Judges,
        now: datetime,
    ) -> None:
        self._judges = judges
        self._segments = segments
        self._truths: dict[Condition, Truths] = {}
        tests: defaultdict[str, list[Test]] = defaultdict(list)
        for atom in atoms(conditions, segments):
            if isinstance(atom, Test):
                tests[atom.term.attribute].append(atom)
        pools = {
            name: candidates(attribute.type, tests[name], attribute.allowed, now)
            for name, attribute in declarations.items()
        }
        self._subjects = [_subject(random.Random(seed), seed, pools, now) for seed in range(SUBJECTS)]  # noqa: S311

    def answering(self, question: Question) -> Profile | None:
        """Of one of the subjects, if the question is about any of them."""
        found = (1 << (_ALL_KNOWN if question.all_known else SUBJECTS)) - 1
        for claim in question.claims:
            truths = self._of(claim.condition)
            found &= sum(truths[verdict] for verdict in (FALSE, TRUE, UNKNOWN) if claim.wanted[verdict])
            if not found:
                return None
        subject = self._subjects[(found & -found).bit_length() - 1]
        conditions = [claim.condition for claim in question.claims]
        read = attributes(conditions, self._segments)
        values = {name: value for name, value in subject.values.items() if value is not None and name in read}
        return Profile(values, subject.now, is_timed(conditions, self._segments))

    def _of(self, condition: Condition) -> Truths:
        truths = self._truths.get(condition)
        if truths is None:
            truths = self._truths[condition] = self._made(condition)
        return truths

    def _made(self, condition: Condition) -> Truths:
        everyone = (1 << SUBJECTS) - 1
        match condition:
            case Test():
                return _truths(self._judges.of(condition), self._subjects)
            case Opaque():
                return _truths(self._judges.of(condition), self._subjects[:_OPAQUE_SUBJECTS])
            case Fixed(verdict=verdict):
                return everyone * (verdict == FALSE), everyone * (verdict == TRUE), everyone * (verdict == UNKNOWN)
            case Not(operand=operand):
                false, true, unknown = self._of(operand)
                return true, false, unknown
            case Membership(condition=inner, on_unknown=on_unknown):
                false, true, unknown = self._of(inner)
                return (false, true | unknown, 0) if on_unknown is OnUnknown.PASS else (false | unknown, true, 0)
            case AllOf(operands=operands):
                return _conjunction([self._of(each) for each in operands])
            case AnyOf(operands=operands):
                true, false, unknown = _conjunction([_turned(self._of(each)) for each in operands])
                return false, true, unknown


def _truths(judge: Callable[[Subject], int], subjects: Sequence[Subject]) -> Truths:
    truths = [0, 0, 0]
    for place, subject in enumerate(subjects):
        try:
            truths[judge(subject)] |= 1 << place
        except TooManySteps:
            continue
    return truths[FALSE], truths[TRUE], truths[UNKNOWN]


def _turned(truths: Truths) -> Truths:
    false, true, unknown = truths
    return true, false, unknown


def _conjunction(parts: Sequence[Truths]) -> Truths:
    """Of subjects for whom each part has a verdict."""
    false, true, judged = 0, (1 << SUBJECTS) - 1, (1 << SUBJECTS) - 1
    for part in parts:
        judged &= sum(part)
        false |= part[FALSE]
        true &= part[TRUE]
    return false & judged, true & judged, judged & ~(false | true)


def _subject(chance: random.Random, number: int, pools: Mapping[str, Sequence[Value]], now: datetime) -> Subject:
    may_lack = number >= _ALL_KNOWN
    return Subject(
        {name: None if may_lack and chance.random() < 0.3 else chance.choice(pool) for name, pool in pools.items()}, now
    )


def candidates(
    kind: AttributeType, tests: Sequence[Test], allowed: Sequence[Value], now: datetime
) -> tuple[Value, ...]:
    """Values on all sides of what tests compare with; never none."""
    scalar: Iterable[Any]
    operands: list[Any] = [each.value for test in tests if test.term.kind is TermKind.VALUE for each in test.operands]
    if kind.is_list:
        return tuple(_lists(list(dict.fromkeys(allowed or [*operands, *_OTHER_ELEMENTS[kind.element](now)]))))
    if allowed:
        return tuple(allowed)
    match kind:
        case AttributeType.BOOL:
            return True, False
        case AttributeType.INT:
            scalar = (max(INT64_MIN, min(INT64_MAX, each + more)) for each in operands for more in (-1, 0, 1))
            return tuple(dict.fromkeys(scalar)) or (0,)
        case AttributeType.DOUBLE:
            near = (each + more for each in operands for more in (-0.5, 0.0, 0.5))
            return tuple(dict.fromkeys(each for each in near if abs(each) < float("inf"))) or (0.0,)
        case AttributeType.STRING:
            affixes = [each for each in operands if each]
            composed = [f"{affix}x" for affix in affixes] + [f"x{affix}" for affix in affixes]
            return tuple(dict.fromkeys([*operands, *composed, "other"]))
        case _:
            return tuple(_moments(tests, operands, now))


_OTHER_ELEMENTS: Mapping[AttributeType, Callable[[datetime], tuple[Any, ...]]] = {
    AttributeType.BOOL: lambda _: (True, False),
    AttributeType.INT: lambda _: (1, 2, 3),
    AttributeType.DOUBLE: lambda _: (1.0, 2.0, 3.0),
    AttributeType.STRING: lambda _: ("other_1", "other_2", "other_3"),
    AttributeType.TIMESTAMP: lambda now: tuple(_moved(now, range(3))),
}


def _lists(elements: Sequence[Any]) -> Iterable[Value]:
    yield ()
    yield from ((each,) for each in elements)
    yield tuple(elements)
    yield from (tuple(elements[:count]) for count in range(2, min(len(elements), 6)))
    yield from (tuple(each for each in elements if each != left_out) for left_out in elements[:20])


def _moments(tests: Sequence[Test], operands: Sequence[Any], now: datetime) -> Iterable[datetime]:
    yield now
    units = {TermKind.DAYS_SINCE: timedelta(days=1), TermKind.HOURS_SINCE: timedelta(hours=1)}
    for test in tests:
        if unit := units.get(test.term.kind):
            counts: list[Any] = [each.value for each in test.operands]
            yield from _moved(now, [count + more for count in counts for more in (-1, 0, 1)], unit)
        elif test.term.kind is TermKind.ELAPSED:
            yield from _moved(now, (1, -1))
    for moment in operands:
        whole = moment_at(milliseconds(moment))
        yield from _moved(whole, (-1, 0, 1))
        yield from _moved(whole, (-1, 1), timedelta(milliseconds=1))


def _moved(moment: datetime, counts: Iterable[int], unit: timedelta = timedelta(days=1)) -> Iterable[datetime]:
    """So many units back, as far as there are such moments."""
    longest = timedelta.max // unit
    found = (moved(moment, -count * unit) for count in counts if abs(count) <= longest)
    return (each for each in found if each is not None)
