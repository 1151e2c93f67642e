"""Looks for a subject of whom claims hold by changing one attribute at a time: most questions need no more.

What it finds, the engine has judged; that it finds nothing says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from services.rules.domain.condition import Condition, Membership, Opaque, Test
from services.rules.domain.kleene import UNKNOWN, Verdict
from services.rules.domain.lint.claims import Claim, Profile, Question, atoms, is_timed
from services.rules.domain.lint.examples import candidates
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.why.judging import Judges, Subject
from shared.cel.library import TooManySteps
from shared.values import Value

_ROUNDS = 3
_MAX_TRIED = 24
"""Of the values of one attribute."""


class Search:
    def __init__(
        self, declarations: Declarations, segments: Mapping[str, Membership], judges: Judges, now: datetime
    ) -> None:
        self._declarations = declarations
        self._segments = segments
        self._judges = judges
        self._now = now
        self._tests: dict[Condition, dict[str, tuple[Test, ...]]] = {}

    def answering(self, question: Question) -> Profile | None:
        reads = [self._read(claim.condition) for claim in question.claims]
        pools = self._pools(question, reads)
        for start in (0, -1):
            values: dict[str, Value] = {**dict.fromkeys(self._declarations), **{n: p[start] for n, p in pools.items()}}
            subject = Subject(values, self._now)
            if self._reached(question, reads, pools, subject):
                known = {name: values[name] for name in pools if values[name] is not None}
                conditions = [claim.condition for claim in question.claims]
                return Profile(known, self._now, is_timed(conditions, self._segments))
        return None

    def holds(self, claim: Claim, subject: Subject) -> bool:
        return claim.wanted[self._verdict(claim.condition, subject)]

    def _reached(
        self,
        question: Question,
        reads: Sequence[dict[str, tuple[Test, ...]]],
        pools: dict[str, list[Value]],
        subject: Subject,
    ) -> bool:
        claims = question.claims
        readers = {name: [claims[at] for at, read in enumerate(reads) if name in read] for name in pools}
        for _ in range(_ROUNDS):
            failing = [place for place, claim in enumerate(claims) if not self.holds(claim, subject)]
            if not failing:
                return True
            for place in failing:
                for name in reads[place]:
                    self._improve(name, pools[name], readers[name], subject)
        return all(self.holds(claim, subject) for claim in claims)

    def _improve(self, name: str, pool: Sequence[Value], readers: Sequence[Claim], subject: Subject) -> None:
        """Gives the attribute the value of which most of the claims that read it hold."""
        best, most = subject.values[name], self._count(readers, subject)
        for value in pool:
            if most == len(readers):
                break
            subject.values[name] = value
            if (count := self._count(readers, subject)) > most:
                best, most = value, count
        subject.values[name] = best

    def _count(self, claims: Sequence[Claim], subject: Subject) -> int:
        return sum(self.holds(claim, subject) for claim in claims)

    def _verdict(self, condition: Condition, subject: Subject) -> Verdict:
        try:
            return self._judges.of(condition)(subject)
        except TooManySteps:
            return UNKNOWN

    def _pools(self, question: Question, reads: Sequence[dict[str, tuple[Test, ...]]]) -> dict[str, list[Value]]:
        tests: dict[str, list[Test]] = {}
        for read in reads:
            for name, of_name in read.items():
                tests.setdefault(name, []).extend(of_name)
        return {name: list(self._pool(question, name, of_name)) for name, of_name in tests.items()}

    def _pool(self, question: Question, name: str, tests: Sequence[Test]) -> Iterator[Value]:
        attribute = self._declarations[name]
        allowed = attribute.allowed if question.within_allowed else ()
        yield from candidates(attribute.type, tests, allowed, self._now)[:_MAX_TRIED]
        if not question.all_known:
            yield None

    def _read(self, condition: Condition) -> dict[str, tuple[Test, ...]]:
        """The attributes it reads, with its tests of them."""
        found = self._tests.get(condition)
        if found is None:
            tests: dict[str, list[Test]] = {}
            for atom in atoms([condition], self._segments):
                if isinstance(atom, Test) and atom.term.attribute:
                    tests.setdefault(atom.term.attribute, []).append(atom)
                elif isinstance(atom, Opaque):
                    for name in atom.attributes:
                        tests.setdefault(name, [])
            found = self._tests[condition] = {name: tuple(of_name) for name, of_name in tests.items()}
        return found
