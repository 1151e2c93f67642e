"""One learner in the simulated store: what it chooses, what it is told and when, and what that cost.

Rounds come in batches of 100. Before a batch the learner is told what became known since the one before, and then
chooses for the whole batch. Nobody is told more than a system in production could know. Two ways of telling it are open
to every learner; which one suits it is tuned like any other parameter:

    AT_ONCE   a presentation is worth 0 when it was made, and is corrected to 1 when the click is told
    AT_CLOSE  a presentation is told once, when its window is over: 0 or 1

By the first nothing looks better than it is, everything a little worse for a while; by the second nothing is biased,
and everything late. (Telling clicks at once and their absence at the close would make what is new look far too good.)

Regret is what the best available action of a round would have brought in expectation, less what the chosen one did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tests.support.simulated_store import BATCH, ROUNDS_A_DAY, WINDOW, SimulatedStore

Floats = npt.NDArray[np.float64]
Rounds = npt.NDArray[np.intp]

SHARE_WINDOW = 500
"""Rounds over which the newcomer's share is counted."""
ENOUGH = 0.9
"""Of the share that it deserves."""


class Feed(Enum):
    AT_ONCE = "at once"
    AT_CLOSE = "at close"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round's presentation is worth, as it became known. A correction replaces what was told before."""

    round: int
    reward: float
    is_correction: bool = False


class Learner(Protocol):
    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Of rounds that it has chosen for, in the order in which they became known."""
        ...

    def choose(self, start: int, stop: int) -> Sequence[int]:
        """An available action for each of these rounds."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Columns (rounds,) of what a learner did. `best` and `lost` are of the truth: the best action, and the regret."""

    chosen: Rounds
    best: Rounds
    lost: Floats
    newcomer: int
    newcomer_at: int

    @property
    def regret(self) -> float:
        return float(self.lost.sum())

    def regret_of_days(self) -> list[float]:
        return [float(day.sum()) for day in np.array_split(self.lost, max(len(self.lost) // ROUNDS_A_DAY, 1))]

    def rounds_to_share(self) -> int | None:
        """After its arrival, until the newcomer has 90 % of the share it deserves; None: not in this run."""
        chosen, best = self.chosen == self.newcomer, self.best == self.newcomer
        for stop in range(self.newcomer_at + SHARE_WINDOW, len(chosen) + 1, BATCH):
            window = slice(stop - SHARE_WINDOW, stop)
            if chosen[window].sum() >= ENOUGH * best[window].sum():
                return stop - self.newcomer_at
        return None

    def lost_to_share(self) -> float:
        """What was lost until then by not giving it to those whose best it was; to the end where it never had it."""
        rounds = self.rounds_to_share()
        until = len(self.chosen) if rounds is None else self.newcomer_at + rounds
        span = slice(self.newcomer_at, until)
        return float(self.lost[span][self.best[span] == self.newcomer].sum())


def run(store: SimulatedStore, learner: Learner, feed: Feed = Feed.AT_ONCE) -> Choices:
    """All rounds of the store."""
    chosen, clicked = np.zeros(store.rounds, np.intp), np.zeros(store.rounds, np.bool_)
    best, lost = np.zeros(store.rounds, np.intp), np.zeros(store.rounds)
    for start in range(0, store.rounds, BATCH):
        stop, available = min(start + BATCH, store.rounds), store.available(start)
        learner.learn(_known(start, feed, clicked, store.delays))
        choices = np.asarray(learner.choose(start, stop), np.intp)
        assert (choices < available).all()
        truth, rows, batch = store.probabilities(start, stop), np.arange(stop - start), slice(start, stop)
        chosen[batch], best[batch] = choices, truth[:, :available].argmax(axis=1)
        clicked[batch] = store.luck[batch] < truth[rows, choices]
        lost[batch] = truth[rows, best[batch]] - truth[rows, choices]
    return Choices(chosen, best, lost, store.newcomer, store.newcomer_at)


def _known(now: int, feed: Feed, clicked: npt.NDArray[np.bool_], delays: Rounds) -> list[Outcome]:
    """What became known in the batch before `now`."""
    rounds = np.arange(len(clicked))
    if feed is Feed.AT_CLOSE:
        closed = rounds[(rounds >= now - WINDOW - BATCH) & (rounds < now - WINDOW)]
        return [Outcome(int(each), float(clicked[each])) for each in closed]
    told = rounds + delays
    shown = rounds[max(now - BATCH, 0) : now]
    first = [Outcome(int(each), float(clicked[each] and told[each] < now)) for each in shown]
    late = rounds[clicked & (told >= now - BATCH) & (told < now) & (rounds < now - BATCH)]
    return first + [Outcome(int(each), 1.0, is_correction=True) for each in late]
