"""The smallest change of attribute values that makes a dropped action pass all its rules.

Fewest attributes, at most three, then the least distance (`distance`). Clauses that have no attribute in common are
repaired apart: the smallest change of all is the smallest changes of the parts together. Actions that share rules share
parts, so a part is searched once per answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.rules.domain.rule_set import AttributeDeclaration
from services.rules.domain.why.change import MAX_CHANGES, AttributeChange, NoChange, SmallestChange
from services.rules.domain.why.clause import Clause, Clauses, RuleLike
from services.rules.domain.why.domain import Domain, domain_of
from services.rules.domain.why.judging import Subject
from services.rules.domain.why.refinement import refined
from services.rules.domain.why.search import OutOfWork, Repair, Search, Work
from shared.values import NOT_FOUND, Feature, Value

PART_WORK = 40_000
"""For one part, in native tests: some 20 ms."""
ANSWER_WORK = 1_000_000
"""For all of one answer: about half a second. What it does not reach is NOT_SEARCHED."""
_ACTION_OVERHEAD, _RULE_OVERHEAD, _PART_OVERHEAD = 50, 300, 60
"""Of an action that shares its rules with none before it, a rule that was never taken apart, a part."""

_REFINING = 3_000
"""Of one part, for bringing what was found nearer; granted where the search left nothing."""
Part = tuple[Clause, ...]

_GRAVITY = (NoChange.NEVER, NoChange.IMMUTABLE, NoChange.OPAQUE, NoChange.NOT_SEARCHED, NoChange.TOO_MANY)
"""Of several parts without a small change the first of these speaks for all."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of a part: its repair, or why there is none. `is_open`: values were left out that may do at less, or at all."""

    repair: Repair | NoChange
    is_open: bool = False


class SmallestChanges:
    """Of one answer, by one thread. `values` are the facts as conditions read them, None for unknown."""

    def __init__(
        self,
        attributes: Mapping[str, AttributeDeclaration],
        clauses: Clauses,
        facts: Mapping[str, Feature],
        values: Mapping[str, Value],
        now: datetime,
    ) -> None:
        self._attributes = attributes
        self._clauses = clauses
        self._facts = facts
        self._subject = Subject(dict(values), now)
        self._left = Work(ANSWER_WORK)
        self._answers: dict[tuple[int, ...], SmallestChange] = {}
        self._passes: dict[Clause, bool] = {}
        self._found: dict[frozenset[Clause], Found] = {}
        self._domains: dict[tuple[str, Part], Domain] = {}

    def of(self, rules: Sequence[RuleLike]) -> SmallestChange:
        """`rules` are all that an action must pass; at least one of them drops it."""
        # By identity: whoever asks keeps the rules, and those that say the same are the same.
        key = tuple(map(id, rules))
        if key not in self._answers:
            self._answers[key] = self._answered(rules)
        return self._answers[key]

    def _answered(self, rules: Sequence[RuleLike]) -> SmallestChange:
        try:
            self._left.spend(_ACTION_OVERHEAD + _RULE_OVERHEAD * self._clauses.missing(rules))
        except OutOfWork:
            return SmallestChange(none_because=NoChange.NOT_SEARCHED)
        clauses = self._clauses.of(rules)
        failing = [clause for clause in clauses if not self._is_passed(clause)]
        found = [self._part(part) for part in self._parts(clauses, failing)]
        for reason in _GRAVITY:
            if spoken := [each.is_open for each in found if each.repair is reason]:
                return SmallestChange((), reason, all(spoken))
        is_open = any(each.is_open for each in found)
        repairs = [each.repair.values for each in found if isinstance(each.repair, Repair)]
        values = {name: value for repair in repairs for name, value in repair.items()}
        if len(values) > MAX_CHANGES:
            return SmallestChange((), NoChange.TOO_MANY, is_open)
        in_order = [name for name in self._attributes if name in values]
        changes = tuple(AttributeChange(name, self._feature(name), values[name]) for name in in_order)
        return SmallestChange(changes, None, is_open)

    def _is_passed(self, clause: Clause) -> bool:
        if clause not in self._passes:
            self._passes[clause] = clause.passes(self._subject)
        return self._passes[clause]

    def _parts(self, clauses: Part, failing: Iterable[Clause]) -> Iterator[Part]:
        """Clauses that hang together through attributes that may change; those parts that have a failing one."""
        readers: dict[str, list[Clause]] = {}
        for clause in clauses:
            for name in self._mutable(clause):
                readers.setdefault(name, []).append(clause)
        seen: set[Clause] = set()
        for start in failing:
            if start in seen:
                continue
            part, waiting = {start}, [start]
            while waiting:
                for name in self._mutable(waiting.pop()):
                    added = [each for each in readers.pop(name, ()) if each not in part]
                    part.update(added)
                    waiting += added
            seen |= part
            yield tuple(clause for clause in clauses if clause in part)

    def _part(self, part: Part) -> Found:
        key = frozenset(part)
        if key not in self._found:
            self._found[key] = self._searched(part)
        return self._found[key]

    def _searched(self, part: Part) -> Found:
        work = Work(min(PART_WORK, max(0, self._left.left)))
        allowed = work.left
        try:
            work.spend(_PART_OVERHEAD)
            mutable = {name for clause in part for name in self._mutable(clause)}
            broken = self._broken(part)
            search = self._search(part, mutable, work)
            repair = search.smallest(broken, MAX_CHANGES)
            if repair is None:
                return self._why_none(part, mutable, work)
            granted = max(0, _REFINING - max(0, work.left))
            work.left, allowed = max(0, work.left) + granted, allowed + granted
            repair = self._refined(part, repair, work)
            return Found(repair, search.is_cut_short or self._is_open(part, mutable, repair, work))
        except OutOfWork:
            return Found(NoChange.NOT_SEARCHED)
        finally:
            self._left.left -= allowed - max(0, work.left)

    def _is_open(self, part: Part, mutable: Collection[str], repair: Repair, work: Work) -> bool:
        """Whether values were left out that may do at less, alone or in place of several."""
        left_out = [name for name in mutable if not self._domain(name, part, work).is_complete]
        if len(repair.values) > 1:
            return bool(left_out)
        alone = [name for name in left_out if all(name in each.reads for each in self._broken(part))]
        return any(self._domain(name, part, work).tried_to < repair.distance for name in alone)

    def _why_none(self, part: Part, mutable: Collection[str], work: Work) -> Found:
        """Whether more attributes would do, or those that never change."""
        broken, read = self._broken(part), {name for clause in part for name in clause.reads}
        is_open = not all(self._domain(name, part, work).is_complete for name in mutable)
        if len(mutable) > MAX_CHANGES and self._search(part, mutable, work).any(broken) is not None:
            return Found(NoChange.TOO_MANY, is_open)
        if len(read) > len(mutable) and self._search(part, read, work).any(broken) is not None:
            return Found(NoChange.IMMUTABLE, is_open)
        is_complete = all(self._domain(name, part, work).is_complete for name in read)
        return Found(NoChange.NEVER if is_complete else NoChange.OPAQUE)

    def _refined(self, part: Part, repair: Repair, work: Work) -> Repair:
        """Nearer values of what only expressions of the library read: their thresholds are not known."""
        opaque = {name for clause in part for each in clause.opaques for name in each.attributes}
        loose = [name for name in repair.values if name in opaque and not self._attributes[name].allowed]
        held = {name: self._feature(name) for name in loose}
        try:
            return refined(repair, held, part, self._subject, work) if loose else repair
        except OutOfWork:
            return repair

    def _search(self, part: Part, names: Collection[str], work: Work) -> Search:
        # In the order of the declarations, so that the same facts have the same answer.
        domains = {name: self._domain(name, part, work) for name in self._attributes if name in names}
        return Search(part, domains, self._subject, work)

    def _domain(self, name: str, part: Part, work: Work) -> Domain:
        # Those to repair first: of too many comparisons the last ones are not solved.
        readers = tuple(sorted((each for each in part if name in each.reads), key=self._is_passed))
        domain = self._domains.get((name, readers))
        if domain is None:
            domain = domain_of(self._attributes[name], self._feature(name), readers, self._subject)
            self._domains[name, readers] = domain
            work.spend(domain.work)
        return domain

    def _broken(self, part: Part) -> list[Clause]:
        return [clause for clause in part if not self._is_passed(clause)]

    def _mutable(self, clause: Clause) -> Iterator[str]:
        return (name for name in clause.reads if not self._attributes[name].immutable)

    def _feature(self, name: str) -> Feature:
        return self._facts.get(name, NOT_FOUND)
