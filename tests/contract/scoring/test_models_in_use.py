"""Models are swapped under way: replicas agree, nothing is lost or learnt twice, and what cannot be used is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import numpy as np
import pytest

from services.scoring.app.application import Pace, ScoringApplication, Stores
from services.scoring.app.batch_score import BatchQuery
from services.scoring.domain.base_model.content import encode
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.feature_set import FeatureDeclaration, FeatureSet
from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.models import Assignment, ModelRole
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.errors import InvalidArgument, NotFound, TandemError
from shared.values import AttributeType, present
from tests.support.base_forests import CROSSED_SET, base_content, random_features
from tests.support.observers import Watcher
from tests.support.poisoned_forests import poisoned
from tests.support.scoring import ACTIONS, ANNA, NOW_MS
from tests.support.serving import CONTENT, activate, digests, eventually, posteriors, registered, reward, using

OpenStores = Callable[[], Awaitable[Stores]]
Start = Callable[..., Awaitable[ScoringApplication]]
NAMES = [action.action for action in ACTIONS]
QUERY = ScoreQuery(CROSSED_SET.version, ANNA, NAMES, ["EMAIL"] * 4, ["home"] * 4)
QUICK = Pace(follow_seconds=0.05, snapshot_rewards=10**9)
CHAMPION, CHALLENGER, APPRENTICE = ModelRole.CHAMPION, ModelRole.CHALLENGER, ModelRole.APPRENTICE
CLICKS = replace(CROSSED_SET, objective="click")


@pytest.fixture
async def start(open_stores: OpenStores) -> AsyncIterator[Start]:
    """Starts an application on the same place, as another replica or after a restart."""
    async with AsyncExitStack() as stack:

        async def start_one(pace: Pace = QUICK, watcher: Watcher | None = None) -> ScoringApplication:
            app = ScoringApplication(await open_stores(), BayesianScorer(), lambda: NOW_MS, watcher or Watcher(), pace)
            await app.start()
            stack.push_async_callback(app.close)
            return app

        yield start_one


async def published(start: Start, watcher: Watcher | None = None) -> ScoringApplication:
    app = await start(watcher=watcher)
    await app.publish_feature_set("publish", CROSSED_SET)
    return app


async def test_three_replicas_reach_the_same_state_through_an_activation_and_a_restart(
    start: Start, stores: Stores
) -> None:
    """Rewards arrive through all of them, shuffled, corrected, of two objectives; a model is activated meanwhile, and
    one replica starts anew from a snapshot."""
    apps = [await published(start), await start(), await start()]
    await apps[1].publish_feature_set("clicks", CLICKS)
    name = await registered(stores, CONTENT)
    rng = np.random.default_rng(5)
    order = rng.permutation(240).tolist()

    async def one(index: int) -> None:
        feature_set = CLICKS if index % 5 == 0 else CROSSED_SET
        action, value = NAMES[index % 4], float(index % 3 == 0)
        sent = [reward(f"k{index}", 0.0, action, feature_set), reward(f"k{index}", value, action, feature_set)]
        await apps[index % len(apps)].record_rewards(f"r{index}", sent)

    await asyncio.gather(*map(one, order[:80]))
    await apps[0].close()
    apps[0] = await start()
    await asyncio.gather(activate(apps[2], name), *map(one, order[80:160]))
    for app in apps:
        await using(app, name)
    await apps[1].close()
    apps[1] = await start()
    await asyncio.gather(*map(one, order[160:]))
    last = await stores.rewards.last_position()
    for app in apps:
        await eventually(lambda app=app: all(each[0] == last for each in digests(app).values()))  # type: ignore[misc]
    first = digests(apps[0])
    assert len(first) == 3, "the champion, the model before it, and that of the other objective"
    assert digests(apps[1]) == first
    assert digests(apps[2]) == first
    assert posteriors(apps[0])[name].responses == 192
    whole = digests(await start())
    assert whole == first


async def test_a_reward_is_in_the_next_score_of_its_replica_at_once_and_of_others_within_seconds(
    start: Start, stores: Stores
) -> None:
    one = await start(Pace(follow_seconds=1.0))
    await one.publish_feature_set("publish", CROSSED_SET)
    name = await registered(stores, CONTENT)
    await activate(one, name)
    await using(one, name)
    others = [await start(Pace(follow_seconds=1.0)) for _ in range(2)]
    before = (await one.score(QUERY)).means[0]
    await one.record_rewards("r", [replace(reward("k", 1.0), features=ANNA)])
    after = await one.score(QUERY)
    assert after.means[0] > before
    assert after.model_version == f"{name}@1"
    began = time.monotonic()
    for other in others:
        while (await other.score(QUERY)).model_version != after.model_version:
            assert time.monotonic() - began < 5.0
            await asyncio.sleep(0.05)
        assert (await other.score(QUERY)).means.tolist() == after.means.tolist()


async def test_no_reward_is_missing_in_any_score_while_models_are_swapped(start: Start, stores: Stores) -> None:
    app = await published(start)
    names = [
        await registered(stores, encode(replace(base_content(), rate_log_odds=-index))) for index in (2.0, 3.0, 4.0)
    ]
    is_done = False

    async def swap() -> None:
        nonlocal is_done
        for name in names:
            await activate(app, name)
            await using(app, name)
        is_done = True

    async def teach() -> int:
        count = 0
        while not is_done or count < 20:
            count += 1
            await app.record_rewards(f"r{count}", [reward(f"k{count}", 1.0)])
            scores = await app.score(QUERY)
            assert scores.model_version.endswith(f"@{count}")
            assert scores.shadow is None or scores.shadow.model_version.endswith(f"@{count}")
        return count

    _, count = await asyncio.gather(swap(), teach())
    assert posteriors(app)[names[-1]].evidence == {"mug": count}


async def test_what_was_champion_becomes_the_challenger_and_goes_on_as_it_is(start: Start, stores: Stores) -> None:
    app = await published(start)
    await app.record_rewards("r", [reward("k", 1.0)])
    before, model = await app.score(QUERY), app.in_use.champion
    name = await registered(stores, CONTENT)
    await activate(app, name)
    await using(app, name)
    scores = await app.score(QUERY)
    assert scores.model_version == f"{name}@1"
    assert scores.shadow is not None
    assert scores.shadow.model_version == before.model_version
    assert scores.shadow.means.tolist() == before.means.tolist()
    assert app.in_use.find("success", model.model_id) is model
    await app.record_rewards("r2", [reward("k2", 1.0)])
    shadow = (await app.score(QUERY)).shadow
    assert shadow is not None
    assert shadow.model_version.endswith("@2")


async def test_an_apprentice_ranks_nothing_and_is_heard(start: Start, stores: Stores) -> None:
    app = await published(start)
    name = await registered(stores, CONTENT)
    await activate(app, name, CHALLENGER)
    await eventually(lambda: name in app.in_use.names("success"))
    tried = (await app.score(QUERY)).shadow
    await activate(app, name, APPRENTICE)
    await using(app, name)
    scores = await app.score(QUERY)
    assert scores.is_apprentice
    assert scores.model_version == "rate@0"
    assert scores.means.tolist() == [CROSSED_SET.prior_propensity] * 4
    assert scores.log_odds_means == pytest.approx(np.full(4, np.log(0.1 / 0.9)))
    assert scores.uncertainties.tolist() == scores.log_odds_deviations.tolist() == [0.0] * 4
    assert scores.shadow is not None
    assert tried is not None
    assert scores.shadow.model_version == f"{name}@0"
    assert scores.shadow.means.tolist() == tried.means.tolist()
    await activate(app, name, CHAMPION)
    await eventually(lambda: not app.in_use.is_apprentice("success"))
    answered = await app.score(QUERY)
    assert answered.means.tolist() == tried.means.tolist()


async def test_objectives_learn_apart_and_keep_up_with_one_log(start: Start, stores: Stores) -> None:
    one, other = await published(start), await start()
    await one.publish_feature_set("clicks", CLICKS)
    version = CLICKS.version
    cold = await one.score(replace(QUERY, feature_set_version=version))
    recorded = await one.record_rewards("a", [reward("a", 1.0, feature_set=CLICKS)])
    assert recorded.model_version == f"{one.in_use.find('click').model_id}@1"
    await one.record_rewards("b", [reward("b", 0.0)])
    clicks = await one.score(replace(QUERY, feature_set_version=version))
    success = await one.score(QUERY)
    assert clicks.model_version.partition("@")[0] != success.model_version.partition("@")[0]
    assert clicks.model_version.endswith("@2")
    assert success.model_version.endswith("@2")
    assert clicks.means[0] > cold.means[0] > success.means[0]
    assert (clicks.evidences[0], success.evidences[0]) == (1.0, 1.0)
    await eventually(lambda: digests(other) == digests(one))


async def test_an_objective_that_another_replica_published_is_answered_at_once(start: Start) -> None:
    one, other = await published(start), await start(Pace(follow_seconds=3600))
    await one.publish_feature_set("clicks", CLICKS)
    await one.record_rewards("a", [reward("a", 1.0, feature_set=CLICKS)])
    query = replace(QUERY, feature_set_version=CLICKS.version)
    scores = await asyncio.gather(*(other.score(query) for _ in range(5)))
    assert {each.model_version for each in scores} == {(await one.score(query)).model_version}


def torn() -> bytes:
    content = encode(base_content())
    return content[:-1] + bytes([content[-1] ^ 1])


def of_a_lie() -> bytes:
    """A forest that is not what its file says."""
    forest = base_content().forest.replace("num_leaves=8", "num_leaves=9", 1)
    return encode(replace(base_content(), forest=forest))


def without_numbers() -> bytes:
    """Leaves that are finite and sums that are not."""
    return poisoned("1e308")


def of_strangers() -> bytes:
    """It reads features that nobody declares."""
    columns = base_content().columns
    renamed = tuple(
        replace(each, name=f"x_{each.name}") if each.side is Side.CUSTOMER else each for each in columns.columns
    )
    words = {**columns.vocabularies, **{f"x_{name}": words for name, words in columns.vocabularies.items()}}
    return encode(replace(base_content(), columns=replace(columns, columns=renamed, vocabularies=words)))


@pytest.mark.parametrize("damaged", [torn, of_a_lie, without_numbers, of_strangers])
async def test_a_model_that_cannot_be_used_leaves_the_one_in_use(
    start: Start, stores: Stores, damaged: Callable[[], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Even where it was assigned: the registry refuses to, where it sees the damage."""
    watcher = Watcher()
    app = await published(start, watcher)
    await app.record_rewards("r", [reward("k", 1.0)])
    before = await app.score(QUERY)
    first = before.model_version.partition("@")[0]
    name = await registered(stores, damaged())
    await stores.models.assign("forced", "hash", Assignment("success", 1, champion=name))
    await eventually(lambda: watcher.refused.get("success", False))
    assert "a model that is assigned is not used" in caplog.text
    assert name in app.in_use.refusals["success"]
    after = await app.score(QUERY)
    assert (after.model_version, after.means.tolist()) == (before.model_version, before.means.tolist())
    await app.record_rewards("r2", [reward("k2", 1.0)])
    restarted = await start()
    assert (await app.score(QUERY)).model_version == (await restarted.score(QUERY)).model_version == f"{first}@2"
    good = await registered(stores, CONTENT)
    await activate(app, good)
    await using(app, good)
    await activate(app, first, CHALLENGER)
    await eventually(lambda: app.in_use.names("success") == (good, first))
    assert app.in_use.refusals == {}
    assert watcher.refused["success"] is False


async def test_content_under_the_name_of_another_model_is_not_used(start: Start, stores: Stores) -> None:
    app = await published(start)
    name = await registered(stores, CONTENT, "success-0123456789ab")
    await activate(app, name)
    await eventually(lambda: "success" in app.in_use.refusals)
    assert "its content is success-" in app.in_use.refusals["success"]


async def test_a_model_goes_on_where_the_types_of_features_changed(start: Start, stores: Stores) -> None:
    app = await published(start)
    name = await registered(stores, CONTENT)
    await activate(app, name)
    await using(app, name)
    kinds = {"age": AttributeType.STRING, "brands": AttributeType.INT}
    features = tuple(FeatureDeclaration(each.name, kinds.get(each.name, each.type)) for each in CROSSED_SET.features)
    changed = FeatureSet(features, ACTIONS, 0.1)
    await app.publish_feature_set("changed", changed)
    odd = {"age": present("old"), "brands": present(7), "tier": present("gold")}
    scores = await app.score(ScoreQuery(changed.version, odd, NAMES))
    assert scores.model_version == f"{name}@0"
    assert np.isfinite(scores.means).all()
    mistyped = ScoreQuery(CROSSED_SET.version, odd, NAMES)
    with pytest.raises(InvalidArgument, match="age"):
        await app.score(mistyped)


async def test_an_erasure_amid_an_activation_changes_no_replica(start: Start, stores: Stores) -> None:
    one, other = await published(start), await start()
    for index in range(30):
        await one.record_rewards(f"r{index}", [reward(f"k{index}", float(index % 3 == 0), NAMES[index % 4])])
    name = await registered(stores, CONTENT)
    await activate(one, name)
    assert await one.erase_subject_data("erase", [f"k{index}" for index in range(5)]) == 5
    for app in (one, other):
        await using(app, name)
    await one.record_rewards("last", [reward("last", 1.0)])
    await eventually(lambda: digests(other) == digests(one))
    assert digests(await start()) == digests(one)


async def test_a_service_stops_amid_an_activation_and_goes_on_after_it(start: Start, stores: Stores) -> None:
    app = await published(start)
    for request in range(3):
        await app.record_rewards(f"r{request}", [reward(f"k{request}-{index}", 0.0) for index in range(500)])
    name = await registered(stores, CONTENT)
    before = app.in_use.names("success")
    await activate(app, name)
    await asyncio.sleep(0.1)
    await app.close()
    assert app.in_use.names("success") == before, "1,500 rewards are not folded in a moment"
    restarted = await start()
    assert restarted.in_use.names("success") == (name, *before)
    assert {each.position for each in posteriors(restarted).values()} == {1_500}


async def test_many_subjects_are_scored_as_each_alone(start: Start, stores: Stores) -> None:
    app = await published(start)
    name = await registered(stores, CONTENT)
    await activate(app, name)
    await using(app, name)
    rng = np.random.default_rng(9)
    subjects = [random_features(rng) for _ in range(40)]
    mistyped = {"age": present("old")}
    answers = await app.batch_score(BatchQuery(QUERY, [*subjects, mistyped]))
    for features, answer in zip(subjects, answers, strict=False):
        alone = await app.score(replace(QUERY, features=features))
        assert isinstance(answer, Scores)
        assert answer.means.tolist() == alone.means.tolist()
        assert answer.shadow is not None
        assert alone.shadow is not None
        assert answer.shadow.means.tolist() == alone.shadow.means.tolist()
        assert answer.model_version == alone.model_version
    assert isinstance(answers[-1], TandemError)
    assert "subjects[40].features" in str(answers[-1])


async def test_subjects_with_candidates_of_their_own_are_scored_as_each_alone(start: Start) -> None:
    """What the candidates of a call have in common depends on which they are: it must be that of the subject's own."""
    app = await published(start)
    for index in range(60):
        await app.record_rewards(
            f"r{index}", [reward(f"k{index}", float(index % 3 == 0), NAMES[index % 4], CROSSED_SET)]
        )
    rng = np.random.default_rng(9)
    own = [(0,), (2, 1), (), (0, 1, 2, 3), (2, 1), (3,)]
    subjects = [random_features(rng) for _ in own]
    answers = await app.batch_score(BatchQuery(QUERY, [*subjects, {"age": present("old")}], [*own, (1,)]))
    for features, places, answer in zip(subjects, own, answers, strict=False):
        chosen = places or range(4)
        actions, channels, placements = (
            [column[each] for each in chosen] for column in (QUERY.actions, QUERY.channels, QUERY.placement_ids)
        )
        query = replace(QUERY, features=features, actions=actions, channels=channels, placement_ids=placements)
        alone = await app.score(query)
        assert isinstance(answer, Scores)
        assert answer.log_odds_deviations.tolist() == alone.log_odds_deviations.tolist()
        assert answer.means.tolist() == alone.means.tolist()
    assert isinstance(answers[-1], TandemError)
    with pytest.raises(InvalidArgument, match=r"subjects\[0\].candidates"):
        await app.batch_score(BatchQuery(QUERY, [{}], [(4,)]))


async def test_a_batch_that_asks_wrongly_is_refused(start: Start) -> None:
    app = await published(start)
    crowd = replace(QUERY, actions=["mug"] * 100, channels=(), placement_ids=())
    unknown = replace(QUERY, actions=["mugg"], channels=(), placement_ids=())
    nowhere = replace(QUERY, feature_set_version="features_none")
    for query, error, words in (
        (BatchQuery(QUERY, []), InvalidArgument, "subjects"),
        (BatchQuery(QUERY, [{}] * 1_001), InvalidArgument, "subjects"),
        (BatchQuery(crowd, [{}] * 601), InvalidArgument, "scores"),
        (BatchQuery(unknown, [{}]), InvalidArgument, "mugg"),
        (BatchQuery(nowhere, [{}]), NotFound, "features_none"),
    ):
        with pytest.raises(error, match=words):
            await app.batch_score(query)
