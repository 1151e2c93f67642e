"""A slope of responses in proportion to how often a customer responds: who gives nothing has nothing to lose.

    own_i = β (Σ y + c ȳ) / (n + c) / ȳ      over a customer's own n contacts; β, ȳ: the population's

Not a slope that was seen, but one that follows from a rate, of which few contacts say much: as if effects were shares
of what somebody would do anyway. `c` is 1 / ȳ: as if one response at the population's rate had been seen beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from services.orchestrator.domain.pressure.estimate import PressureEstimate
from tests.support.pressed_columns import Contacted
from tests.support.simulated_pressure import Floats


@dataclass(slots=True, eq=False)
class OwnRates:
    """`counts` and `answers` float64 (customers,)."""

    customers: int
    counts: Floats = field(init=False)
    answers: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.counts, self.answers = np.zeros(self.customers), np.zeros(self.customers)

    def learn(self, contacts: Contacted, total: Floats, population: PressureEstimate) -> None:
        np.add.at(self.counts, contacts.customers, 1.0)
        np.add.at(self.answers, contacts.customers, contacts.responded)

    def slopes(self, population: PressureEstimate) -> tuple[Floats, Floats]:
        everybody = np.full(self.customers, population.unsubscribe_slope)
        return population.response_slope * self.shares(), everybody

    def shares(self) -> Floats:
        """Of the population's slope; 1 on average over contacts."""
        usual = float(self.answers.sum()) / max(float(self.counts.sum()), 1.0)
        if usual <= 0.0:
            return np.ones(self.customers)
        shares: Floats = (self.answers + 1.0) / (self.counts + 1.0 / usual) / usual
        return shares
