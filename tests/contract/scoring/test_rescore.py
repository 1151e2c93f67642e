"""A model as it was at a position of the reward log answers again what it answered then, or says that it is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import grpc
import numpy as np
import pytest
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.api.servicer import SERVICE, ScoringServicer
from services.scoring.app.application import Pace, ScoringApplication, Stores
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.errors import InvalidArgument, TandemError
from shared.rpc.errors import from_rpc_error
from tests.support.base_forests import CROSSED_SET
from tests.support.grpc_server import loopback
from tests.support.observers import Watcher
from tests.support.scoring import ACTIONS, ANNA, NOW_MS
from tests.support.serving import CONTENT, activate, eventually, registered, reward

OpenStores = Callable[[], Awaitable[Stores]]
Start = Callable[..., Awaitable[ScoringApplication]]
NAMES = [action.action for action in ACTIONS]
QUERY = ScoreQuery(CROSSED_SET.version, ANNA, NAMES, ["EMAIL"] * 4, ["home"] * 4)
COLUMNS = ("means", "uncertainties", "evidences", "log_odds_means", "log_odds_deviations")


@pytest.fixture
async def start(open_stores: OpenStores) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def start_one(snapshot_rewards: int = 10**9) -> ScoringApplication:
            pace = Pace(follow_seconds=0.05, snapshot_rewards=snapshot_rewards)
            app = ScoringApplication(await open_stores(), BayesianScorer(), lambda: NOW_MS, Watcher(), pace)
            await app.start()
            stack.push_async_callback(app.close)
            await app.publish_feature_set("publish", CROSSED_SET)
            return app

        yield start_one


async def teach(app: ScoringApplication, first: int, count: int) -> list[Scores]:
    """Every reward in a request of its own, some corrected later; the scores after each."""
    seen = []
    for index in range(first, first + count):
        key, action = f"d{index % 17}/k{index}", NAMES[index % 4]
        await app.record_rewards(f"r{index}", [reward(key, float(index % 3 == 0), action)])
        if index % 5 == 0:
            await app.record_rewards(f"c{index}", [reward(key, 1.0, action)])
        seen.append(await app.score(QUERY))
    return seen


def assert_same(one: Scores, two: Scores) -> None:
    assert one.model_version == two.model_version
    for name in COLUMNS:
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


async def test_every_state_is_had_again_in_any_order_bit_by_bit(start: Start) -> None:
    app = await start()
    first = await app.score(QUERY)
    seen = [first, *await teach(app, 0, 30)]
    for scores in [*seen, *reversed(seen), seen[11], seen[3]]:
        assert_same(await app.rescore(QUERY, scores.model_version), scores)
    assert_same(await app.score(QUERY), seen[-1])


async def test_a_restart_and_snapshots_in_between_change_nothing(start: Start) -> None:
    app = await start(snapshot_rewards=5)
    seen = await teach(app, 0, 12)
    await app.close()
    again = await start()
    seen += await teach(again, 12, 5)
    for scores in seen:
        assert_same(await again.rescore(QUERY, scores.model_version), scores)


async def test_a_model_that_was_replaced_still_says_what_it_said(start: Start, stores: Stores) -> None:
    app = await start()
    without_base = await teach(app, 0, 6)
    name = await registered(stores, CONTENT)
    await activate(app, name)
    await eventually(lambda: app.in_use.names("success")[0] == name, 90.0)
    over_a_base = await teach(app, 6, 6)
    assert over_a_base[0].model_version.startswith(name)
    for scores in (*over_a_base, *without_base):
        assert_same(await app.rescore(QUERY, scores.model_version), scores)


async def refusal(app: ScoringApplication, model_version: str) -> str:
    with pytest.raises(TandemError) as refused:
        await app.rescore(QUERY, model_version)
    return refused.value.reason


async def test_what_is_not_there_any_more_is_said(start: Start) -> None:
    app = await start()
    seen = await teach(app, 0, 10)
    name = seen[0].model_version.partition("@")[0]
    assert await refusal(app, f"{name}@999") == "MODEL_STATE_GONE"
    assert await refusal(app, "bayes-0000@1") == "MODEL_NOT_FOUND"
    for text in ("", "x", f"{name}@", f"{name}@-1", f"{name}@01", "@1"):
        with pytest.raises(InvalidArgument):
            await app.rescore(QUERY, text)


async def test_after_an_erasure_only_what_a_snapshot_holds_is_had(start: Start) -> None:
    app = await start()
    seen = await teach(app, 0, 10)
    await app.erase_subject_data("erase", ["d4"])
    later = await teach(app, 10, 4)
    again = await start()  # with no state in memory
    for scores in (seen[-1], *later):
        assert_same(await again.rescore(QUERY, scores.model_version), scores)
    assert_same(await again.rescore(QUERY, seen[3].model_version), seen[3])
    assert await refusal(again, seen[4].model_version) == "MODEL_STATE_GONE"
    assert await refusal(again, seen[8].model_version) == "MODEL_STATE_GONE"


async def test_it_is_served(start: Start) -> None:
    app = await start()
    (scores,) = await teach(app, 0, 1)
    question = pb.ScoreActionsRequest(feature_set_version=CROSSED_SET.version, actions=NAMES)
    async with loopback(SERVICE, ScoringServicer(app)) as server:
        request = pb.RescoreActionsRequest(question=question, model_version=scores.model_version)
        answer = await server.unary("RescoreActions")(request, timeout=20)
        same = await server.unary("ScoreActions")(question, timeout=20)
        assert answer.scores == same
        request.model_version = "bayes-0@0"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.unary("RescoreActions")(request, timeout=20)
    assert from_rpc_error(refused.value).reason == "MODEL_NOT_FOUND"
