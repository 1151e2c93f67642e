"""What one compilation leaves to the next: of a rule set that differs in one rule, only that rule is read again.

Checking an expression costs a hundred times what everything else about it costs, so checked expressions are kept by
text and typed environment, and so are the conditions they were normalised to and the programs that the library loaded.
All of it is immutable and nothing depends on the rule set it came from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.rules.domain.condition import Condition, Membership, Opaque
from services.rules.domain.expression_check import Found, Purpose
from services.rules.domain.rule_set import RuleSet
from services.rules.domain.rule_set_check import Checked, check_rule_set
from shared.cel.library import CelEnvironment
from shared.cel.library import Program as CelProgram
from shared.values import AttributeType

MAX_ENVIRONMENTS = 4
MAX_TEXTS = 50_000
"""Of one environment, in the younger of two generations."""

K = TypeVar("K")
V = TypeVar("V")


class Generations(MutableMapping[K, V], Generic[K, V]):
    """A bounded mapping: when the young generation is full it becomes the old one, and the old one is forgotten.

    What is used stays. Safe to share between threads: the worst that a race does is to forget.
    """

    def __init__(self, max_young: int = MAX_TEXTS) -> None:
        self._max_young = max_young
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __getitem__(self, key: K) -> V:
        found = self._young.get(key)
        if found is None:
            found = self._old[key]
            self[key] = found
        return found

    def __setitem__(self, key: K, value: V) -> None:
        if len(self._young) >= self._max_young:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def __delitem__(self, key: K) -> None:
        raise TypeError("generations forget by themselves")

    def __contains__(self, key: object) -> bool:
        return key in self._young or key in self._old

    def __iter__(self) -> Iterator[K]:
        return iter({**self._old, **self._young})

    def __len__(self) -> int:
        return len({**self._old, **self._young})


@dataclass(frozen=True, slots=True)
class Reads:
    """The constants of actions that an expression reads, and the segments it uses."""

    constants: tuple[str, ...]
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that was read in one typed environment. Of conditions, the keys hold all that they depend on."""

    environment: CelEnvironment
    conditions_found: Generations[str, Found] = field(default_factory=Generations)
    numbers_found: Generations[str, Found] = field(default_factory=Generations)
    reads: Generations[str, Reads] = field(default_factory=Generations)
    conditions: Generations[tuple[object, ...], Condition] = field(default_factory=Generations)
    memberships: Generations[tuple[object, ...], Membership] = field(default_factory=Generations)
    programs: Generations[Opaque, CelProgram] = field(default_factory=Generations)

    def found(self, purpose: Purpose) -> MutableMapping[str, Found]:
        return self.conditions_found if purpose is Purpose.CONDITION else self.numbers_found


class CompileCache:
    """By the names that expressions may use, with their types: the environments used last."""

    def __init__(self) -> None:
        self._known: dict[object, Known] = {}
        self._last: tuple[RuleSet, Checked] | None = None

    def checked(self, rule_set: RuleSet) -> Checked:
        """What check_rule_set says; it is not asked again about the rule set that it was asked about last."""
        last = self._last
        if last is None or last[0] is not rule_set:
            last = self._last = (rule_set, check_rule_set(rule_set, self.known))
        return last[1]

    def known(self, variables: Mapping[str, AttributeType], segments: Collection[str]) -> Known:
        key = (tuple(sorted(variables.items())), tuple(sorted(segments)))
        known = self._known.pop(key, None) or Known(CelEnvironment(variables, tuple(segments)))
        self._known = dict([*self._known.items(), (key, known)][-MAX_ENVIRONMENTS:])
        return known
