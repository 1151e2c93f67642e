"""The rules of an action as clauses: the smallest conditions that each drop it on their own.

A search changes one attribute after the other and judges again only the clauses that read it, so a clause knows what it
reads. Clauses are made when somebody first asks, and shared by all rules that say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from services.rules.domain.condition import Condition, Opaque, Test, operands
from services.rules.domain.indexed.clauses import DropWhen, clauses
from services.rules.domain.why.gaps import Gap, gaps
from services.rules.domain.why.judging import Judge, Judges, Subject
from shared.cel.library import TooManySteps

OPAQUE_COST = 30
"""A call of the library, in native tests."""
_MAX_KEPT = 50_000
"""Rules whose clauses are there for the next answer."""


class RuleLike(Protocol):
    """A rule as it applies to an action."""

    @property
    def drop(self) -> DropWhen: ...

    @property
    def condition(self) -> Condition: ...


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """`tests` and `opaques` are all that it is made of; `cost` counts them, a call of the library as OPAQUE_COST."""

    judge: Judge
    drop: DropWhen
    reads: tuple[str, ...]
    tests: tuple[Test, ...]
    opaques: tuple[Opaque, ...]
    gaps: tuple[Gap, ...]
    """Of the comparisons in the opaque parts."""
    cost: int

    def passes(self, subject: Subject) -> bool:
        try:
            return not self.drop[self.judge(subject)]
        except TooManySteps:
            return False


class Clauses:
    """Of one rule set. Threads may share it: what two of them make at once is the same."""

    def __init__(self, judges: Judges) -> None:
        self._judges = judges
        self._by_rule: dict[int, tuple[RuleLike, tuple[Clause, ...]]] = {}
        self._by_condition: dict[tuple[Condition, DropWhen], Clause] = {}

    def missing(self, rules: Iterable[RuleLike]) -> int:
        """How many of the rules have to be taken apart still."""
        return sum(id(rule) not in self._by_rule for rule in rules)

    def of(self, rules: Iterable[RuleLike]) -> tuple[Clause, ...]:
        """Each once, in the order of the rules."""
        return tuple(dict.fromkeys(clause for rule in rules for clause in self._of_rule(rule)))

    def _of_rule(self, rule: RuleLike) -> tuple[Clause, ...]:
        # Kept with the rule, so that its identity stays its own.
        kept = self._by_rule.get(id(rule))
        if kept is None:
            if len(self._by_rule) >= _MAX_KEPT:
                self._by_rule, self._by_condition = {}, {}
            parts = clauses(rule.condition, rule.drop)
            kept = self._by_rule[id(rule)] = rule, tuple(self._clause(*part) for part in parts)
        return kept[1]

    def _clause(self, condition: Condition, drop: DropWhen) -> Clause:
        known = self._by_condition.get((condition, drop))
        return known or self._by_condition.setdefault((condition, drop), self._made(condition, drop))

    def _made(self, condition: Condition, drop: DropWhen) -> Clause:
        atoms = list(dict.fromkeys(self._atoms(condition)))
        tests = tuple(each for each in atoms if isinstance(each, Test))
        opaques = tuple(each for each in atoms if isinstance(each, Opaque))
        names = [test.term.attribute for test in tests] + [name for each in opaques for name in each.attributes]
        reads = tuple(name for name in dict.fromkeys(names) if name)
        cost = 1 + len(tests) + OPAQUE_COST * len(opaques)
        found = tuple(gap for each in opaques for gap in gaps(each, self._judges.bound(each)))
        return Clause(self._judges.of(condition), drop, reads, tests, opaques, found, cost)

    def _atoms(self, condition: Condition) -> Iterator[Condition]:
        below = operands(condition)
        if isinstance(condition, Opaque):
            below = tuple(self._judges.segment(each) for each in condition.segments)
        for part in below:
            yield from self._atoms(part)
        yield condition
