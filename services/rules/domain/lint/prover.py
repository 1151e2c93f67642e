"""Answers questions: by an example where one comes to hand, else by the solver; each question once.

When time is up, only the examples made in advance are left.
"""

from __future__ import annotations

from services.rules.domain.lint.budget import Budget
from services.rules.domain.lint.claims import Answer, Possible, Profile, Question
from services.rules.domain.lint.examples import Examples
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.lint.search import Search
from services.rules.domain.lint.solver import Solver
from services.rules.domain.why.judging import Subject


class Prover:
    def __init__(
        self, declarations: Declarations, examples: Examples, search: Search, solver: Solver, budget: Budget
    ) -> None:
        self._declarations = declarations
        self._examples = examples
        self._search = search
        self._budget = budget
        self._solver = solver
        self._answers: dict[Question, Answer] = {}
        self.undecided = 0

    def ask(self, question: Question) -> Answer:
        if question not in self._answers:
            self._answers[question] = self._found(question)
        return self._answers[question]

    def witness(self, question: Question) -> Profile | None:
        """A small profile of which all claims hold, and the engine says so."""
        tried = self._search.answering(question)
        if tried is not None:
            return tried
        answer = self._solver.decide(question)
        found = answer.profile if isinstance(answer, Possible) else None
        if found is not None and self._is_so(question, found):
            return found
        return self._examples.answering(question)

    def _found(self, question: Question) -> Answer:
        example = self._examples.answering(question)
        if example is None and self._budget.left_ms:
            example = self._search.answering(question)
        if example is not None:
            return Possible(example)
        answer = self._solver.decide(question)
        self.undecided += answer is None
        return answer

    def _is_so(self, question: Question, profile: Profile) -> bool:
        subject = Subject({name: profile.values.get(name) for name in self._declarations}, profile.now)
        return all(self._search.holds(claim, subject) for claim in question.claims)
