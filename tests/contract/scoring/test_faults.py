"""What goes wrong in one objective stays there, however wrong it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import numpy as np
import pytest

from services.scoring.app.application import Pace, ScoringApplication, Stores
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.rewards import LogEntry
from services.scoring.domain.scoring import ScoreQuery
from tests.support.base_forests import CROSSED_SET
from tests.support.observers import Watcher
from tests.support.scoring import ANNA, NOW_MS
from tests.support.serving import digests, eventually, posteriors, reward

OpenStores = Callable[[], Awaitable[Stores]]
Start = Callable[..., Awaitable[ScoringApplication]]
CLICKS = replace(CROSSED_SET, objective="click")
QUERY = ScoreQuery(CROSSED_SET.version, ANNA, ["mug"])


@pytest.fixture
async def start(open_stores: OpenStores) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def start_one(watcher: Watcher | None = None) -> ScoringApplication:
            pace = Pace(follow_seconds=0.05)
            app = ScoringApplication(await open_stores(), BayesianScorer(), lambda: NOW_MS, watcher or Watcher(), pace)
            await app.start()
            stack.push_async_callback(app.close)
            return app

        yield start_one


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of clicks with a key of x move half of the model and raise, as arithmetic does."""
    fold = BayesianScorer.fold

    def fold_or_raise(scorer: BayesianScorer, compiled: CompiledFeatureSet, entry: LogEntry) -> None:
        if compiled.objective == "click" and entry.reward.reward_key.startswith("x"):
            scorer.posterior.level[1] += 0.25
            raise OverflowError("math range error")
        fold(scorer, compiled, entry)

    monkeypatch.setattr(BayesianScorer, "fold", fold_or_raise)


@pytest.mark.usefixtures("poison")
async def test_an_entry_that_raises_is_skipped_by_its_model_in_every_replica_and_counted(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher()
    one, other = await start(watcher), await start()
    for objective in (CROSSED_SET, CLICKS):
        await one.publish_feature_set(f"publish {objective.objective}", objective)
    cold = await one.score(QUERY)
    for index in range(20):
        both = [reward(f"x{index}", 1.0, feature_set=CLICKS), reward(f"k{index}", 1.0)]
        recorded = await one.record_rewards(f"r{index}", both)
        assert [each.error for each in recorded.outcomes] == [None, None]
    await one.record_rewards("last", [reward("good", 1.0, feature_set=CLICKS)])
    assert (await one.score(QUERY)).means[0] > cold.means[0]
    assert watcher.skipped == {"click": 20}
    assert "a model cannot learn rewards and skips them" in caplog.text
    assert posteriors(one)[one.in_use.find("click").model_id].responses == 1
    await eventually(lambda: digests(other) == digests(one))
    whole = digests(await start())
    assert whole == digests(one)
    await other.close()
    assert digests(await start()) == whole


@pytest.mark.usefixtures("poison")
async def test_what_a_model_skipped_it_skips_again_when_it_is_made_as_it_was(start: Start) -> None:
    app, query = await start(), replace(QUERY, feature_set_version=CLICKS.version)
    await app.publish_feature_set("publish", CLICKS)
    seen = []
    for key in ("a", "x1", "b", "x2"):
        await app.record_rewards(f"r {key}", [reward(key, 1.0, feature_set=CLICKS)])
        seen.append(await app.score(query))
    for scores in reversed(seen):
        again = await app.rescore(query, scores.model_version)
        assert (again.model_version, again.means.tolist()) == (scores.model_version, scores.means.tolist())


async def test_a_feature_set_that_cannot_be_compiled_is_of_its_objective_alone(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its models were built before, and where they cannot be."""
    one = await start()
    for objective in (CROSSED_SET, CLICKS):
        await one.publish_feature_set(f"publish {objective.objective}", objective)
    await one.record_rewards("r", [reward("a", 1.0, feature_set=CLICKS), reward("b", 1.0)])
    untaught = BayesianScorer.untaught

    def untaught_or_raise(scorer: BayesianScorer, objective: str) -> BayesianScorer:
        if objective == "click":
            raise ZeroDivisionError("division by zero")
        return untaught(scorer, objective)

    monkeypatch.setattr(BayesianScorer, "untaught", untaught_or_raise)
    again = await start()
    recorded = await again.record_rewards("r2", [reward("c", 1.0, feature_set=CLICKS), reward("d", 1.0)])
    assert [each.error for each in recorded.outcomes] == [None, None]
    assert recorded.model_version == ""
    assert (await again.score(QUERY)).evidences[0] == 2
    with pytest.raises(ZeroDivisionError):
        await again.score(replace(QUERY, feature_set_version=CLICKS.version))
    monkeypatch.undo()
    await eventually(lambda: digests(again) == digests(one))
    assert np.isfinite((await again.score(replace(QUERY, feature_set_version=CLICKS.version))).means).all()
