"""Answers questions: by an example where one comes to hand, else by the solver; each question once."""

from __future__ import annotations

from services.rules.domain.condition import Condition
from services.rules.domain.kleene import UNKNOWN
from services.rules.domain.lint.claims import Answer, Possible, Profile, Question
from services.rules.domain.lint.examples import Examples
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.lint.solver import Solver
from services.rules.domain.why.judging import Judges, Subject
from shared.cel.library import TooManySteps


class Prover:
    def __init__(self, declarations: Declarations, judges: Judges, examples: Examples, solver: Solver) -> None:
        self._declarations = declarations
        self._judges = judges
        self._examples = examples
        self._solver = solver
        self._answers: dict[Question, Answer] = {}
        self.undecided = 0

    def ask(self, question: Question) -> Answer:
        if question not in self._answers:
            self._answers[question] = self._found(question)
        return self._answers[question]

    def witness(self, question: Question) -> Profile | None:
        """A small profile of which all claims hold, and the engine says so."""
        answer = self._solver.decide(question)
        found = answer.profile if isinstance(answer, Possible) else None
        if found is not None and self._is_so(question, found):
            return found
        return self._examples.answering(question)

    def _found(self, question: Question) -> Answer:
        example = self._examples.answering(question)
        if example is not None:
            return Possible(example)
        answer = self._solver.decide(question)
        self.undecided += answer is None
        return answer

    def _is_so(self, question: Question, profile: Profile) -> bool:
        subject = Subject({name: profile.values.get(name) for name in self._declarations}, profile.now)
        return all(claim.wanted[self._verdict(claim.condition, subject)] for claim in question.claims)

    def _verdict(self, condition: Condition, subject: Subject) -> int:
        try:
            return self._judges.of(condition)(subject)
        except TooManySteps:
            return UNKNOWN
