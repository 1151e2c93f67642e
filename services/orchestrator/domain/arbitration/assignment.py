"""The best assignment of candidates to places, where nothing is explored: who goes where, so that all together are
worth most.

Three steps, each only where the one before does not settle it:

1. *In order.* Slots filled one after the other, the best first. It is the best when it reaches what the places could
   have if they did not share anything.
2. *Matching* (Crouse 2016, the shortest augmenting paths of scipy's linear_sum_assignment), of keys to slots, without
   the limits. What it is worth bounds every assignment; where it keeps the limits it is the best.
3. *Program*: the same with the limits, as an integer program (HiGHS), up to a size and a number of nodes, so that it
   takes milliseconds. Not up to a time: the same request must get the same answer. Beyond, in order, and the gap to
   the bound is reported.

Of equal assignments that is taken which puts more into the earlier places.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import csr_array

from services.orchestrator.domain.arbitration.assignment_problem import Problem, Rows, apart, pruned
from services.orchestrator.domain.arbitration.worth import Column

MAX_MATCHED = 200_000
"""Slots times keys."""
MAX_PROGRAM_ROWS = 600
MAX_NODES = 200
_EARLIER = 1e-9
"""What a place weighs more than all after it."""
_SCALE = 1e4
"""Of the greatest gain in a program, whose solver errs by 1e-6."""
_OPTIMAL, _WITHIN = 0, 1e-9
_ANY, _BINARY = 0, 1
_WHOLE = 1e-5


class Method(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.AssignmentMethod."""

    IN_ORDER = 1
    MATCHING = 2
    PROGRAM = 3


@dataclass(frozen=True, slots=True)
class Assignment:
    """How the slots of a decision were shared out that explores nothing."""

    method: Method
    value: float
    """Money above silence, of all slots together."""
    bound: float
    """No assignment is worth more."""

    @property
    def gap(self) -> float:
        return self.bound - self.value


def improved(problem: Problem, in_order: Rows) -> tuple[Rows, Assignment]:
    """The best assignment, or the one in order and how far from the best it may be. Rows are those of the problem."""
    value, bound = problem.value(in_order), apart(problem)
    if value >= bound - _tolerance(bound):
        return in_order, Assignment(Method.IN_ORDER, value, value)
    kept = pruned(problem)
    small = problem.take(kept)
    matched = _matched(small)
    if matched is not None:
        bound = min(bound, small.value(matched))
        if value >= bound - _tolerance(bound):
            return in_order, Assignment(Method.IN_ORDER, value, value)
        if small.keeps_limits(matched):
            return kept[matched], Assignment(Method.MATCHING, bound, bound)
    solved, bound = _solved(small, bound)
    if solved is None or small.value(solved) <= value + _tolerance(value):
        return in_order, Assignment(Method.IN_ORDER, value, max(value, bound))
    best = small.value(solved)
    return kept[solved], Assignment(Method.PROGRAM, best, max(best, bound))


def _tolerance(value: float) -> float:
    return _WITHIN * abs(value)


def _weighed(problem: Problem) -> Column:
    places = problem.free.size
    return problem.gain * (1.0 + _EARLIER * (places - problem.place) / places)


def _matched(problem: Problem) -> Rows | None:
    """Of keys to slots, without the limits; None where that is too much."""
    keys, key = np.unique(problem.key, return_inverse=True)
    slots = np.repeat(np.arange(problem.free.size), problem.free)
    if slots.size * (keys.size + slots.size) > MAX_MATCHED:
        return None
    weighed = _weighed(problem)
    order = np.argsort(weighed, kind="stable")
    gains = np.full((problem.free.size, keys.size), -1.0)
    row_of = np.full(gains.shape, -1, dtype=np.intp)
    gains[problem.place[order], key[order]] = weighed[order]
    row_of[problem.place[order], key[order]] = order
    # One empty column per slot: a slot may stay free, and has to where a key is no candidate of its place.
    board = np.concatenate((gains[slots], np.zeros((slots.size, slots.size))), axis=1)
    slot, column = linear_sum_assignment(board, maximize=True)
    rows: Rows = row_of[slots[slot[column < keys.size]], column[column < keys.size]]
    return np.sort(rows[rows >= 0])


def _solved(problem: Problem, bound: float) -> tuple[Rows | None, float]:
    """The best under all limits, and a bound; None where that is too much."""
    size = problem.gain.size
    if size > MAX_PROGRAM_ROWS:
        return None, bound
    scale = _SCALE / float(problem.gain.max())
    matrix, most = _constraints(problem)
    # Most limits nest, and then fractions gain nothing: the relaxed program is a tenth of the work.
    for kind in (_ANY, _BINARY):
        result = milp(
            -_weighed(problem) * scale,
            integrality=np.full(size, kind),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, ub=most),
            options={"mip_rel_gap": 0.0, "node_limit": MAX_NODES},
        )
        if result.x is None:
            return None, bound
        share = np.asarray(result.x, dtype=np.float64)
        if np.abs(share - np.round(share)).max() < _WHOLE:
            break
    rows: Rows = np.flatnonzero(share > 1.0 - _WHOLE)
    if not problem.keeps_limits(rows):
        return None, bound
    if result.status == _OPTIMAL:
        return rows, problem.value(rows)
    return rows, bound if result.mip_dual_bound is None else min(bound, -float(result.mip_dual_bound) / scale)


def _constraints(problem: Problem) -> tuple[csr_array, NDArray[np.float64]]:
    """At most `most` of the rows of each line."""
    lines: list[Rows] = [np.flatnonzero(problem.place == each) for each in np.unique(problem.place)]
    most = [float(problem.free[problem.place[line[0]]]) for line in lines]
    keys, count = np.unique(problem.key, return_counts=True)
    groups = [(np.flatnonzero(problem.key == each), 1.0) for each in keys[count > 1]]
    endless = problem.room.size - 1
    groups += [
        (np.flatnonzero((problem.counter == each).any(axis=1)), float(problem.room[each]))
        for each in np.setdiff1d(problem.counter, [endless])
    ]
    if problem.one_channel:
        groups += [(pair, 1.0) for pair in _exclusions(problem)]
    for line, limit in groups:
        if line.size > limit:
            lines.append(line)
            most.append(limit)
    indptr = np.cumsum([0, *(line.size for line in lines)])
    indices = np.concatenate(lines)
    matrix = csr_array((np.ones(indices.size), indices, indptr), shape=(len(lines), problem.gain.size))
    return matrix, np.array(most)


def _exclusions(problem: Problem) -> list[Rows]:
    """Pairs of rows of one action on different channels."""
    same = problem.action[:, None] == problem.action
    other = problem.channel[:, None] != problem.channel
    return list(np.argwhere(np.triu(same & other)).astype(np.intp))
