"""Decides questions by z3 (https://github.com/Z3Prover/z3), which is imported when the first one is asked.

Nobody who only evaluates rules pays for it. A solver has a context of its own, so that threads do not meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.rules.domain.condition import Membership
from services.rules.domain.lint.budget import Budget
from services.rules.domain.lint.claims import Answer, Impossible, Possible, Profile, Question
from services.rules.domain.lint.formulas import Declarations, Formulas, Language
from services.rules.domain.lint.value_formulas import Unwritable


class Solver:
    """For one thread. `now` is the moment that profiles are about, where it can be."""

    def __init__(
        self, declarations: Declarations, segments: Mapping[str, Membership], now: datetime, budget: Budget
    ) -> None:
        self._declarations = declarations
        self._segments = segments
        self._now = now
        self._budget = budget
        self._context: Any = None

    def decide(self, question: Question) -> Answer:
        if not self._budget.left_ms:
            return None
        import z3

        if self._context is None:
            self._context = z3.Context()
        language = Language(z3, self._context)
        formulas = Formulas(
            language, self._declarations, self._segments, question.claims, within_allowed=question.within_allowed
        )
        return _Run(z3, formulas, question, self._budget).answer(self._now)


class _Run:
    def __init__(self, z3: Any, formulas: Formulas, question: Question, budget: Budget) -> None:
        self._z3 = z3
        self._formulas = formulas
        self._budget = budget
        self._solver = z3.Solver(ctx=formulas.context)
        self._labels = [z3.Bool(f"claim {place}", formulas.context) for place in range(len(question.claims))]
        for label, claim in zip(self._labels, question.claims, strict=True):
            self._solver.add(z3.Implies(label, formulas.claim(claim)))
        self._solver.add(formulas.constraints)
        if question.all_known:
            self._solver.add(formulas.all_known)

    def answer(self, now: datetime) -> Answer:
        found = self._check(self._labels)
        if found == self._z3.unsat:
            core = self._core(self._named(self._solver.unsat_core()))
            return None if core is None else Impossible(core)
        if found != self._z3.sat:
            return None
        return Possible(self._profile(now))

    def _profile(self, now: datetime) -> Profile | None:
        model = self._solver.model()
        if self._check([*self._labels, self._formulas.is_at(now)]) == self._z3.sat:
            model = self._solver.model()
        try:
            return self._formulas.profile(model)
        except Unwritable:
            return None

    def _core(self, core: Sequence[int]) -> tuple[int, ...] | None:
        """Without what is not needed for the contradiction; None where there was no time to find out."""
        needed = list(core)
        for place in core:
            others = [each for each in needed if each != place]
            found = self._check([self._labels[each] for each in others])
            if found == self._z3.unsat:
                needed = others
            elif found != self._z3.sat:
                return None
        return tuple(sorted(needed))

    def _check(self, assumptions: Sequence[Any]) -> Any:
        left_ms = self._budget.left_ms
        if not left_ms:
            return self._z3.unknown
        self._solver.set("timeout", left_ms)
        return self._solver.check(assumptions)

    def _named(self, core: Sequence[Any]) -> list[int]:
        names = {str(label): place for place, label in enumerate(self._labels)}
        return [names[str(label)] for label in core]
