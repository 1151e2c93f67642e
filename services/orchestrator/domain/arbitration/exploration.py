"""How the policy wants slots to be explored.

Candidates of groups with different wishes compete in one slot, and one vector has to come of it: the slot is explored
as the group of its incumbent says, or, where silence is the incumbent, as the arbitration of the policy says. Whoever
is best today decides how it may be challenged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import Column

DEFAULT_GAMMA = 500.0
"""Being behind by 2 % of the range then weighs like ten more contenders."""


class ExplorationKind(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.ExplorationKind."""

    NONE = 1
    THOMPSON = 2
    INVERSE_GAP_WEIGHTING = 3


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a group, or the arbitration, declares."""

    kind: ExplorationKind = ExplorationKind.THOMPSON
    gamma: float = 0.0
    """Of INVERSE_GAP_WEIGHTING: how sharply a gap counts; 0 is uniform."""
    floor: float = 0.0
    """The least probability of every candidate that explores."""


NO_EXPLORATION = Exploration(ExplorationKind.NONE)
EVERYBODY_ALIKE = Exploration(ExplorationKind.INVERSE_GAP_WEIGHTING)
"""No gap counts: all are as likely."""


@dataclass(frozen=True, slots=True, eq=False)
class Exploring:
    """For the rows of one decision:

    declared  int32[C]     -> table; table[0] is of the policy's arbitration
    channel   int32[C]     -> budget
    budget    float64[H]   the greatest probability of anything but the best, 1 for no bound
    """

    table: Sequence[Exploration]
    declared: NDArray[np.int32]
    channel: NDArray[np.int32]
    budget: Column

    def take(self, rows: NDArray[np.intp]) -> Exploring:
        return Exploring(self.table, self.declared[rows], self.channel[rows], self.budget)

    def without_exploration(self) -> Exploring:
        """The same where nothing was learnt that exploring could go by."""
        return Exploring((NO_EXPLORATION,), np.zeros_like(self.declared), self.channel, self.budget)

    def exploring_as(self, exploration: Exploration) -> Exploring:
        """All the same way, whatever it costs."""
        return Exploring((exploration,), np.zeros_like(self.declared), self.channel, np.ones_like(self.budget))
