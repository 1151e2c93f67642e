"""Filling all slots of a request: in order where anything is explored, else by the best assignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.assignment import Assignment, improved
from services.orchestrator.domain.arbitration.assignment_problem import Problem, Rows
from services.orchestrator.domain.arbitration.exploration import ExplorationKind
from services.orchestrator.domain.arbitration.slots import (
    FROM_THE_START,
    SILENCE,
    Field,
    Filling,
    SlotDraw,
    SlotPlan,
    Standing,
    Terms,
    fill_slots,
)
from services.orchestrator.domain.arbitration.worth import Column


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """`assignment` None: slots were explored, or there was only one."""

    draws: Sequence[SlotDraw]
    assignment: Assignment | None = None


def fill(field: Field, plans: Sequence[SlotPlan], terms: Terms, standing: Standing = FROM_THE_START) -> Filled:
    """Every slot of the request, given what stands."""
    if not is_shared_out(field, plans):
        return Filled(fill_slots(field, plans, terms, standing))
    filling = Filling(field, plans, terms, standing)
    settled = {draw.row for draw in filling.draws()}
    priority = field.worth.at(field.beliefs.propensity)
    problem = _problem(filling, field, plans, terms, priority)
    if not problem.gain.size:
        return Filled(_settled(filling, plans, terms, priority, ()))
    in_order = fill_slots(replace(field, silence=None), plans, terms, standing)
    chosen = np.array([draw.row for draw in in_order if draw.row != SILENCE and draw.row not in settled], dtype=np.intp)
    rows, assignment = improved(problem, np.searchsorted(problem.row, np.sort(chosen)))
    return Filled(_settled(filling, plans, terms, priority, problem.row[rows].tolist()), assignment)


def is_shared_out(field: Field, plans: Sequence[SlotPlan]) -> bool:
    """Whether the best assignment is looked for, which may take a program to find."""
    return sum(plan.count for plan in plans) > 1 and is_settled_by_worth(field)


def is_settled_by_worth(field: Field) -> bool:
    """Whether nothing is explored, whoever the incumbents are."""
    return not field.beliefs.explores.any() or all(each.kind is ExplorationKind.NONE for each in field.exploring.table)


def _problem(filling: Filling, field: Field, plans: Sequence[SlotPlan], terms: Terms, priority: Column) -> Problem:
    free = np.array([filling.free(place) for place in range(len(plans))], dtype=np.int64)
    rows = np.concatenate([filling.left(place) if free[place] else np.empty(0, np.intp) for place in range(free.size)])
    rows = rows[priority[rows] >= terms.reserve]
    place = np.searchsorted(field.starts, rows, side="right").astype(np.intp) - 1
    action, channel = field.action[rows], field.exploring.channel[rows]
    counter, room = np.zeros((rows.size, 1), dtype=np.int32), np.zeros(1, dtype=np.int64)
    if field.contacts is not None and filling.room is not None:
        counter, room = field.contacts.counter[rows], filling.room
    key = _keys(action, channel, place, terms)
    one_channel = terms.across_channels and not terms.across_placements
    gain = priority[rows] - terms.reserve
    return Problem(rows, place, gain, key, free, counter, room, action, channel, one_channel)


def _keys(action: NDArray[np.int32], channel: NDArray[np.int32], place: Rows, terms: Terms) -> Rows:
    """intp[R]: of rows with one key at most one may be chosen."""
    apart = place if not terms.across_placements else np.zeros_like(place) if terms.across_channels else channel
    keys: Rows = action.astype(np.intp) * (int(apart.max(initial=0)) + 1) + apart
    return keys


def _settled(
    filling: Filling, plans: Sequence[SlotPlan], terms: Terms, priority: Column, rows: Sequence[int]
) -> Sequence[SlotDraw]:
    """The draws of the chosen rows, place by place, the best first; silence where nothing a place could still have is
    worth it."""
    planned: list[list[int]] = [[] for _ in plans]
    for row in sorted(rows, key=lambda row: (-priority[row], row)):
        planned[filling.place_of(row)].append(row)
    for place, chosen in enumerate(planned):
        for row in chosen:
            if filling.free(place):
                filling.settle(filling.choose(place, row, float(priority[row])))
            else:
                filling.take(row)  # with a ghost before it: as if it was shown
        left = filling.left(place) if filling.free(place) else ()
        if len(left) and (best := float(priority[left].max())) < terms.reserve:
            filling.settle(filling.choose(place, SILENCE, best))
    return filling.draws()
