"""The smallest change of a few attributes that makes a set of clauses pass: exact, by depth-first branch and bound.

A clause that does not pass can only be repaired by another value of an attribute that it reads. So one of the broken
clauses is taken, one of its attributes not yet changed, one of that attribute's values, and what is broken then is
repaired in the same way. Every change that repairs everything is found like this: as long as some clause is broken, it
reads an attribute whose value the change has still to replace. Fewer attributes come first (iterative deepening), of as
many the least distance; a branch ends where it cannot be shorter than the best one, where a broken clause has no
attribute left, or where more clauses without a common attribute are broken than attributes may still change.

It is as exact as the domains are complete. Where one is not, single attributes try all its candidates, and changes of
several attributes the coarse ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.rules.domain.why.clause import Clause
from services.rules.domain.why.domain import Candidate, Domain
from services.rules.domain.why.judging import Subject
from shared.values import Value


class OutOfWork(Exception):
    """The bound on work was reached."""


class Work:
    """What may still be done; its unit is one native test."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, amount: int) -> None:
        """Raises OutOfWork."""
        self.left -= amount
        if self.left < 0:
            raise OutOfWork


@dataclass(frozen=True, slots=True)
class Repair:
    """New values by attribute, and how far they are from the old ones."""

    values: Mapping[str, Value]
    distance: float


class Search:
    """Over some clauses. `domains` are those of the attributes that may change; `readers`, of each, who reads it."""

    def __init__(self, clauses: Iterable[Clause], domains: Mapping[str, Domain], subject: Subject, work: Work) -> None:
        self._subject = subject
        self._work = work
        self._domains = domains
        clauses = list(clauses)
        self._readers = {name: [each for each in clauses if name in each.reads] for name in domains}
        self._open = {each: [name for name in domains if name in each.reads] for each in clauses}
        self._values: Mapping[str, Sequence[Candidate]] = {}
        self._best: Repair | None = None
        self._chosen: dict[str, Value] = {}
        self._first_will_do = False
        self.is_cut_short = False
        """Whether the bound on work came before the end."""

    def smallest(self, broken: Sequence[Clause], most: int) -> Repair | None:
        """Of at most `most` attributes. Raises OutOfWork where there was no time to find any."""
        try:
            for count in range(1, most + 1):
                if self._run(broken, count):
                    break
        except OutOfWork:
            if self._best is None:
                raise
            self.is_cut_short = True
        return self._best

    def any(self, broken: Sequence[Clause]) -> Repair | None:
        """The first one found, of however many attributes. Raises OutOfWork."""
        self._first_will_do = True
        self._run(broken, len(self._domains))
        return self._best

    def _run(self, broken: Sequence[Clause], count: int) -> bool:
        before = {name: self._subject.values[name] for name in self._domains}
        self._values = {name: each.candidates if count == 1 else each.coarse for name, each in self._domains.items()}
        try:
            if self._can_be_repaired(broken, count):
                self._descend(broken, count, 0.0)
        finally:
            self._subject.values.update(before)
        return self._best is not None

    def _descend(self, broken: Sequence[Clause], remaining: int, distance: float) -> None:
        clause = min(broken, key=lambda each: self._width(each))
        for name in self._open[clause]:
            if name in self._chosen or (remaining == 1 and any(name not in each.reads for each in broken)):
                continue
            elsewhere = [each for each in broken if name not in each.reads]
            held = self._subject.values[name]
            for candidate in self._values[name]:
                total = distance + candidate.distance
                if self._is_beaten(total):
                    break
                self._subject.values[name] = candidate.value
                self._chosen[name] = candidate.value
                self._step(name, elsewhere, remaining - 1, total)
                del self._chosen[name]
            self._subject.values[name] = held

    def _step(self, name: str, elsewhere: Sequence[Clause], remaining: int, distance: float) -> None:
        broken = self._broken(name, elsewhere, stop_at_first=remaining == 0)
        if not broken:
            self._best = Repair(dict(self._chosen), distance)
        elif remaining and self._can_be_repaired(broken, remaining):
            self._descend(broken, remaining, distance)

    def _broken(self, name: str, elsewhere: Sequence[Clause], *, stop_at_first: bool) -> list[Clause]:
        broken = list(elsewhere)
        for clause in self._readers[name]:
            self._work.spend(clause.cost)
            if not clause.passes(self._subject):
                broken.append(clause)
                if stop_at_first:
                    break
        return broken

    def _can_be_repaired(self, broken: Sequence[Clause], remaining: int) -> bool:
        """By so many more attributes, as far as can be told without trying: clauses that share none need one each."""
        taken: set[str] = set()
        needed = 0
        for clause in broken:
            free = [name for name in self._open[clause] if name not in self._chosen]
            if not free:
                return False
            if taken.isdisjoint(free):
                needed += 1
                taken.update(free)
        return needed <= remaining

    def _width(self, clause: Clause) -> int:
        return sum(len(self._values[name]) for name in self._open[clause] if name not in self._chosen)

    def _is_beaten(self, distance: float) -> bool:
        return self._best is not None and (self._first_will_do or distance >= self._best.distance)
