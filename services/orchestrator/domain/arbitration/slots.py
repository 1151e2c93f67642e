"""Filling the slots of a request in order, each by one draw.

Candidates are rows, place by place; a place's rows are `starts[p] : starts[p + 1]`. A slot's vector of probabilities
has one entry for every row of its place and one for silence, the last. Rows have 0 whose action an earlier slot took,
for which the contact limits leave no room after the earlier slots, or that the contact ledger refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.draw import pick, uniform
from services.orchestrator.domain.arbitration.exploration import Exploring
from services.orchestrator.domain.arbitration.explore import Explored, explore
from services.orchestrator.domain.arbitration.worth import Column, Worth

SILENCE = -1


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """How many propositions a place takes, and by which name its draws are seeded."""

    placement_id: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """All rows of one decision."""

    starts: NDArray[np.intp]
    """intp[places + 1]"""
    action: NDArray[np.int32]
    worth: Worth
    beliefs: Beliefs
    exploring: Exploring
    contacts: ContactRoom | None = None
    """None where no contact limit is declared."""


@dataclass(frozen=True, slots=True, eq=False)
class ContactRoom:
    """counter int32[C, L], room int64[K + 1], as domain.contact_limits draws them, before the first slot."""

    counter: NDArray[np.int32]
    room: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the whole arbitration. `reserve` is what silence is worth."""

    decision_id: str
    reserve: float
    across_placements: bool
    """Whether an action that filled one place is out for the places after it."""


@dataclass(frozen=True, slots=True, eq=False)
class SlotDraw:
    """What happened in one slot. `row` is SILENCE where silence was drawn."""

    place: int
    slot: int
    row: int
    probabilities: Column
    best_priority: float
    """Money expected of the best candidate the slot could have had, at its mean propensity."""
    explored: Explored
    refusals: int = 0
    """How many contacts the ledger had refused before."""

    @property
    def silence_probability(self) -> float:
        return float(self.probabilities[-1])


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is settled when the filling begins: the first draws, and what the ledger refused."""

    kept: Sequence[SlotDraw] = ()
    closed: NDArray[np.bool_] | None = None
    """bool[C]: rows that are out for all slots to come."""
    refusals: int = 0


FROM_THE_START = Standing()


def fill_slots(
    field: Field, plans: Sequence[SlotPlan], terms: Terms, standing: Standing = FROM_THE_START
) -> list[SlotDraw]:
    """The draws in order. A place ends with its first silence, or without a draw where no candidate is left."""
    filling = _Filling(field, terms, standing)
    draws: list[SlotDraw] = []
    for place, plan in enumerate(plans):
        draws += filling.fill(place, plan)
    return draws


class _Filling:
    """One pass over the places. `_taken` are the actions that are out for the next place, `_room` what the contact
    limits leave after the slots so far."""

    def __init__(self, field: Field, terms: Terms, standing: Standing) -> None:
        self._field = field
        self._terms = terms
        self._standing = standing
        self._taken: set[int] = set()
        self._room = None if field.contacts is None else field.contacts.room.copy()

    def fill(self, place: int, plan: SlotPlan) -> list[SlotDraw]:
        out = set(self._taken)
        draws: list[SlotDraw] = []
        for draw in (each for each in self._standing.kept if each.place == place):
            self._settle(draw, draws, out)
        while len(draws) < plan.count and not (draws and draws[-1].row == SILENCE):
            rows = self._rows_left(place, out)
            if not rows.size:
                break
            self._settle(self._draw(place, plan.placement_id, len(draws), rows), draws, out)
        if self._terms.across_placements:
            self._taken = out
        return draws

    def _settle(self, draw: SlotDraw, draws: list[SlotDraw], out: set[int]) -> None:
        draws.append(draw)
        if draw.row == SILENCE:
            return
        out.add(int(self._field.action[draw.row]))
        if self._field.contacts is not None and self._room is not None:
            self._room[self._field.contacts.counter[draw.row]] -= 1

    def _rows_left(self, place: int, out: set[int]) -> NDArray[np.intp]:
        rows = np.arange(self._field.starts[place], self._field.starts[place + 1])
        if out:
            rows = rows[~np.isin(self._field.action[rows], np.fromiter(out, dtype=np.int32))]
        if self._standing.closed is not None:
            rows = rows[~self._standing.closed[rows]]
        if self._field.contacts is not None and self._room is not None:
            rows = rows[(self._room > 0)[self._field.contacts.counter[rows]].all(axis=1)]
        return rows

    def _draw(self, place: int, placement_id: str, slot: int, rows: NDArray[np.intp]) -> SlotDraw:
        field, reserve = self._field, self._terms.reserve
        contenders = Contenders.of(field.worth.take(rows), field.beliefs.take(rows), reserve)
        vector = explore(contenders, field.exploring.take(rows))
        first, stop = int(field.starts[place]), int(field.starts[place + 1])
        probabilities = np.zeros(stop - first + 1)
        probabilities[rows - first] = vector.probabilities[:-1]
        probabilities[-1] = vector.probabilities[-1]
        refusals = self._standing.refusals
        drawn = pick(probabilities, uniform(self._terms.decision_id, placement_id, slot, refusals))
        row = first + drawn if drawn < stop - first else SILENCE
        best = float(contenders.priority.max())
        return SlotDraw(place, slot, row, probabilities, best, vector.explored, refusals)
