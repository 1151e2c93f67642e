"""Lays conditions out as a program: gives every distinct one a slot."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from itertools import groupby

from services.rules.domain.condition import (
    AllOf,
    AnyOf,
    Condition,
    Default,
    Fixed,
    Membership,
    Not,
    Opaque,
    Test,
    operands,
)
from services.rules.domain.indexed.facts import Column
from services.rules.domain.indexed.native_tests import derivation, native_test
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
from services.rules.domain.indexed.terms import index_of
from services.rules.domain.kleene import UNKNOWN
from shared.cel.library import Program as CelProgram
from shared.cel.preparation import prepared
from shared.cel.work import work_bound
from shared.values import AttributeType

_SIZED = {AttributeType.STRING}

Slots = Mapping[Condition, int]
Programs = MutableMapping[Opaque, CelProgram]
"""Kept from one rule set to the next."""


def assemble(
    owners: Mapping[Condition, str],
    columns: Mapping[str, Column],
    segments: Mapping[str, Membership],
    programs: Programs | None = None,
) -> tuple[Program, Slots]:
    """`owners` names, per condition, the rule that first asks for it."""
    return _Assembly(columns, segments, {} if programs is None else programs).program(owners)


class _Assembly:
    def __init__(self, columns: Mapping[str, Column], segments: Mapping[str, Membership], programs: Programs) -> None:
        self._columns = columns
        self._segments = segments
        self._programs = programs
        self._slots: dict[Condition, int] = {}
        self._steps: list[Step] = []
        self._readers: dict[Default | None, dict[str, Column]] = {}

    def program(self, owners: Mapping[Condition, str]) -> tuple[Program, Slots]:
        order: dict[Condition, str] = {}
        for condition, owner in owners.items():
            self._gather(condition, owner, order)
        probes = self._probes([each for each in order if isinstance(each, Test)])
        fixed = [each for each in order if isinstance(each, Fixed)]
        for each in fixed:
            self._claim(each)
        for condition, owner in order.items():
            if not isinstance(condition, Test | Fixed):
                self._steps.append(self._step(condition, owner))
                self._claim(condition)
        readers = {default: tuple(columns.values()) for default, columns in self._readers.items()}
        return Program(probes, tuple(each.verdict for each in fixed), tuple(self._steps), readers), self._slots

    def _claim(self, condition: Condition) -> None:
        self._slots[condition] = len(self._slots)

    def _gather(self, condition: Condition, owner: str, order: dict[Condition, str]) -> None:
        """Every condition below, each once, operands first."""
        if condition in order:
            return
        below = operands(condition)
        if isinstance(condition, Opaque):
            below = tuple(self._segments[each] for each in condition.segments)
        for part in below:
            self._gather(part, owner, order)
        order[condition] = owner

    def _probes(self, tests: Sequence[Test]) -> tuple[Probe, ...]:
        def key(test: Test) -> tuple[str, str, str]:
            default = "" if test.default is None else test.default.spelling
            return test.term.attribute, test.term.kind.value, default

        return tuple(self._probe(list(group)) for _, group in groupby(sorted(tests, key=key), key=key))

    def _probe(self, tests: Sequence[Test]) -> Probe:
        for test in tests:
            self._claim(test)
        term, default = tests[0].term, tests[0].default
        return Probe(
            index=index_of(term, self._columns),
            derive=derivation(term.kind),
            default=None if default is None else default.value,
            tests=tuple(native_test(test) for test in tests),
            unknown=(UNKNOWN,) * len(tests),
            conditions=tuple(tests),
        )

    def _step(self, condition: Condition, owner: str) -> Step:
        match condition:
            case Not(operand=operand):
                return NotStep(self._slots[operand])
            case AllOf(operands=parts):
                return AllOfStep(tuple(self._slots[part] for part in parts))
            case AnyOf(operands=parts):
                return AnyOfStep(tuple(self._slots[part] for part in parts))
            case Membership(condition=inner, on_unknown=on_unknown):
                return MembershipStep(self._slots[inner], on_unknown)
            case Opaque():
                return self._opaque(condition, owner)
            case _:
                raise AssertionError(f"{condition} is no step")

    def _opaque(self, condition: Opaque, owner: str) -> OpaqueStep:
        columns = tuple(self._columns[name] for name in condition.attributes)
        self._readers.setdefault(condition.default, {}).update({column.name: column for column in columns})
        sized = {column.name for column in columns if column.type.is_list or column.type in _SIZED}
        bound = work_bound(prepared(condition.node, condition.constants), sized.__contains__)
        return OpaqueStep(
            program=self._program(condition),
            default=condition.default,
            segments={each: self._slots[self._segments[each]] for each in condition.segments},
            bound=bound if any(bound) else {},
            columns=columns,
            rule_id=owner,
            constant_work=bound.get((), 0),
        )

    def _program(self, condition: Opaque) -> CelProgram:
        program = self._programs.get(condition)
        if program is None:
            program = condition.expression.program(condition.node, condition.constants)
            self._programs[condition] = program
        return program
