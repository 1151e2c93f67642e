"""What the vector of a slot says of the vectors after it, when candidates of it are out, without computing those.

- Thompson sampling takes whom it would have taken, unless that one is out: nobody else's probability falls. A floor
  does not change that: who is out leaves more room above the floors than it adds to what is above them.
- Inverse gap weighting counts fewer contenders: 1 / (K + γ × gap) becomes 1 / (K − r + γ × gap), and the incumbent has
  the rest. Where the incumbent is out, gaps are smaller and that is too little; where silence takes its place, there is
  one contender more. Where the best or the worst reward of all is out, gaps are shares of a smaller range: those two
  are *pivots*.

It holds where one way of exploring is declared for all candidates of a place and nothing else shapes their vectors: all
explore, no budget binds them, no contact limit is about any, and no floor binds inverse gap weighting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.contenders import incumbent_of
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind
from services.orchestrator.domain.arbitration.explore import Explored
from services.orchestrator.domain.arbitration.slots import Field
from services.orchestrator.domain.arbitration.worth import Column

_THOMPSON_ERROR = 0.01
"""Two vectors that are each within .005 of the exact one; a floor can double that."""


@dataclass(frozen=True, slots=True, eq=False)
class Heirs:
    """`least` float64[C + 1]: of each candidate that is not out, and of silence, as long as no row of `pivots` is out.
    `error`: what that may be too great, in total variation."""

    least: Column
    pivots: NDArray[np.intp]
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Succession:
    """Of one place; C are its candidates. `reserve` is what silence is worth."""

    exploration: Exploration
    action: NDArray[np.int32]
    priority: Column
    rewards: NDArray[np.float64]
    """float64[2, C]: in failure and in success."""
    reserve: float

    @classmethod
    def of(cls, field: Field, place: int, reserve: float) -> Succession | None:
        """None where vectors say nothing of one another."""
        rows = np.arange(field.starts[place], field.starts[place + 1])
        exploring = field.exploring.take(rows)
        declared = {exploring.table[each] for each in {0, *exploring.declared.tolist()}}
        if len(declared) > 1 or not field.beliefs.explores[rows].all() or _is_bounded(field, rows):
            return None
        worth = field.worth.take(rows)
        priority = worth.at(field.beliefs.propensity[rows])
        rewards = np.stack((worth.offset, worth.offset + worth.slope))
        return cls(declared.pop(), field.action[rows], priority, rewards, reserve)

    def begins_with(self, explored: Explored) -> bool:
        """Whether a vector that came about like this says something of those after it."""
        return self.exploration.kind is ExplorationKind.THOMPSON or not explored.floor_binds

    def heirs(self, probabilities: Column, least_out: int, most_out: int) -> Heirs | None:
        """When between so many actions of those with a probability are out; None for nothing known."""
        inside = probabilities[:-1] > 0.0
        if np.unique(self.action[inside]).size <= most_out:
            return None
        if self.exploration.kind is ExplorationKind.INVERSE_GAP_WEIGHTING:
            return self._weighted(probabilities, inside, least_out, most_out)
        error = _THOMPSON_ERROR if self.exploration.kind is ExplorationKind.THOMPSON else 0.0
        return Heirs(probabilities, np.empty(0, dtype=np.intp), error * (2 if self.exploration.floor else 1))

    def _weighted(
        self, probabilities: Column, inside: NDArray[np.bool_], least_out: int, most_out: int
    ) -> Heirs | None:
        most_rows = most_out * int(np.unique(self.action[inside], return_counts=True)[1].max())
        incumbent = incumbent_of(np.where(inside, self.priority, -np.inf), self.reserve)
        others = np.append(inside, False)
        others[incumbent] = False
        weights = 1.0 / probabilities[others]
        if weights.min(initial=np.inf) <= most_rows:
            return None
        can_be_silent = np.count_nonzero(self.priority[inside] >= self.reserve) <= most_rows
        least_rows = max(0, least_out - 1) if can_be_silent and incumbent < self.action.size else least_out
        least = np.zeros_like(probabilities)
        least[others] = 1.0 / (weights - least_rows)
        least[incumbent] = max(0.0, 1.0 - float((1.0 / (weights - most_rows)).sum()))
        failure, success = np.where(inside, self.rewards, np.nan)
        pivots = [np.nanargmax(np.fmax(failure, success)), np.nanargmin(np.fmin(failure, success))]
        return Heirs(least, np.array(pivots, dtype=np.intp))


def _is_bounded(field: Field, rows: NDArray[np.intp]) -> bool:
    """Whether an exploration budget or a contact limit is about any of the rows."""
    exploring, contacts = field.exploring, field.contacts
    is_limited = contacts is not None and bool((contacts.counter[rows] < contacts.room.size - 1).any())
    return is_limited or bool((exploring.budget[exploring.channel[rows]] < 1.0).any())
