"""No exploration: the incumbent has the slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.worth import Column


@dataclass(frozen=True, slots=True)
class Greedy:
    def probabilities(self, contenders: Contenders) -> Column:
        probabilities = np.zeros(contenders.size + 1)
        probabilities[contenders.incumbent] = 1.0
        return probabilities
