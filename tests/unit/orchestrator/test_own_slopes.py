"""What `make bench NAME=own-pressure` measures with: the same contacts as the real price makes, and an estimate of own
slopes that finds them where there is enough to find them by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.orchestrator.domain.pressure.estimate import PressureEstimate
from tests.support.known_slopes import by_traits
from tests.support.own_slopes import EmpiricalBayes, Instrument, by_gaps, by_levels
from tests.support.pressed_columns import ColumnPresser, Contacted, GapColumns
from tests.support.simulated_pressure import Floats, PressedWorld
from tests.support.simulated_pressure_run import PLAN, Presser

CUSTOMERS = 100
POPULATION = PressureEstimate(-0.05, 0.01, 0.001, 0.0005, certainty=1.0)
INSTRUMENTS = pytest.mark.parametrize("instrument", [by_gaps, by_levels])


def test_columns_contact_whom_the_real_price_lets_be_contacted() -> None:
    plan = replace(PLAN, gap_share=0.3)
    world = PressedWorld.of(5, 300, 90, is_tiring=True)
    real, columns = Presser(world, plan), ColumnPresser(world, GapColumns.of(plan, world.customers, world.days))
    season, same = real.run(), columns.run()
    assert real.estimate.certainty > 0.0
    assert columns.estimate.response_slope == pytest.approx(real.estimate.response_slope, rel=1e-9)
    assert (same.contacted == season.contacted).all()
    assert (same.responses == season.responses).all()


def test_who_is_more_sensitive_by_nature_is_contacted_less() -> None:
    world = PressedWorld.of(5, 300, 90, is_tiring=True)
    gaps = GapColumns.of(replace(PLAN, gap_share=0.3), world.customers, world.days)
    usual = ColumnPresser(world, gaps).run().contacted.sum(axis=1)
    known = ColumnPresser(world, gaps, by_traits(world)).run().contacted.sum(axis=1)
    assert np.corrcoef(known - usual, world.sensitivity)[0, 1] < -0.2


@INSTRUMENTS
def test_own_slopes_are_found_by_many_contacts(instrument: Instrument) -> None:
    truth = np.where(np.arange(CUSTOMERS) % 2, -0.08, -0.02)
    found = learnt(truth, 4_000, instrument).shrunk
    assert found is not None
    assert found.spread == pytest.approx(0.03, rel=0.2)
    assert np.median(found.weights) > 0.8
    assert np.corrcoef(found.differences, truth)[0, 1] > 0.9
    assert found.differences.mean() == pytest.approx(0.0, abs=0.005)


@INSTRUMENTS
def test_own_slopes_are_next_to_the_populations_where_nobody_differs(instrument: Instrument) -> None:
    found = learnt(np.full(CUSTOMERS, -0.05), 4_000, instrument).shrunk
    assert found is not None
    assert found.differences == pytest.approx(0.0, abs=0.01)


def test_a_standard_error_is_how_far_own_slopes_are_off() -> None:
    """Without shrinkage: by what the own data say, at the weight that they have."""
    truth = np.where(np.arange(CUSTOMERS) % 2, -0.08, -0.02)
    found = learnt(truth, 400, by_levels).shrunk
    assert found is not None
    assert found.spread > 0.0
    raw = found.differences / found.weights
    off = (raw - (truth - truth.mean())) / found.errors
    assert off.std() == pytest.approx(1.0, abs=0.25)


def learnt(slopes: Floats, contacts: int, instrument: Instrument) -> EmpiricalBayes:
    """`contacts` of each customer."""
    rng, own = np.random.default_rng(3), EmpiricalBayes(CUSTOMERS, instrument)
    total = np.zeros(17)
    for _ in range(contacts // 100):
        customers = np.repeat(np.arange(CUSTOMERS), 100)
        deviations = rng.normal(0.0, 1.0, len(customers))
        levels = 3.0 + deviations + rng.normal(0.0, 0.3, len(customers))
        propensities = rng.uniform(0.4, 0.6, len(customers))
        responded = rng.random(len(customers)) < propensities + slopes[customers] * (levels - 3.0)
        day = Contacted(
            customers, levels, deviations, propensities, responded.astype(np.float64), np.zeros(len(customers))
        )
        total += day.tallies().sum(axis=0)
        own.learn(day, total, POPULATION)
    return own
