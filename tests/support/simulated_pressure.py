"""Customers of whom everything is known: whom the shop could reach when, what they would answer, and how they tire.

The law by which they tire is none that orchestrator.domain.pressure assumes. There a level halves every so often, the
same for all, and effects are straight lines of it. Here each contact wears off hyperbolically, at a pace of one's own,
and nothing happens up to a threshold of one's own:

    fatigue_i(t) = Σ 1 / (1 + age / recovery_i)      over all past contacts
    tired_i(t)   = max(0, fatigue_i(t) − patience_i)
    a response   = propensity × exp(−sensitivity_i × tired_i)
    leaving      = 1 − exp(−(usual + annoyance_i × tired_i)), for good

Engaged customers answer more, can be reached more often, and tire later; of how engaged somebody is, the scorer sees a
part only, and its propensities are too high by the same factor for all. In a world where nobody tires all of
`sensitivity` and `annoyance` are 0, and the rest is drawn alike.

    reachable, luck, leaving, propensity, believed    (customers, days)
    patience, recovery, sensitivity, annoyance        (customers,)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

VALUE = 20.0
"""Of a response."""
CONTACT_COST = 0.1
UNSUBSCRIBE_VALUE = 100.0
"""What somebody who left would have brought after the season."""
_USUAL_LEAVING = 2e-4
_SEEN = 0.2
"""Of what engagement does to a response, as the scorer sees it."""
_TOO_HIGH = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class PressedWorld:
    """The columns above. `luck` and `leaving` in [0, 1): what falls below a chance happens, whoever decides."""

    reachable: Flags
    luck: Floats
    leaving: Floats
    propensity: Floats
    believed: Floats
    patience: Floats
    recovery: Floats
    sensitivity: Floats
    annoyance: Floats

    @classmethod
    def of(cls, seed: int, customers: int, days: int, *, is_tiring: bool) -> PressedWorld:
        rng = np.random.default_rng(seed)
        shape = (customers, days)
        engagement = rng.normal(0.0, 1.0, customers)
        interest = rng.normal(0.0, 0.7, shape)
        seen = rng.normal(0.0, 0.3, shape) + interest
        base = -2.0 + 1.0 * engagement[:, None] + interest
        tiring = 1.0 if is_tiring else 0.0
        return cls(
            reachable=rng.random(shape) < _expit(-0.1 + 1.1 * engagement)[:, None],
            luck=rng.random(shape),
            leaving=rng.random(shape),
            propensity=_expit(base),
            believed=_TOO_HIGH * _expit(-2.0 + 1.0 * _SEEN * engagement[:, None] + seen),
            patience=rng.gamma(4.0, 0.35, customers) * np.exp(0.15 * engagement),
            recovery=rng.lognormal(np.log(2.5), 0.5, customers),
            sensitivity=tiring * rng.gamma(2.0, 0.2, customers),
            annoyance=tiring * rng.gamma(2.0, 0.0008, customers),
        )

    @property
    def customers(self) -> int:
        return len(self.patience)

    @property
    def days(self) -> int:
        return int(self.reachable.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Happened:
    """On one day, (customers,)."""

    responded: Flags
    left: Flags


class PressedCustomers:
    """What customers do, day by day; `contacted` (customers, days) is what they remember."""

    def __init__(self, world: PressedWorld) -> None:
        self._world = world
        self.contacted = np.zeros((world.customers, world.days), np.bool_)
        self.is_there = np.ones(world.customers, np.bool_)

    def reachable(self, day: int) -> Flags:
        return self.is_there & self._world.reachable[:, day]

    def contact(self, day: int, whom: Flags) -> Happened:
        """`whom` are reachable."""
        world, tired = self._world, self.tired(day)
        chance = world.propensity[:, day] * np.exp(-world.sensitivity * tired)
        leaving = -np.expm1(-_USUAL_LEAVING - world.annoyance * tired)
        self.contacted[:, day] = whom
        happened = Happened(whom & (world.luck[:, day] < chance), whom & (world.leaving[:, day] < leaving))
        self.is_there &= ~happened.left
        return happened

    def tired(self, day: int) -> Floats:
        """How far each is past their patience."""
        world = self._world
        left = 1.0 / (1.0 + np.arange(day, 0, -1) / world.recovery[:, None])
        fatigue = (left * self.contacted[:, :day]).sum(axis=1)
        tired: Floats = np.maximum(0.0, fatigue - world.patience)
        return tired


def _expit(log_odds: Floats) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return result
