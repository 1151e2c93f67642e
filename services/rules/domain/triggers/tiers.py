"""Who sees what whom infers: a trigger that reads a trait comes in a later tier than those that set it.

What a trigger itself sets does not count (it reads the value from before), nor what `where` of a match reads: that is
asked when the event comes in, before anything is inferred from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inference:
    """The traits that a trigger's condition and effects read, and those it sets."""

    reads: frozenset[str]
    sets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Circle:
    """Triggers that wait for one another; the last one's trait is read by the first."""

    trigger_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        return " -> ".join((*self.trigger_ids, self.trigger_ids[0]))


def tiers(inferences: Mapping[str, Inference]) -> Mapping[str, int] | Circle:
    """The tier of each trigger, from 0; or a circle."""
    order = _Tiers(inferences)
    for trigger_id in inferences:
        if circle := order.visit(trigger_id, ()):
            return circle
    return order.found


class _Tiers:
    """A depth-first search along "reads what that one sets"."""

    def __init__(self, inferences: Mapping[str, Inference]) -> None:
        self._inferences = inferences
        self.found: dict[str, int] = {}
        setters: dict[str, list[str]] = {}
        for trigger_id, inference in inferences.items():
            for trait in inference.sets:
                setters.setdefault(trait, []).append(trigger_id)
        self._before = {trigger_id: self._setters_for(trigger_id, setters) for trigger_id in inferences}

    def visit(self, trigger_id: str, path: tuple[str, ...]) -> Circle | None:
        if trigger_id in self.found:
            return None
        if trigger_id in path:
            # The path goes from readers to setters; a circle reads better from cause to effect.
            return Circle(tuple(reversed(path[path.index(trigger_id) :])))
        for before in self._before[trigger_id]:
            if circle := self.visit(before, (*path, trigger_id)):
                return circle
        self.found[trigger_id] = 1 + max((self.found[each] for each in self._before[trigger_id]), default=-1)
        return None

    def _setters_for(self, trigger_id: str, setters: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        reads = sorted(self._inferences[trigger_id].reads)
        return tuple(dict.fromkeys(each for trait in reads for each in setters.get(trait, ()) if each != trigger_id))
