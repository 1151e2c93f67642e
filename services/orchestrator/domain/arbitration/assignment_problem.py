"""What is left to assign, in columns, and which of it can matter.

    row    intp[R]     -> candidate            free    int64[P]        slots of each place
    place  intp[R]                             counter int32[R, L], room int64[K + 1]   as ContactRoom
    gain   float64[R]  money above silence     key     intp[R]         one row of a key may be chosen
    action int32[R]    channel int32[R]

Rows are pruned before anything is solved, and lose nothing by it. Of those of one place that the same counters count,
at most as many are needed as there are free slots, or as the counters have room where they count all rows of these
actions: so many less one can be taken elsewhere, and the best that is not is worth at least what it stands in for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import Column

Rows = NDArray[np.intp]

_DENSE = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """The columns drawn above. `one_channel`: an action is wanted on one channel only, however many places it has."""

    row: Rows
    place: Rows
    gain: Column
    key: Rows
    free: NDArray[np.int64]
    counter: NDArray[np.int32]
    room: NDArray[np.int64]
    action: NDArray[np.int32]
    channel: NDArray[np.int32]
    one_channel: bool = False

    def take(self, rows: Rows) -> Problem:
        return Problem(
            self.row[rows],
            self.place[rows],
            self.gain[rows],
            self.key[rows],
            self.free,
            self.counter[rows],
            self.room,
            self.action[rows],
            self.channel[rows],
            self.one_channel,
        )

    def value(self, rows: Rows) -> float:
        return float(self.gain[rows].sum())

    def keeps_limits(self, rows: Rows) -> bool:
        used = np.zeros_like(self.room)
        np.add.at(used, self.counter[rows].ravel(), 1)
        if (used[:-1] > self.room[:-1]).any():
            return False
        if not self.one_channel:
            return True
        pairs = np.unique(np.stack((self.action[rows], self.channel[rows])), axis=1)
        return bool(np.unique(pairs[0]).size == pairs.shape[1])


def apart(problem: Problem) -> float:
    """What the places could have together if they shared nothing: a bound on every assignment."""
    order = np.lexsort((-problem.gain, problem.place))
    place = problem.place[order]
    rank = np.arange(order.size) - np.searchsorted(place, place)
    return float(problem.gain[order][rank < problem.free[place]].sum())


def pruned(problem: Problem) -> Rows:
    """The rows that are worth most of every place and set of counters, as many as can be needed."""
    signature = _signatures(problem)
    # Of several treatments of an action in a place all may come before another action.
    at_place = problem.place * (int(problem.action.max()) + 1) + problem.action
    needed = np.zeros(int(signature.max()) + 1, dtype=np.int64)
    np.maximum.at(needed, signature, _needed(problem) * int(np.bincount(at_place).max()))
    order = np.argsort(-problem.gain, kind="stable")
    order = order[np.argsort(signature[order], kind="stable")]
    of = signature[order]
    rank = np.arange(order.size) - np.searchsorted(of, of)
    return np.sort(order[rank < needed[of]])


def _needed(problem: Problem) -> NDArray[np.int64]:
    """int64[R]: how many actions like that of this row an assignment can need."""
    needed, endless = np.full(problem.gain.size, int(problem.free.sum()), dtype=np.int64), problem.room.size - 1
    for column in problem.counter.T:
        if (column == endless).all():
            continue
        least, most = np.full(int(problem.action.max()) + 1, endless), np.zeros(int(problem.action.max()) + 1, np.int64)
        np.minimum.at(least, problem.action, column)
        np.maximum.at(most, problem.action, column)
        counts_all = (least == most)[problem.action] & (column < endless)
        needed = np.where(counts_all, np.minimum(needed, problem.room[column]), needed)
    return needed


def _signatures(problem: Problem) -> Rows:
    """intp[R]: equal for rows of one place that the same counters count."""
    signature = problem.place
    for column in problem.counter.T:
        if (column != column[:1]).any():
            signature = signature * problem.room.size + column
            if int(signature.max()) > _DENSE:
                _, signature = np.unique(signature, return_inverse=True)
    return signature
