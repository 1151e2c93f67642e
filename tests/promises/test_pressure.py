"""Marketing pressure is learnt from gaps that were drawn at random, and fewer contacts bring more than any fixed cap.

Simulated customers tire by a law that the estimator does not assume (tests/support/simulated_pressure.py); the real
gaps, levels, tallies, estimate and price decide, from nothing known on. Beside them fixed caps of 1 to 7 contacts a
week, of which the best is chosen in hindsight. Measured is what happens after the first days, which are to learn in;
who left meanwhile is gone. Intervals are of 95 %, over worlds, which all policies live through with the same luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tests.support.paired_change import Change
from tests.support.promises import Promise, is_full_strength
from tests.support.simulated_pressure import PressedWorld
from tests.support.simulated_pressure_run import NO_CAP, PLAN, Presser, Season, capped, slope_of_levels, totals

FIRST_SEED = 301
CAPS = tuple(range(1, NO_CAP + 1))
REDUCED_PLAN = replace(PLAN, gap_share=0.3)
"""Few customers need many gaps to learn from."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated."""

    seeds: int
    customers: int
    days: int
    learning: int

    def worlds(self, *, is_tiring: bool) -> list[PressedWorld]:
        seeds = range(FIRST_SEED, FIRST_SEED + self.seeds)
        return [PressedWorld.of(seed, self.customers, self.days, is_tiring=is_tiring) for seed in seeds]


def size(promise: Promise, customers: int, seeds: int) -> Size:
    """So many customers at reduced strength, and seeds at full."""
    seeds = promise.strength(reduced=2, full=seeds)
    return Size(seeds, 4_000, 180, 60) if is_full_strength() else Size(seeds, customers, 100, 40)


def presser(world: PressedWorld, *, is_pricing: bool = True) -> Presser:
    return Presser(world, PLAN if is_full_strength() else REDUCED_PLAN, is_pricing)


def test_fewer_contacts_bring_more_than_the_best_fixed_cap(promise: Promise) -> None:
    of = size(promise, customers=600, seeds=10)
    worlds = of.worlds(is_tiring=True)
    pressed = [presser(world).run() for world in worlds]
    fixed = {cap: [capped(world, cap) for world in worlds] for cap in CAPS}
    for chosen_by in ("conversions", "money"):
        sums = {cap: sum(totals(seasons, chosen_by, of.learning)) for cap, seasons in fixed.items()}
        best = max(sums, key=sums.__getitem__)
        promise.figure(f"best cap by {chosen_by}: contacts a week", best)
        changes = compared(promise, f"the best cap by {chosen_by}", pressed, fixed[best], of.learning)
        whole = Change.of(totals(pressed, "conversions", 0), totals(fixed[best], "conversions", 0))
        promise.figure(f"conversions beside the best cap by {chosen_by}, with the first {of.learning} days", str(whole))
        if is_full_strength():
            assert changes["money"].low >= 0.0
        if chosen_by == "conversions":
            assert changes["contacts"].mean < (-0.2 if is_full_strength() else 0.0)
        if chosen_by == "conversions" and is_full_strength():
            assert changes["contacts"].high < 0.0
            assert changes["conversions"].low >= 0.0
    changes = compared(promise, "no cap", pressed, fixed[NO_CAP], of.learning)
    assert changes["contacts"].mean < -0.2
    assert changes["money"].mean > 0.0


def compared(
    promise: Promise, name: str, seasons: Sequence[Season], others: Sequence[Season], since: int
) -> dict[str, Change]:
    changes = {
        column: Change.of(totals(seasons, column, since), totals(others, column, since))
        for column in ("contacts", "conversions", "money")
    }
    for column, change in changes.items():
        promise.figure(f"{column} beside {name}", str(change))
    return changes


def test_contacts_aimed_at_the_engaged_do_not_turn_the_sign(promise: Promise) -> None:
    """While contacts have no price yet. By levels alone it looks as if pressure did good."""
    runs = [presser(world, is_pricing=False) for world in size(promise, customers=400, seeds=5).worlds(is_tiring=True)]
    for run in runs:
        run.run()
    naive = [slope_of_levels(run.samples) for run in runs]
    learnt = [run.estimate for run in runs]
    promise.figure("a unit of level and responses, by least squares, mean", round(float(np.mean(naive)), 4))
    slopes = np.array([each.response_slope for each in learnt])
    errors = np.array([each.response_error for each in learnt])
    promise.figure("the same by the gaps, mean", round(float(slopes.mean()), 4))
    promise.figure("its standard error in one world, mean", round(float(errors.mean()), 4))
    pooled = float(np.sqrt((errors**2).sum())) / len(errors)
    assert np.mean(naive) > 0.0
    assert slopes.mean() < -2.0 * pooled
    if is_full_strength():
        assert min(naive) > 0.0
        assert (slopes < -2.0 * errors).all()
        assert min(each.certainty for each in learnt) > 0.9


def test_customers_who_do_not_tire_are_contacted_as_before(promise: Promise) -> None:
    """But for the gaps, which cost their share of the time: that is told apart."""
    of = size(promise, customers=200, seeds=5)
    worlds = of.worlds(is_tiring=False)
    pressed = [presser(world).run() for world in worlds]
    waiting = [presser(world, is_pricing=False).run() for world in worlds]
    free = [capped(world, NO_CAP) for world in worlds]
    for name in ("contacts", "conversions", "money"):
        mine, gaps, all_of_it = (totals(each, name, of.learning) for each in (pressed, waiting, free))
        price = Change.of(mine, gaps)
        promise.figure(f"nobody tires: {name}, by the price", str(price))
        promise.figure(f"nobody tires: {name}, by the gaps", str(Change.of(gaps, all_of_it)))
        assert price.mean > (-0.005 if is_full_strength() else -0.1)
        if is_full_strength():
            assert Change.of(mine, all_of_it).mean > -0.03
