"""What lint asks about: whether conditions can have certain verdicts together, for one and the same subject."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.rules.domain.condition import AllOf, AnyOf, Condition, Membership, Not, Opaque, TermKind, Test, operands
from services.rules.domain.indexed.clauses import DropWhen
from services.rules.domain.threshold import value_text
from shared.values import Value

Wanted = tuple[bool, bool, bool]
"""Indexed by verdict: FALSE, TRUE, UNKNOWN."""

IS_TRUE: Wanted = (False, True, False)
IS_NOT_TRUE: Wanted = (True, False, True)


@dataclass(frozen=True, slots=True)
class Claim:
    """That the verdict of a condition is one of those wanted."""

    condition: Condition
    wanted: Wanted

    @property
    def denied(self) -> Claim:
        false, true, unknown = self.wanted
        return Claim(self.condition, (not false, not true, not unknown))


@dataclass(frozen=True, slots=True)
class Question:
    """Is there a subject of whom all the claims hold?

    `all_known`: only subjects of whom every attribute is known. `within_allowed`: only values that declarations allow.
    """

    claims: tuple[Claim, ...]
    all_known: bool = False
    within_allowed: bool = True


@dataclass(frozen=True, slots=True)
class Profile:
    """A subject at a moment; what is not among the values is unknown."""

    values: Mapping[str, Value]
    now: datetime
    is_timed: bool = False
    """Whether the moment matters."""

    @property
    def text(self) -> str:
        known = [f"{name}: {value_text(value)}" for name, value in sorted(self.values.items())]
        profile = f"{{{', '.join(known)}}}"
        return f"{profile} at {self.now.isoformat().replace('+00:00', 'Z')}" if self.is_timed else profile


@dataclass(frozen=True, slots=True)
class Possible:
    """`profile` is one of those subjects, judged by the engine; None where the solver's could not be written down."""

    profile: Profile | None


@dataclass(frozen=True, slots=True)
class Impossible:
    """`core` are places of claims that cannot hold together; without any one of them the others can."""

    core: tuple[int, ...]


Answer = Possible | Impossible | None
"""None: not decided."""


def passes(condition: Condition, drop: DropWhen) -> Claim:
    return Claim(condition, (not drop.false, not drop.true, not drop.unknown))


def is_true(condition: Condition) -> Claim:
    return Claim(condition, IS_TRUE)


def is_not_true(condition: Condition) -> Claim:
    return Claim(condition, IS_NOT_TRUE)


def atoms(conditions: Sequence[Condition], segments: Mapping[str, Membership]) -> dict[Condition, None]:
    """The tests and opaque expressions of conditions, each once, in order; through segments, too."""
    found: dict[Condition, None] = {}
    seen: set[Condition] = set()
    waiting = list(reversed(conditions))
    while waiting:
        condition = waiting.pop()
        if condition in seen:
            continue
        seen.add(condition)
        match condition:
            case Test():
                found[condition] = None
            case Opaque():
                found[condition] = None
                waiting += [segments[each] for each in condition.segments]
            case Not() | AllOf() | AnyOf() | Membership():
                waiting += reversed(operands(condition))
    return found


def attributes(conditions: Sequence[Condition], segments: Mapping[str, Membership]) -> frozenset[str]:
    """What conditions read."""
    found: set[str] = set()
    for atom in atoms(conditions, segments):
        if isinstance(atom, Test):
            found.add(atom.term.attribute)
        elif isinstance(atom, Opaque):
            found.update(atom.attributes)
    return frozenset(found)


def is_timed(conditions: Sequence[Condition], segments: Mapping[str, Membership]) -> bool:
    """Whether the moment of the evaluation counts."""
    return any(
        atom.term.kind in _TIMED if isinstance(atom, Test) else isinstance(atom, Opaque) and _NOW.search(atom.text)
        for atom in atoms(conditions, segments)
    )


_TIMED = (TermKind.NOW, TermKind.DAYS_SINCE, TermKind.HOURS_SINCE, TermKind.ELAPSED)
_NOW = re.compile(r"\b(now|days_since|hours_since)\(")
