"""Those who are left for one slot.

The *incumbent* is who is worth most by expectation, silence included: who would have the slot if nobody explored. Of
equals the first one is it, and any candidate before silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.worth import Column, Worth


@dataclass(frozen=True, slots=True, eq=False)
class Contenders:
    """`priority` float64[C]: money expected of each; `reserve`: what silence is worth. Worths must be finite."""

    worth: Worth
    beliefs: Beliefs
    reserve: float
    priority: Column
    incumbent: int
    """A row; C for silence."""

    @classmethod
    def of(cls, worth: Worth, beliefs: Beliefs, reserve: float) -> Contenders:
        priority = worth.at(beliefs.propensity)
        return cls(worth, beliefs, reserve, priority, incumbent_of(priority, reserve))

    @property
    def size(self) -> int:
        return int(self.priority.size)

    @property
    def is_silent(self) -> bool:
        """Whether silence is the incumbent."""
        return self.incumbent == self.size

    @property
    def best_worth(self) -> float:
        """What the incumbent is worth."""
        return self.reserve if self.is_silent else float(self.priority[self.incumbent])

    def in_play(self) -> NDArray[np.bool_]:
        """bool[C]: who may be chosen at all: those who explore, and the incumbent."""
        playing = self.beliefs.explores.copy()
        if not self.is_silent:
            playing[self.incumbent] = True
        return playing

    def take(self, rows: NDArray[np.intp]) -> Contenders:
        """Some of them, the incumbent among them: it stays who it is."""
        incumbent = rows.size if self.is_silent else int(np.searchsorted(rows, self.incumbent))
        return Contenders(
            self.worth.take(rows), self.beliefs.take(rows), self.reserve, self.priority[rows], int(incumbent)
        )


def incumbent_of(priority: Column, reserve: float) -> int:
    """Of one slot: the row that is worth most, C for silence."""
    first = int(priority.argmax()) if priority.size else 0
    is_silence = not priority.size or priority[first] < reserve
    return priority.size if is_silence else first


def incumbents(starts: NDArray[np.intp], priority: Column, reserve: float) -> list[int]:
    """Of the first slot of each place, whose candidates are the rows from starts[p] to starts[p + 1]."""
    return [incumbent_of(priority[first:end], reserve) for first, end in pairwise(starts.tolist())]
