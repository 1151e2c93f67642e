"""Conditions as formulas of the solver, for one question.

Kleene's three values are two formulas, "is true" and "is false"; where neither holds it is unknown. An opaque
expression is two free atoms, the same for equal expressions: what is impossible whatever they say is impossible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any, NamedTuple

from services.rules.domain.condition import AllOf, AnyOf, Condition, Fixed, Membership, Not, Opaque, TermKind, Test
from services.rules.domain.indexed.native_tests import native_test
from services.rules.domain.kleene import FALSE, TRUE
from services.rules.domain.lint.claims import Claim, Profile, atoms, is_timed
from services.rules.domain.lint.list_formulas import Lists
from services.rules.domain.lint.text_formulas import Texts
from services.rules.domain.lint.value_formulas import Flags, Formula, Moments, Numbers, ValueFormulas
from services.rules.domain.rule_set import AttributeDeclaration
from services.rules.domain.written import OnUnknown
from shared.values import AttributeType, Value

Declarations = Mapping[str, AttributeDeclaration]


class Truth(NamedTuple):
    true: Formula
    false: Formula


class Language(NamedTuple):
    """The module z3, and where its expressions live."""

    z3: ModuleType
    context: Any


class Formulas:
    def __init__(
        self,
        language: Language,
        declarations: Declarations,
        segments: Mapping[str, Membership],
        claims: Sequence[Claim],
        *,
        within_allowed: bool,
    ) -> None:
        z3, self.context = language
        self._z3 = z3
        self._truths: dict[Condition, Truth] = {}
        tests: defaultdict[str, list[Test]] = defaultdict(list)
        read = atoms([claim.condition for claim in claims], segments)
        for atom in read:
            if isinstance(atom, Test):
                tests[atom.term.attribute].append(atom)
            elif isinstance(atom, Opaque):
                for name in atom.attributes:
                    tests[name] += []
        self._is_timed = is_timed([claim.condition for claim in claims], segments)
        self._now = Moments(z3, self.context, "now", None, ())
        self._values: dict[str, ValueFormulas] = {"": self._now}
        for name, of_attribute in tests.items():
            if name:
                allowed = declarations[name].allowed if within_allowed else ()
                self._values[name] = self._value(declarations[name], of_attribute, allowed)
        self._known = {name: z3.Bool(f"{name} is known", self.context) for name in tests if name}

    @property
    def constraints(self) -> list[Formula]:
        return [each for values in self._values.values() for each in values.constraints]

    @property
    def all_known(self) -> list[Formula]:
        return list(self._known.values())

    def is_at(self, now: datetime) -> Formula:
        return self._now.is_at(now)

    def claim(self, claim: Claim) -> Formula:
        z3, (true, false) = self._z3, self._truth(claim.condition)
        verdicts = (false, true, z3.Not(z3.Or(true, false)))
        return z3.Or([each for each, wanted in zip(verdicts, claim.wanted, strict=True) if wanted], self.context)

    def profile(self, model: Any) -> Profile:
        """Raises Unwritable."""
        known = [name for name, atom in self._known.items() if self._z3.is_true(model.eval(atom, True))]
        values: dict[str, Value] = {name: self._values[name].read(model) for name in known}
        return Profile(values, self._now.moment(model), self._is_timed)

    def _value(self, attribute: AttributeDeclaration, tests: Sequence[Test], allowed: Sequence[Value]) -> ValueFormulas:
        z3, context, name = self._z3, self.context, attribute.name
        match attribute.type:
            case AttributeType.BOOL:
                return Flags(z3, context, name, allowed)
            case AttributeType.INT | AttributeType.DOUBLE:
                return Numbers(z3, context, name, attribute.type, allowed)
            case AttributeType.STRING:
                return Texts(z3, context, name, tests, allowed)
            case AttributeType.TIMESTAMP:
                return Moments(z3, context, name, self._now, allowed)
            case _:
                return Lists(z3, context, name, attribute.type, tests, allowed)

    def _truth(self, condition: Condition) -> Truth:
        truth = self._truths.get(condition)
        if truth is None:
            truth = self._truths[condition] = self._made(condition)
        return truth

    def _made(self, condition: Condition) -> Truth:
        z3 = self._z3
        match condition:
            case Test():
                return self._test(condition)
            case Fixed(verdict=verdict):
                return Truth(z3.BoolVal(verdict == TRUE, self.context), z3.BoolVal(verdict == FALSE, self.context))
            case Opaque():
                true, false = (z3.FreshBool("opaque", self.context) for _ in range(2))
                return Truth(true, z3.And(false, z3.Not(true)))
            case Not(operand=operand):
                true, false = self._truth(operand)
                return Truth(false, true)
            case Membership(condition=inner, on_unknown=on_unknown):
                true, false = self._truth(inner)
                return Truth(z3.Not(false), false) if on_unknown is OnUnknown.PASS else Truth(true, z3.Not(true))
            case AllOf(operands=operands):
                parts = [self._truth(each) for each in operands]
                return Truth(z3.And([each.true for each in parts]), z3.Or([each.false for each in parts]))
            case AnyOf(operands=operands):
                parts = [self._truth(each) for each in operands]
                return Truth(z3.Or([each.true for each in parts]), z3.And([each.false for each in parts]))

    def _test(self, test: Test) -> Truth:
        z3, name = self._z3, test.term.attribute
        holds = self._values[name].holds(test)
        if not name:
            return Truth(holds, z3.Not(holds))
        known = self._known[name]
        if test.default is None:
            return Truth(z3.And(known, holds), z3.And(known, z3.Not(holds)))
        settled = z3.If(known, holds, self._of_default(test))
        return Truth(settled, z3.Not(settled))

    def _of_default(self, test: Test) -> Formula:
        assert test.default is not None
        value: Any = test.default.value
        if test.term.kind is TermKind.SIZE:
            value = len(value)
        elif test.term.kind is not TermKind.VALUE:
            return self._z3.FreshBool("default", self.context)
        return self._z3.BoolVal(native_test(test)(value), self.context)
