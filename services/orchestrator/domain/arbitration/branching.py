"""From what one slot got to what that leaves to the next: the likeliest states one by one, the others in lumps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.exploration import NO_EXPLORATION
from services.orchestrator.domain.arbitration.explore import Explored
from services.orchestrator.domain.arbitration.slate_states import NOTHING_KNOWN, Actions, Known, Lump, State, merged
from services.orchestrator.domain.arbitration.slots import Field, SlotDraw
from services.orchestrator.domain.arbitration.worth import Column

MOST_LUMPS = 256
"""Of one slot."""
_WAYS = 4
"""How many ways to fill the slots are looked at for each state that is kept."""
_NEGLIGIBLE = 1e-9
_UNEXPLORED = Explored(NO_EXPLORATION)


@dataclass(frozen=True, slots=True, eq=False)
class Branching:
    """The candidates of one decision, and the numbers of their actions."""

    field: Field
    actions: Actions

    def following(
        self, place: int, slot: int, filled: Sequence[tuple[State, Known]], most: int
    ) -> tuple[list[State], list[Lump]]:
        """What the candidates leave that can have got the slot: at most so many states, and for each of `filled` the
        lump of its others."""
        if not filled:
            return [], []
        masses = np.stack([state.mass * known.probabilities[:-1] for state, known in filled])
        ways = self._likeliest(masses, _WAYS * most)
        states = [self._after(place, slot, filled[way], index, float(masses[way, index])) for way, index in ways]
        kept = merged(states)[:most]
        of_kept = {(each.out, each.used) for each in kept}
        for (way, index), state in zip(ways, states, strict=True):
            if (state.out, state.used) in of_kept:
                masses[way, index] = 0.0
        lumps = [self._lump(place, *each, mass) for each, mass in zip(filled, masses, strict=True)]
        return kept, likeliest(lumps)

    def entering(self, states: Iterable[State], most: int, *, keeps_out: bool) -> tuple[list[State], list[Lump]]:
        """As a new place sees them: at most so many states, and the lump of the others."""
        distinct = merged(each if keeps_out else replace(each, out=frozenset()) for each in states)
        others = distinct[most:]
        if not others:
            return distinct, []
        out = np.zeros(self.actions.count)
        for each in others:
            out[self.actions.numbers_of(each.out)] += each.mass
        return distinct[:most], [Lump(sum(each.mass for each in others), out, NOTHING_KNOWN)]

    def pooled(self, lumps: Sequence[Lump], known: Known, slots_before: int, *, keeps_out: bool) -> Lump:
        """All as one, as a new place sees it whose vector is `known` when nothing is out."""
        out: Column = sum((each.out for each in lumps if keeps_out), np.zeros(self.actions.count))
        return Lump(sum(each.mass for each in lumps), out, known, 0, slots_before)

    def _likeliest(self, masses: NDArray[np.float64], most: int) -> list[tuple[int, int]]:
        flat = masses.ravel()
        most = min(most, flat.size)
        chosen = np.argpartition(flat, flat.size - most)[flat.size - most :] if most else np.empty(0, dtype=np.intp)
        chosen = chosen[flat[chosen] > 0.0]
        way, index = np.divmod(chosen[np.argsort(-flat[chosen], kind="stable")], masses.shape[1])
        return list(zip(way.tolist(), index.tolist(), strict=True))

    def _after(self, place: int, slot: int, filled: tuple[State, Known], index: int, mass: float) -> State:
        state, contacts = filled[0], self.field.contacts
        row, used = int(self.field.starts[place]) + index, state.used
        if contacts is not None:
            counters = contacts.counter[row]
            used = tuple(sorted((*used, *counters[counters < contacts.room.size - 1].tolist())))
        draw = SlotDraw(place, slot, row, filled[1].probabilities, 0.0, _UNEXPLORED)
        return State(mass, state.out | {int(self.field.action[row])}, used, (*state.draws, draw))

    def _lump(self, place: int, state: State, known: Known, masses: Column) -> Lump:
        """Of those of the masses (float64[C]) that are left."""
        first, mass = int(self.field.starts[place]), float(masses.sum())
        action = self.actions.number[first : first + masses.size]
        out: Column = np.bincount(action, masses, self.actions.count).astype(np.float64)
        out[self.actions.numbers_of(state.out)] = mass
        return Lump(mass, out, known)


def likeliest(lumps: Iterable[Lump]) -> list[Lump]:
    """Without those that do not matter."""
    return sorted((each for each in lumps if each.mass > _NEGLIGIBLE), key=lambda each: -each.mass)[:MOST_LUMPS]
