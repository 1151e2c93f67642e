"""What the slots before a slot can have left.

All ways to fill them after which the same is possible are one `State`. What is possible depends only on which actions
are out, and which contact counters are used. States that are too many to look at each are one `Lump`: of it is known
how likely it is, and in how much of it each action is out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.slots import Field, SlotDraw
from services.orchestrator.domain.arbitration.succession import Succession
from services.orchestrator.domain.arbitration.worth import Column


class Known(NamedTuple):
    """A vector, and what it says of those after it; None for nothing."""

    probabilities: Column
    succession: Succession | None


NOTHING_KNOWN = Known(np.zeros(1), None)


@dataclass(slots=True, eq=False)
class State:
    """`mass`: how likely it is; `draws`: one of the ways to it, without silences."""

    mass: float = 1.0
    out: frozenset[int] = frozenset()
    """Actions."""
    used: tuple[int, ...] = ()
    """Contact counters, in order, each as often as it is used."""
    draws: tuple[SlotDraw, ...] = ()

    def silent(self, known: Known) -> State:
        """After silence."""
        return replace(self, mass=self.mass * float(known.probabilities[-1]))


@dataclass(frozen=True, slots=True, eq=False)
class Lump:
    """`out` float64[A]: in how much of the mass each action is out, at most. `known` is the vector when none of them
    is; `least_out` to `most_out` of its actions are."""

    mass: float
    out: Column
    known: Known
    least_out: int = 1
    most_out: int = 1

    def drawn(self, action: NDArray[np.intp]) -> Drawn:
        """Of the next slot, for candidates of these actions."""
        probabilities, succession = self.known
        heirs = None if succession is None else succession.heirs(probabilities, self.least_out, self.most_out)
        if heirs is None:
            return Drawn(np.zeros_like(probabilities))
        steady = self.mass - float(self.out[np.unique(action[heirs.pivots])].sum())
        mass = np.maximum(np.append(steady - self.out[action], steady), 0.0)
        return Drawn(mass * heirs.least, self.mass * heirs.error)

    def after(self, drawn: Drawn, action: NDArray[np.intp]) -> Lump:
        """When one of the candidates got the slot."""
        taken = drawn.probabilities[:-1]
        mass = float(taken.sum())
        out = np.minimum(self.out + np.bincount(action, taken, self.out.size), mass)
        return Lump(mass, out, self.known, self.least_out + 1, self.most_out + 1)

    def silent(self, drawn: Drawn) -> Lump:
        """After silence."""
        mass = float(drawn.probabilities[-1])
        return replace(self, mass=mass, out=np.minimum(self.out, mass))


class Drawn(NamedTuple):
    """The least probabilities, float64[C + 1], and by how much they may be too great, together."""

    probabilities: Column
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Actions:
    """The actions of a field: `names` int32[A], rising; `number` intp[C], the place of each candidate's among them."""

    names: NDArray[np.int32]
    number: NDArray[np.intp]

    @classmethod
    def of(cls, field: Field) -> Actions:
        names, number = np.unique(field.action, return_inverse=True)
        return cls(names, number.astype(np.intp))

    @property
    def count(self) -> int:
        return int(self.names.size)

    def numbers_of(self, names: Collection[int]) -> NDArray[np.intp]:
        return np.searchsorted(self.names, np.fromiter(names, dtype=np.int32))


def merged(states: Iterable[State]) -> list[State]:
    """One of each kind, the likeliest first."""
    distinct: dict[tuple[frozenset[int], tuple[int, ...]], State] = {}
    for state in states:
        known = distinct.setdefault((state.out, state.used), state)
        if known is not state:
            known.mass += state.mass
    return sorted(distinct.values(), key=lambda each: -each.mass)
