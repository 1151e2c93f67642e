"""Many subjects against one rule set: subjects are bits, so that what is no look-up is evaluated once for all of them.

    planes   per slot of the program, the subjects for whom it is true, and those for whom it is unknown
    fallen   int[subjects], what falls for each (`units` draws its bits)

Look-ups cost a subject as much as they cost it alone; what only the library can evaluate is evaluated subject by
subject. The answers are those of one evaluation each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from services.rules.domain.indexed.drops import Masks
from services.rules.domain.indexed.facts import Facts
from services.rules.domain.indexed.planes import Plane, TermValues, conjunction, disjunction, grouped, negation
from services.rules.domain.indexed.program import (
    AllOfStep,
    AnyOfStep,
    MembershipStep,
    NotStep,
    OpaqueStep,
    Probe,
    Program,
    Step,
)
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN, Verdict
from services.rules.domain.written import OnUnknown
from shared.errors import TandemError

Checks = Sequence[tuple[int, Masks]]


def fallen_together(program: Program, checks: Checks, subjects: Sequence[Facts]) -> list[int | TandemError]:
    """What the checks drop for each of the subjects, in their order; an error for one that costs too much."""
    return _Run(program, subjects).fallen(checks)


def verdicts_together(program: Program, subjects: Sequence[Facts]) -> tuple[list[Plane], int]:
    """Per slot the subjects for whom it is true or unknown; and those who cost too much, whatever it says of them."""
    run = _Run(program, subjects)
    planes = run.planes()
    return planes, sum(1 << place for place in run.refused)


class _Run:
    """A subject that is refused keeps its bit, whatever it says then."""

    def __init__(self, program: Program, subjects: Sequence[Facts]) -> None:
        self._program = program
        self._subjects = subjects
        self._bits = [1 << place for place in range(len(subjects))]
        self._everyone = (1 << len(subjects)) - 1
        self._refused: dict[int, TandemError] = {}
        self._columns: dict[int, Mapping[Any, int]] = {}
        self._planes: list[Plane] = []

    def fallen(self, checks: Checks) -> list[int | TandemError]:
        self._run()
        fallen = [0] * len(self._subjects)
        for slot, (false, true, unknown) in checks:
            plane = self._planes[slot]
            for mask, subjects in ((false, self._false(plane)), (true, plane.true), (unknown, plane.unknown)):
                for place in _places(subjects) if mask else ():
                    fallen[place] |= mask
        return [self._refused.get(place, mask) for place, mask in enumerate(fallen)]

    def planes(self) -> list[Plane]:
        self._run()
        return self._planes

    @property
    def refused(self) -> Collection[int]:
        return self._refused

    def _run(self) -> None:
        for probe in self._program.probes:
            self._probe(probe)
        self._planes += [self._same(verdict) for verdict in self._program.fixed]
        for step in self._program.steps:
            self._planes.append(self._step(step))

    def _probe(self, probe: Probe) -> None:
        by_value = dict(self._column(probe.index))
        unknown = by_value.pop(None, 0)
        if unknown and probe.default is not None:
            by_value[probe.default] = by_value.get(probe.default, 0) | unknown
            unknown = 0
        if probe.derive is not None:
            now = self._subjects[0].now
            by_value = grouped([probe.derive(value, now) for value in by_value], list(by_value.values()))
        term = TermValues.of(by_value, unknown)
        self._planes += [term.plane(*each) for each in zip(probe.conditions, probe.tests, strict=True)]

    def _column(self, index: int) -> Mapping[Any, int]:
        """The subjects with each value of an attribute; None for unknown."""
        if index not in self._columns:
            self._columns[index] = grouped([facts.values[index] for facts in self._subjects], self._bits)
        return self._columns[index]

    def _same(self, verdict: Verdict) -> Plane:
        return Plane(self._everyone * (verdict == TRUE), self._everyone * (verdict == UNKNOWN))

    def _false(self, plane: Plane) -> int:
        return self._everyone & ~(plane.true | plane.unknown)

    def _step(self, step: Step) -> Plane:
        planes = self._planes
        match step:
            case NotStep(slot):
                return negation(planes[slot], self._everyone)
            case AllOfStep(slots):
                return conjunction([planes[slot] for slot in slots], self._everyone)
            case AnyOfStep(slots):
                return disjunction([planes[slot] for slot in slots])
            case MembershipStep(slot, on_unknown):
                true, unknown = planes[slot]
                return Plane(true | unknown if on_unknown is OnUnknown.PASS else true, 0)
            case OpaqueStep():
                return self._opaque(step)
            case _:
                raise AssertionError(f"{step} is no step")

    def _opaque(self, step: OpaqueStep) -> Plane:
        true = unknown = 0
        for place, facts in enumerate(self._subjects):
            if place in self._refused:
                continue
            try:
                verdict = step.verdict(_OfSubject(self._planes, place), facts)
            except TandemError as refused:
                self._refused[place] = refused
                continue
            true |= (verdict == TRUE) << place
            unknown |= (verdict == UNKNOWN) << place
        return Plane(true, unknown)


class _OfSubject(Sequence[Verdict]):
    """The verdicts of one subject, by slot."""

    def __init__(self, planes: Sequence[Plane], place: int) -> None:
        self._planes = planes
        self._place = place

    def __getitem__(self, slot: Any) -> Any:
        true, unknown = self._planes[slot]
        return TRUE if true >> self._place & 1 else UNKNOWN if unknown >> self._place & 1 else FALSE

    def __len__(self) -> int:
        return len(self._planes)


def _places(subjects: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while subjects:
        lowest = subjects & -subjects
        yield lowest.bit_length() - 1
        subjects ^= lowest
