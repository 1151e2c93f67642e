"""Filling the slots of a request in order, each by one draw.

Candidates are rows, place by place; a place's rows are `starts[p] : starts[p + 1]`. A slot's vector of probabilities
has one entry for every row of its place (0 for rows whose action an earlier slot took) and one for silence, the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.draw import pick, uniform
from services.orchestrator.domain.arbitration.thompson import Beliefs, choice_probabilities
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

    @property
    def silence_probability(self) -> float:
        return float(self.probabilities[-1])


def fill_slots(field: Field, plans: Sequence[SlotPlan], terms: Terms) -> list[SlotDraw]:
    """The draws in order. A place ends with its first silence, or without a draw where no candidate is left."""
    taken: set[int] = set()
    draws: list[SlotDraw] = []
    for place, plan in enumerate(plans):
        filled = _fill_place(field, place, plan, terms, taken)
        draws += filled
        if terms.across_placements:
            taken |= {int(field.action[draw.row]) for draw in filled if draw.row != SILENCE}
    return draws


def _fill_place(field: Field, place: int, plan: SlotPlan, terms: Terms, taken: set[int]) -> list[SlotDraw]:
    out = set(taken)
    draws: list[SlotDraw] = []
    while len(draws) < plan.count:
        rows = _rows_left(field, place, out)
        if not rows.size:
            break
        draws.append(_draw(field, place, plan.placement_id, len(draws), rows, terms))
        if draws[-1].row == SILENCE:
            break
        out.add(int(field.action[draws[-1].row]))
    return draws


def _rows_left(field: Field, place: int, out: set[int]) -> NDArray[np.intp]:
    rows = np.arange(field.starts[place], field.starts[place + 1])
    if not out:
        return rows
    gone = np.isin(field.action[rows], np.fromiter(out, dtype=np.int32))
    left: NDArray[np.intp] = rows[~gone]
    return left


def _draw(field: Field, place: int, placement_id: str, slot: int, rows: NDArray[np.intp], terms: Terms) -> SlotDraw:
    worth, beliefs = field.worth.take(rows), field.beliefs.take(rows)
    shares = choice_probabilities(worth, beliefs, terms.reserve)
    first, stop = int(field.starts[place]), int(field.starts[place + 1])
    probabilities = np.zeros(stop - first + 1)
    probabilities[rows - first] = shares[:-1]
    probabilities[-1] = shares[-1]
    drawn = pick(probabilities, uniform(terms.decision_id, placement_id, slot))
    row = first + drawn if drawn < stop - first else SILENCE
    return SlotDraw(place, slot, row, probabilities, float(worth.at(beliefs.propensity).max()))
