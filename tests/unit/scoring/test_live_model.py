"""A reader sees a whole model, and every way of folding gives the same one."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from services.scoring.app.live_model import LiveModel, Step
from services.scoring.domain.bayesian_scorer import BayesianScorer
from tests.support.scoring import FEATURE_SET, entries_of, taught

ENTRIES = entries_of([("mug", 1.0), ("pan", 0.0), ("sock", 0.0)] * 10)
COMPILED = BayesianScorer().compile(FEATURE_SET)
STEPS: list[Step] = [(COMPILED, entry) for entry in ENTRIES]


def posterior_of(model: LiveModel) -> np.ndarray:
    scorer = model.scorer
    assert isinstance(scorer, BayesianScorer)
    return scorer.posterior.mean


@pytest.mark.parametrize("size", [1, 5, 11, 30])
async def test_pieces_of_any_size_give_the_same_model(size: int) -> None:
    model = LiveModel(BayesianScorer())
    for start in range(0, len(STEPS), size):
        await model.fold(STEPS[start : start + size])
    assert model.scorer.position == 30
    assert np.array_equal(posterior_of(model), taught(ENTRIES).posterior.mean)


async def test_few_entries_are_folded_in_place() -> None:
    model = LiveModel(BayesianScorer())
    before = model.scorer
    await model.fold(STEPS[:3])
    assert model.scorer is before


async def test_who_holds_the_model_keeps_it_as_it_was() -> None:
    model = LiveModel(BayesianScorer())
    with model.held() as held:
        await model.fold(STEPS[:3])
        assert held.position == 0
        assert model.scorer.position == 3
        assert model.scorer is not held
        after = model.scorer
        await model.fold(STEPS[3:5])  # nobody holds the new one
        assert model.scorer is after
        assert model.scorer.position == 5


async def test_many_entries_leave_the_model_in_use_untouched_until_they_are_folded() -> None:
    model = LiveModel(BayesianScorer())
    before = model.scorer
    folding = asyncio.create_task(model.fold(STEPS))
    await asyncio.sleep(0)
    assert (model.scorer is before, before.position) == (True, 0)
    await folding
    assert (before.position, model.scorer.position) == (0, 30)
