"""Marginals of slates by brute force: every sequence of draws for itself, nothing merged, nothing left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.explore import explore
from services.orchestrator.domain.arbitration.marginals import SlotMarginal
from services.orchestrator.domain.arbitration.slate_vectors import SlateVectors

Column = NDArray[np.float64]
Slot = tuple[int, int]


@dataclass(slots=True)
class Enumerated:
    """By slot: float64[C + 1] of the candidates of its place and of silence. What is missing to 1 is not drawn."""

    slate: SlateVectors
    shares: dict[Slot, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        starts = self.slate.field.starts
        for place, plan in enumerate(self.slate.plans):
            for slot in range(plan.count):
                self.shares[place, slot] = np.zeros(int(starts[place + 1] - starts[place]) + 1)
        self._go_on(0, 0, (), 1.0)

    def _go_on(self, place: int, slot: int, rows: tuple[tuple[int, int], ...], mass: float) -> None:
        """`rows`: (place, row) of every slot that was filled."""
        if place == len(self.slate.plans) or mass == 0.0:
            return
        left = self._left(place, slot, rows)
        if slot == self.slate.plans[place].count or not left:
            self._go_on(place + 1, 0, rows, mass)
            return
        first, vector = int(self.slate.field.starts[place]), self._vector(left)
        for row, share in zip(left, vector[:-1].tolist(), strict=True):
            self.shares[place, slot][row - first] += mass * share
            self._go_on(place, slot + 1, (*rows, (place, row)), mass * share)
        self.shares[place, slot][-1] += mass * float(vector[-1])
        self._go_on(place + 1, 0, rows, mass * float(vector[-1]))

    def _left(self, place: int, slot: int, rows: Sequence[tuple[int, int]]) -> list[int]:
        competing, terms = self.slate.field, self.slate.terms
        out = {int(competing.action[row]) for other, row in rows if terms.across_placements or other == place}
        closed = [each.closed for each in self.slate.closings if (each.place, each.slot) <= (place, slot)]
        left = []
        for row in range(int(competing.starts[place]), int(competing.starts[place + 1])):
            is_closed = bool(closed) and bool(closed[-1][row])
            if int(competing.action[row]) not in out and not is_closed and self._has_room(row, rows):
                left.append(row)
        return left

    def _has_room(self, row: int, rows: Sequence[tuple[int, int]]) -> bool:
        contacts = self.slate.field.contacts
        if contacts is None:
            return True
        used = [counter for _, other in rows for counter in contacts.counter[other].tolist()]
        return all(contacts.room[counter] > used.count(counter) for counter in contacts.counter[row].tolist())

    def _vector(self, left: Sequence[int]) -> Column:
        competing, rows = self.slate.field, np.array(left, dtype=np.intp)
        contenders = Contenders.of(competing.worth.take(rows), competing.beliefs.take(rows), self.slate.terms.reserve)
        return explore(contenders, competing.exploring.take(rows)).probabilities


def total(marginal: SlotMarginal) -> float:
    """Of all that is told of the slot, but for the error."""
    return float(marginal.probabilities.sum()) + marginal.undrawn


def distance(marginal: SlotMarginal, shares: Column) -> float:
    """By how much the set of outcomes that is told worst is likelier, or less likely, than told."""
    gaps = np.append(shares, 1.0 - shares.sum()) - np.append(marginal.probabilities, marginal.undrawn)
    return float(max(gaps[gaps > 0.0].sum(), -gaps[gaps < 0.0].sum()))
