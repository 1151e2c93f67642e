"""One protocol for all ways of exploring, and which one a policy's word means."""

from __future__ import annotations

from typing import Protocol

from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind
from services.orchestrator.domain.arbitration.greedy import Greedy
from services.orchestrator.domain.arbitration.inverse_gap import InverseGapWeighting
from services.orchestrator.domain.arbitration.thompson import Thompson
from services.orchestrator.domain.arbitration.worth import Column


class Explorer(Protocol):
    """Spreads the probability of a slot over those who may have it."""

    def probabilities(self, contenders: Contenders) -> Column:
        """float64[C + 1]: of each contender, then of silence. Non-negative; they sum to 1 but for rounding.

        All contenders are in play: who does not explore is the incumbent.
        """
        ...


def explorer_of(exploration: Exploration) -> Explorer:
    match exploration.kind:
        case ExplorationKind.NONE:
            return Greedy()
        case ExplorationKind.THOMPSON:
            return Thompson()
        case ExplorationKind.INVERSE_GAP_WEIGHTING:
            return InverseGapWeighting(exploration.gamma)
