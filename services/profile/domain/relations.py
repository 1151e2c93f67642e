"""Facts about the things of a catalogue: who has this has, or has no use for, that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.values import Feature, present

MAX_PAIRS = 100_000
MAX_ANSWER = 10_000
"""Things an answer names: the owned ones, then the nearest of what they imply."""


@dataclass(frozen=True, slots=True)
class RelationDeclaration:
    """`pairs` of a thing and one that it implies; followed to their end."""

    name: str
    pairs: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=64)
def relation_of(pairs: tuple[tuple[str, str], ...]) -> Relation:
    """Versions of a schema that say the same share one."""
    return Relation(pairs)


class Relation:
    """A relation prepared for use. Circles do no harm: nothing is named twice."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        implied: dict[str, list[str]] = defaultdict(list)
        for thing, other in pairs:
            implied[thing].append(other)
        self._implied = dict(implied)

    def extended(self, feature: Feature) -> Feature:
        """A list of things, with everything that they imply, in the order of their characters."""
        things = feature.value
        if not isinstance(things, tuple):
            return feature
        return present(tuple(sorted(self.closure([str(thing) for thing in things]))))

    def closure(self, things: Sequence[str]) -> dict[str, None]:
        """The things and, nearest first, what they imply; at most MAX_ANSWER."""
        found = dict.fromkeys(things[:MAX_ANSWER])
        nearest = list(found)
        while nearest and len(found) < MAX_ANSWER:
            further = dict.fromkeys(
                other for thing in nearest for other in self._implied.get(thing, ()) if other not in found
            )
            nearest = list(further)[: MAX_ANSWER - len(found)]
            found.update(dict.fromkeys(nearest))
        return found
