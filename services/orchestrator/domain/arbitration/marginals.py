"""With which probability a candidate fills a slot, over all that could have filled the slots before it.

The vector a slot is drawn from is conditional on what filled the earlier slots. Its marginal is the sum of such vectors
over everything they could have got, each weighed with how likely that was:

    P(x fills slot k) = Σ_s P(s) × P(x | s)         s: a state that the slots before k can have left (`slate_states`)

There are too many states to look at them all. The vectors of the likeliest are computed by `fill_slots`, as they are
drawn from: whatever holds for a slot holds here. Of the others the least is taken that is known (`succession`). What is
answered is therefore rather too small, and the *error* bounds by how much:

    error = 1 − Σ probabilities − undrawn + what quadrature may err where the least was taken

No set of outcomes of the slot is likelier or less likely by more than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.branching import Branching, likeliest
from services.orchestrator.domain.arbitration.slate_states import Actions, Drawn, Known, Lump, State
from services.orchestrator.domain.arbitration.slate_vectors import SlateVectors
from services.orchestrator.domain.arbitration.worth import Column

BUDGET = 60_000
"""Of all slots together, in what one candidate of a vector costs: two or three microseconds."""
_LUMP_SHARE = 50
"""How many lumps cost as much as a vector."""
_NEGLIGIBLE = 1e-6

Filled = Sequence[tuple[State, Known]]
DrawnLumps = Sequence[tuple[Lump, Drawn]]


@dataclass(frozen=True, slots=True, eq=False)
class SlotMarginal:
    """`probabilities` float64[C + 1]: of each candidate of the place, then of silence."""

    place: int
    slot: int
    probabilities: Column
    undrawn: float
    """That nothing is drawn for the slot: silence ended its place before, or nobody was left."""
    error: float


def marginals(vectors: SlateVectors, budget: int = BUDGET) -> Iterator[SlotMarginal]:
    """In the order slots are filled: the first, and those after it as long as the budget lasts. Slots of which nothing
    is known, or only that they are not drawn, are left out.

    What the ledger refused is out, whatever filled the slots before; what else it would have refused nobody knows.
    """
    return _Walk(vectors, budget).slots()


@dataclass(slots=True, eq=False)
class _Level:
    """What a slot finds, and what ended in its place before it."""

    states: list[State]
    lumps: list[Lump]
    ended: list[State] = field(default_factory=list)
    ended_lumps: list[Lump] = field(default_factory=list)

    @property
    def undrawn(self) -> float:
        return sum(each.mass for each in self.ended) + sum(each.mass for each in self.ended_lumps)


class _Walk:
    """`_left` of the budget; `_blur`: what probabilities may be too great, together, for what was lumped so far."""

    def __init__(self, vectors: SlateVectors, budget: int) -> None:
        self._vectors = vectors
        self._branching = Branching(vectors.field, Actions.of(vectors.field))
        self._left = float(budget)
        self._blur = 0.0

    def slots(self) -> Iterator[SlotMarginal]:
        level = _Level([State()], [])
        for place, plan in enumerate(self._vectors.plans):
            level = self._enter(place, level)
            for slot in range(plan.count):
                if not (level.states or level.lumps) or (self._left <= 0.0 and (place or slot)):
                    break
                filled, drawn = self._fill(place, slot, level), self._draw_lumps(place, level.lumps)
                if filled or drawn:
                    yield self._marginal((place, slot), filled, drawn, level.undrawn)
                self._pass_on(place, slot, level, filled, drawn)

    def _enter(self, place: int, level: _Level) -> _Level:
        if not place or not self._vectors.carries_over:
            self._blur = 0.0
            return _Level([State()], [])
        keeps_out = self._vectors.terms.across_placements
        alive = [*level.states, *level.ended]
        states, others = self._branching.entering(alive, self._affordable(place, 0), keeps_out=keeps_out)
        lumps = [*level.lumps, *level.ended_lumps, *others]
        known = self._vector(State(), place, 0) if sum(each.mass for each in lumps) > _NEGLIGIBLE else None
        if known is None:
            return _Level(states, [])
        before = self._vectors.slots_from(0, 0) - self._vectors.slots_from(place, 0)
        return _Level(states, [self._branching.pooled(lumps, known, before, keeps_out=keeps_out)])

    def _fill(self, place: int, slot: int, level: _Level) -> list[tuple[State, Known]]:
        """The states and their vectors. Those after which nobody is left end."""
        filled: list[tuple[State, Known]] = []
        unseen = sum(state.mass for state in level.states)
        for state in level.states:
            if filled and unseen < _NEGLIGIBLE:
                break
            unseen -= state.mass
            known = self._vector(state, place, slot)
            if known is None:
                level.ended.append(state)
            else:
                filled.append((state, known))
        return filled

    def _vector(self, state: State, place: int, slot: int) -> Known | None:
        self._left -= self._vectors.cost(place)
        return self._vectors.after(state, place, slot)

    def _draw_lumps(self, place: int, lumps: Sequence[Lump]) -> list[tuple[Lump, Drawn]]:
        self._left -= len(lumps) * self._vectors.cost(place) / _LUMP_SHARE
        drawn = [(lump, lump.drawn(self._actions_of(place))) for lump in lumps]
        self._blur += sum(each.error for _, each in drawn)
        return drawn

    def _marginal(self, at: tuple[int, int], filled: Filled, drawn: DrawnLumps, undrawn: float) -> SlotMarginal:
        parts = [state.mass * known.probabilities for state, known in filled]
        probabilities: Column = np.sum([*parts, *(each.probabilities for _, each in drawn)], axis=0)
        missing = max(0.0, 1.0 - float(probabilities.sum()) - undrawn)
        return SlotMarginal(*at, probabilities, undrawn, min(1.0, missing + self._blur))

    def _pass_on(self, place: int, slot: int, level: _Level, filled: Filled, drawn: DrawnLumps) -> None:
        """To the slot after it."""
        level.ended += [state.silent(known) for state, known in filled if known.probabilities[-1] > 0.0]
        level.ended_lumps += likeliest(lump.silent(each) for lump, each in drawn)
        most = self._affordable(place, slot + 1)
        level.states, lumps = self._branching.following(place, slot, filled, most) if most else ([], [])
        action = self._actions_of(place)
        level.lumps = likeliest([*lumps, *(lump.after(each, action) for lump, each in drawn)])

    def _affordable(self, place: int, slot: int) -> int:
        """How many vectors of this slot, or the first of the next place where it has none such: half of what the budget
        has left, all of that for the last slot, and one in any case."""
        to_come = self._vectors.slots_from(place, slot)
        if not to_come:
            return 0
        share = self._left if to_come == 1 else self._left / 2.0
        place += slot == self._vectors.plans[place].count
        return max(1, int(share / self._vectors.cost(place)))

    def _actions_of(self, place: int) -> NDArray[np.intp]:
        starts = self._vectors.field.starts
        return self._branching.actions.number[starts[place] : starts[place + 1]]
