"""A slope of each customer's own: what their own contacts say, shrunk to the population's by how surely they say it.

Empirical Bayes over the sums of one customer i, about their own means, for an instrument w:

    b_i   = Σ w (y − k p) / Σ w l        k: the population's slope of the propensity
    v_i   = (Σ w l)² / (σ_i² Σ w w)      the certainty, 1 / SE_i²; σ_i² ∝ m (1 − m), m a customer's rate of responses as
                                         if one at the population's rate had been seen beforehand
    own_i = β + (b_i − b̄) τ² / (τ² + SE_i²)

β is the population's slope by the gaps and b̄ the mean of the b_i by their certainties, so that on average nobody's
price changes; τ², how much customers differ, is what the b_i vary more than their errors: DerSimonian and Laird
(1986), "Meta-analysis in clinical trials", Controlled Clinical Trials 7(3). Two instruments: the deviation by the gaps,
which is right whatever contacts are aimed at; and the level itself, far more precise, which is right only where a
person's own levels have no cause in common with their responses. In the simulated world they have none.

Only of responses: who is still there has never unsubscribed, so that what a person's own contacts say of that is 0 for
everybody whom it could matter for.

    sums float64[customers, 11]: n w l p y pp py ww wl wp wy      p propensity, l level, y responded
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from services.orchestrator.domain.pressure.estimate import PressureEstimate
from services.orchestrator.domain.pressure.tally import CROSS, RESPONSES
from tests.support.pressed_columns import Contacted
from tests.support.simulated_pressure import Floats

Instrument = Callable[[Contacted], Floats]

_SUMS = 11
_N, _W, _L, _P, _Y, _PP, _PY, _WW, _WL, _WP, _WY = range(_SUMS)
LEAST_SQUARES = 1e-9
"""Who never was at another level says nothing."""


def by_gaps(contacts: Contacted) -> Floats:
    return contacts.deviations


def by_levels(contacts: Contacted) -> Floats:
    return contacts.levels


@dataclass(frozen=True, slots=True, eq=False)
class Shrunk:
    """(customers,), but for `spread`, τ. `differences`: own slopes less the population's. `weights`: of the own data.
    `errors` are infinite where they say nothing."""

    differences: Floats
    errors: Floats
    weights: Floats
    spread: float


@dataclass(slots=True, eq=False)
class EmpiricalBayes:
    """Slopes of responses, made anew every day. `spread`: τ where it is known; None: it is found. `shrunk`: None while
    the population's slope is not known."""

    customers: int
    instrument: Instrument
    spread: float | None = None
    shrunk: Shrunk | None = None
    sums: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros((self.customers, _SUMS))

    @property
    def contacts(self) -> Floats:
        """Of each customer, that were learnt from."""
        counts: Floats = self.sums[:, _N]
        return counts

    def learn(self, contacts: Contacted, total: Floats, population: PressureEstimate) -> None:
        w, level, p, y = self.instrument(contacts), contacts.levels, contacts.propensities, contacts.responded
        rows = (np.ones_like(w), w, level, p, y, p * p, p * y, w * w, w * level, w * p, w * y)
        np.add.at(self.sums, contacts.customers, np.stack(rows, axis=1))
        if population.certainty > 0.0:
            _, of_propensity, _ = np.linalg.solve(total[CROSS].reshape(3, 3), total[RESPONSES]).tolist()
            self.shrunk = self._shrunk(of_propensity)

    def slopes(self, population: PressureEstimate) -> tuple[Floats, Floats]:
        everybody = np.full(self.customers, population.unsubscribe_slope)
        differences = np.zeros(self.customers) if self.shrunk is None else self.shrunk.differences
        return population.response_slope + differences, everybody

    def _shrunk(self, of_propensity: float) -> Shrunk:
        moved, squared = self._about_means(_W, _L, _WL), self._about_means(_W, _W, _WW)
        answered = self._about_means(_W, _Y, _WY) - of_propensity * self._about_means(_W, _P, _WP)
        noise = self._variances(of_propensity) * squared
        known = (squared > LEAST_SQUARES) & (noise > 0.0)
        moved, answered, noise = moved[known], answered[known], noise[known]
        certainties, said = moved**2 / noise, moved * answered / noise
        mean = float(said.sum() / certainties.sum())
        excess = float((answered**2 / noise).sum()) - mean * float(said.sum()) - (len(noise) - 1)
        scale = float(certainties.sum() - (certainties**2).sum() / certainties.sum())
        variance = max(0.0, excess / scale) if self.spread is None else self.spread**2
        found = Shrunk(
            np.zeros(self.customers),
            np.full(self.customers, np.inf),
            np.zeros(self.customers),
            float(np.sqrt(variance)),
        )
        found.weights[known] = variance * certainties / (1.0 + variance * certainties)
        found.differences[known] = variance * (said - mean * certainties) / (1.0 + variance * certainties)
        with np.errstate(divide="ignore"):
            found.errors[known] = 1.0 / np.sqrt(certainties)
        return found

    def _variances(self, of_propensity: float) -> Floats:
        """Of one answer of each customer, beside what the propensity explains."""
        counts, answers = self.sums[:, _N], self.sums[:, _Y]
        usual = float(answers.sum() / counts.sum())
        rates = (answers + 1.0) / (counts + 1.0 / usual)
        variances: Floats = rates * (1.0 - rates)
        left = self._about_means(_Y, _Y, _Y) - 2.0 * of_propensity * self._about_means(_P, _Y, _PY)
        left = left + of_propensity**2 * self._about_means(_P, _P, _PP)
        return variances * float(left.sum() / (variances * np.maximum(counts - 1.0, 0.0)).sum())

    def _about_means(self, one: int, other: int, product: int) -> Floats:
        """The sum of products of each customer, less what the means make of it."""
        means = self.sums[:, one] * self.sums[:, other] / np.maximum(self.sums[:, _N], 1.0)
        centred: Floats = self.sums[:, product] - means
        return centred
