"""Slopes as only the simulated world can know them: the most that a slope of each customer's own could be.

Each customer's is the population's, learnt as ever, times a share of their own:

    by_traits   sensitivity_i and annoyance_i over their means
    by_harm     what a unit of level truly did to this customer's contacts, over the same of all contacts: also by how
                likely they respond, how long they remember, and how often they were past their patience

Harm is that of the season that the population's price made, so it knows the future too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.orchestrator.domain.pressure.estimate import PressureEstimate
from tests.support.pressed_columns import Contacted
from tests.support.simulated_pressure import Floats, PressedCustomers, PressedWorld
from tests.support.simulated_pressure_run import DAY_MS, PLAN, Season


@dataclass(frozen=True, slots=True, eq=False)
class Harm:
    """To each customer by a unit of level, float64 (customers,): the change of a chance per contact."""

    responses: Floats
    unsubscribes: Floats
    contacts: Floats


@dataclass(frozen=True, slots=True, eq=False)
class KnownSlopes:
    """Shares of the population's slopes, (customers,), and nothing to learn."""

    response_shares: Floats
    unsubscribe_shares: Floats

    def learn(self, contacts: Contacted, total: Floats, population: PressureEstimate) -> None:
        """All is known."""

    def slopes(self, population: PressureEstimate) -> tuple[Floats, Floats]:
        return (
            population.response_slope * self.response_shares,
            population.unsubscribe_slope * self.unsubscribe_shares,
        )

    def dealt(self, seed: int) -> KnownSlopes:
        """The same shares, each somebody else's: as much difference in prices, and nothing known of anybody."""
        order = np.random.default_rng(seed).permutation(len(self.response_shares))
        return KnownSlopes(self.response_shares[order], self.unsubscribe_shares[order])


def by_traits(world: PressedWorld) -> KnownSlopes:
    return KnownSlopes(world.sensitivity / world.sensitivity.mean(), world.annoyance / world.annoyance.mean())


def by_harm(harm: Harm) -> KnownSlopes:
    return KnownSlopes(
        *(each / np.average(each, weights=harm.contacts) for each in (harm.responses, harm.unsubscribes))
    )


def harm_of(world: PressedWorld, season: Season) -> Harm:
    customers = PressedCustomers(world)
    customers.contacted = season.contacted
    responses, unsubscribes = np.zeros(world.customers), np.zeros(world.customers)
    for day in range(world.days):
        tired = customers.tired(day)
        is_past = season.contacted[:, day] & (tired > 0.0)
        chance = world.propensity[:, day] * np.exp(-world.sensitivity * tired)
        responses -= is_past * world.sensitivity * chance
        unsubscribes += is_past * world.annoyance
    contacts = season.contacted.sum(axis=1).astype(np.float64)
    each = _fatigue_of_level(world) / np.maximum(contacts, 1.0)
    return Harm(responses * each, unsubscribes * each, contacts)


def _fatigue_of_level(world: PressedWorld) -> Floats:
    """A unit of level at a steady pace, as this customer's fatigue; (customers,)."""
    ages = np.arange(1, PLAN.window_ms // DAY_MS + 1)
    level = np.exp2(-ages * DAY_MS / PLAN.half_life_ms).sum()
    fatigue: Floats = (1.0 / (1.0 + ages / world.recovery[:, None])).sum(axis=1)
    return fatigue / float(level)
