"""What DiffPolicies says of two policies is true as often as it claims, and what nobody can know it does not say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from services.orchestrator.app.diff.diff_policies import DiffQuestion
from services.orchestrator.app.diff.values import columns_of, valued
from services.orchestrator.domain.diff.verdict import Finding
from tests.support.diffed import LEVER, Population, candidate, logged, replayed, true_difference
from tests.support.promises import Promise
from tests.support.shop import open_shop

SAMPLE = 200
"""Persons of a run."""
ESTIMATORS = ("money_dr", "money_snips")


async def test_intervals_cover_the_true_one_step_difference(tmp_path: Path, promise: Promise) -> None:
    """The policies decide once for a population; every run draws persons, choices and successes anew, by the logged
    probabilities and a truth that no policy knows, and estimates as DiffPolicies does."""
    runs = promise.strength(reduced=200, full=1_000)
    async with open_shop(tmp_path) as shop:
        await logged(shop, promise.strength(reduced=120, full=600))
        replay = await replayed(shop, await candidate(shop, LEVER))
    decisions = [replay.decisions[index] for index in valued(replay.decisions)]
    population, wanted = Population.of(decisions), true_difference(decisions)
    assert abs(wanted) > 0.01, "there is something to tell apart"
    random = np.random.default_rng(20261123)
    covered = dict.fromkeys(ESTIMATORS, 0)
    for _ in range(runs):
        difference = columns_of(population.sample(SAMPLE, random)).difference()
        for name in ESTIMATORS:
            interval = getattr(difference, name)
            covered[name] += interval.low <= wanted <= interval.high
    promise.figure("true_difference", round(wanted, 5))
    for name in ESTIMATORS:
        share = covered[name] / runs
        promise.figure(f"coverage_{name}", share)
        # At reduced strength 95 % come out between 91 and 99 in 999 of 1,000 runs of this test.
        low, high = (0.93, 0.97) if runs >= 1_000 else (0.90, 0.995)
        assert low <= share <= high, name


async def test_a_policy_that_wins_by_what_the_log_never_tried_is_refused(tmp_path: Path, promise: Promise) -> None:
    """It says of its own action that it is worth a hundred times as much."""
    changes = {"  # Adults only": GOLDEN + "  # Adults only"}
    async with open_shop(tmp_path) as shop:
        await logged(shop, 60)
        report = await shop.orchestrator.diff_policies(DiffQuestion(await candidate(shop, changes)))
    assert report.verdict is not None
    assert report.verdict.finding is Finding.REFUSED
    assert "the log never tried" in report.verdict.text
    assert report.difference is None
    assert report.candidate.value is None
    assert report.candidate.untried_share > 0.9
    promise.figure("untried_share", round(report.candidate.untried_share, 4))


GOLDEN = """  golden_tea:
    group: tea
    business_value: '800.0'
    treatments:
      golden_tea_web: {channel: web, content: {en: {title: Golden tea}}}
"""
