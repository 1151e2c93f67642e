"""A policy with several objectives: each learns its own from every presentation, and one of them decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import REGISTRY

from services.orchestrator import bootstrap as deciding
from services.orchestrator.app.outcome_store import OffPolicy, OutcomeItem
from services.orchestrator.app.ports import Prediction, Reward, ScoreQuestion, Scores, ShadowScores
from services.orchestrator.bootstrap import ScoringPort, Stores, open_stores
from services.orchestrator.domain.decision import Answer, Explain, Proposition
from services.orchestrator.domain.feedback_delay import bucket_of
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.policy_parts import FeatureSetPart
from services.orchestrator.settings import OrchestratorSettings
from shared.clock import system_clock
from shared.errors import TandemError
from shared.values import present
from tests.support.profiles import SteppingClock
from tests.support.shop import PATIENCE_MS, Shop, fresh_id, inbound, open_shop

HOUR_MS = 3_600_000
NAME = "policy: corner_shop\n"
OBJECTIVES = (
    NAME + "objectives:\n"
    "  click: {outcomes: [CLICKED], window: 1d, features: {segments: true}}\n"
    "  buy: {outcomes: [CONVERTED], window: 7d, features: {exclude: [age]}}\n"
    "  leave: {outcomes: [UNSUBSCRIBED]}\n"
)
DECIDING = {NAME: OBJECTIVES, "arbitration: {reserve": "arbitration: {objective: click, reserve"}


@dataclass
class Heard:
    """The scoring service, with a note of what it was told and asked. With `preferred`, a second model is tried that
    thinks nothing of all other actions."""

    scoring: ScoringPort
    rewards: list[Reward] = field(default_factory=list)
    questions: list[ScoreQuestion] = field(default_factory=list)
    preferred: str = ""
    is_broken: bool = False
    is_apprentice: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with every reward."""

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        self.questions.append(question)
        scores = await self.scoring.score(question, deadline_ms=deadline_ms)
        if not self.preferred:
            return scores
        means = np.array([0.75 if action == self.preferred else 1e-6 for action in question.action_ids()])
        shadow = ShadowScores("click-2@5", means[:-1] if self.is_broken else means)
        return replace(scores, shadow=shadow, is_apprentice=self.is_apprentice)

    async def score_many(
        self, questions: Sequence[ScoreQuestion], *, deadline_ms: int
    ) -> Sequence[Scores | TandemError]:
        return [await self.score(question, deadline_ms=deadline_ms) for question in questions]

    async def rescore(self, question: ScoreQuestion, model_version: str, *, deadline_ms: int) -> Scores:
        return await self.scoring.rescore(question, model_version, deadline_ms=deadline_ms)

    async def record_rewards(self, request_id: str, rewards: Sequence[Reward], *, deadline_ms: int) -> None:
        self.rewards += rewards
        self.news.set()
        await self.scoring.record_rewards(request_id, rewards, deadline_ms=deadline_ms)

    async def erase_rewards(self, request_id: str, decision_ids: Sequence[str], *, deadline_ms: int) -> None:
        await self.scoring.erase_rewards(request_id, decision_ids, deadline_ms=deadline_ms)

    async def publish_feature_set(self, request_id: str, feature_set: FeatureSetPart) -> str:
        return await self.scoring.publish_feature_set(request_id, feature_set)


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop, what its scoring service heard, its stores and its clock."""

    shop: Shop
    heard: Heard
    stores: Stores
    clock: SteppingClock

    async def tell(self, answer: Answer, *outcomes: Outcome, is_machine: bool = False) -> None:
        shown = first(answer).proposition_id
        items = [OutcomeItem(fresh_id("o"), each, shown, is_machine=is_machine) for each in outcomes]
        taken = await self.shop.orchestrator.capture_outcomes(fresh_id(), items)
        assert [item.fault for item in taken.items] == [None] * len(items)

    def learnt(self) -> dict[str, float]:
        """The latest rewards, by objective."""
        return {reward.reward_key.rpartition("/")[2]: reward.reward for reward in self.heard.rewards}


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    clock = SteppingClock(system_clock())
    async with open_shop(tmp_path, asking_clock=clock) as plain, AsyncExitStack() as stack:
        heard = Heard(plain.others.scoring)
        settings = OrchestratorSettings(data_dir=tmp_path / "own")
        others = replace(plain.others, scoring=heard)
        options = deciding.DecidingOptions(b"secret", PATIENCE_MS)
        opened = await deciding.bootstrap(settings, stack, others=others, options=options, clock=clock)
        stores = await open_stores(settings, stack)
        shop = replace(plain, orchestrator=opened.app, others=others, settings=settings)
        await shop.publish(DECIDING)
        yield Counter(shop, heard, stores, clock)


def first(answer: Answer) -> Proposition:
    return answer.placements[0].propositions[0]


@pytest.mark.parametrize("explain", Explain)
async def test_every_objective_is_published_and_the_one_that_decides_is_asked(
    counter: Counter, explain: Explain
) -> None:
    await counter.shop.knows(tier="gold", age=42)
    await counter.shop.decide(explain=explain)
    (question,) = counter.heard.questions
    policy = await counter.stores.policies.get((await counter.stores.policies.active()).policy_version)
    assert policy is not None
    assert policy.versions.feature_sets.keys() == {"click", "buy", "leave"}
    assert len(set(policy.versions.feature_sets.values())) == 3
    assert question.feature_set_version == policy.versions.feature_set == policy.versions.feature_sets["click"]
    assert question.features["segments"] == present(("gold",))


async def test_a_click_teaches_its_objective_at_once_and_failures_of_the_others_wait(counter: Counter) -> None:
    answer = await counter.shop.decide()
    await counter.tell(answer, Outcome.IMPRESSION)
    assert counter.learnt() == {"leave": 0.0}, "which has no window"
    await counter.tell(answer, Outcome.CLICKED)
    assert counter.learnt() == {"leave": 0.0, "click": 1.0}
    waiting = await counter.stores.outcomes.pending(9, counter.clock.now_ms + 8 * 24 * HOUR_MS)
    assert [(each.reward_key.rpartition("/")[2], each.value) for each in waiting] == [("buy", 0.0)]


async def test_a_failure_is_learnt_in_the_background_once_it_is_due(counter: Counter) -> None:
    await counter.tell(await counter.shop.decide(), Outcome.IMPRESSION)
    (first_due,) = await counter.stores.outcomes.pending(1, counter.clock.now_ms + 8 * 24 * HOUR_MS)
    counter.clock.now_ms += 8 * 24 * HOUR_MS
    async with asyncio.timeout(10):
        while counter.learnt() != {"leave": 0.0, "click": 0.0, "buy": 0.0}:
            await counter.heard.news.wait()
            counter.heard.news.clear()
    assert first_due.reward_key in {reward.reward_key for reward in counter.heard.rewards}


async def test_after_its_window_an_outcome_teaches_an_objective_nothing(counter: Counter) -> None:
    answer = await counter.shop.decide()
    counter.clock.now_ms += 25 * HOUR_MS
    await counter.tell(answer, Outcome.CLICKED, Outcome.CONVERTED)
    assert counter.learnt() == {"leave": 0.0, "buy": 1.0}


async def test_a_return_takes_back_the_purchase_and_not_the_click(counter: Counter) -> None:
    answer = await counter.shop.decide()
    await counter.tell(answer, Outcome.CLICKED, Outcome.CONVERTED)
    counter.clock.now_ms += HOUR_MS
    await counter.tell(answer, Outcome.RETURNED)
    assert counter.learnt() == {"leave": 0.0, "click": 1.0, "buy": 0.0}


async def test_machines_teach_no_objective(counter: Counter) -> None:
    await counter.tell(await counter.shop.decide(), Outcome.IMPRESSION, Outcome.CLICKED, is_machine=True)
    assert await counter.stores.outcomes.pending(9, counter.clock.now_ms + 8 * 24 * HOUR_MS) == ()
    assert counter.heard.rewards == []


async def test_delays_of_successes_are_counted_by_the_clock_here(counter: Counter) -> None:
    answer = await counter.shop.decide()
    counter.clock.now_ms += 2 * HOUR_MS
    await counter.tell(answer, Outcome.CLICKED)
    assert await counter.stores.outcomes.success_delays(f"click/{24 * HOUR_MS}") == {bucket_of(2 * HOUR_MS): 1}


async def test_a_reward_says_what_was_predicted_of_it(counter: Counter) -> None:
    counter.heard.preferred = "green_tea"
    answer = await counter.shop.decide()
    await counter.tell(answer, Outcome.CLICKED, Outcome.CONVERTED, Outcome.UNSUBSCRIBED)
    predictions = {reward.reward_key.rpartition("/")[2]: reward.prediction for reward in counter.heard.rewards}
    shown = first(answer)
    shadow = 0.75 if shown.action == "green_tea" else 1e-6
    now_ms = counter.clock.now_ms
    version, chance = answer.versions.model, shown.choice_probability
    said = Prediction(version, shown.propensity, chance, "click-2@5", shadow, now_ms, candidates=1)
    assert predictions == {"click": said, "buy": None, "leave": None}


async def test_what_no_model_chose_has_no_prediction(counter: Counter) -> None:
    answer = await counter.shop.decide()
    shown = OffPolicy(answer.decision_id, "home_hero", "green_tea", "WEB", 0.5)
    await counter.shop.orchestrator.capture_outcomes(
        fresh_id(), [OutcomeItem(fresh_id("o"), Outcome.CLICKED, off_policy=shown)]
    )
    assert [each.prediction for each in counter.heard.rewards] == [None, None]


def preferences() -> tuple[float, float]:
    same, other = (
        REGISTRY.get_sample_value("tandem_shadow_placements_total", {"winner": winner}) or 0.0
        for winner in ("same", "other")
    )
    return same, other


async def test_a_tried_model_is_kept_with_the_decision_and_counted_but_not_used(counter: Counter) -> None:
    await counter.shop.knows(age=42)
    before, grown = preferences(), []
    for preferred in ("green_tea", "espresso"):
        counter.heard.preferred = preferred
        answer = await counter.shop.decide(inbound())
        record = await counter.stores.log.get(answer.decision_id)
        assert record is not None
        assert record.shadow is not None
        assert record.shadow.propensity.shape == record.candidates.propensity.shape
        assert 1e-6 < first(answer).propensity < 0.75
        grown.append(record.shadow.other_winners)
    same, other = (now - then for now, then in zip(preferences(), before, strict=True))
    # Espresso is worth half as much again as tea: with nothing learnt yet it is what the model in use prefers.
    assert grown == [1, 0]
    assert (same, other) == (1, 1)


async def test_a_tried_model_that_answers_nonsense_spoils_nothing(counter: Counter) -> None:
    counter.heard.preferred, counter.heard.is_broken = "green_tea", True
    answer = await counter.shop.decide()
    record = await counter.stores.log.get(answer.decision_id)
    assert record is not None
    assert record.shadow is None
    assert not answer.degraded
    assert answer.versions.model


async def test_an_apprentice_is_not_explored_for(counter: Counter) -> None:
    await counter.shop.knows(age=42)
    assert 0 < first(await counter.shop.decide(inbound())).choice_probability < 1
    counter.heard.preferred, counter.heard.is_apprentice = "green_tea", True
    answer = await counter.shop.decide(inbound())
    assert (first(answer).action, first(answer).choice_probability) == ("espresso", 1.0)
    record = await counter.stores.log.get(answer.decision_id)
    assert record is not None
    assert record.is_apprentice


async def test_a_decision_with_objectives_is_explained_again(counter: Counter) -> None:
    await counter.shop.knows(tier="gold", age=42)
    answer = await counter.shop.decide()
    explained = await counter.shop.orchestrator.explain_decision(answer.decision_id)
    assert explained.segments == ("gold",)
    assert "segments" not in explained.attributes


async def test_an_erased_person_takes_along_the_rewards_that_wait(counter: Counter) -> None:
    await counter.shop.knows(age=42)
    answer = await counter.shop.decide()
    assert answer.profile_id
    await counter.tell(answer, Outcome.IMPRESSION)
    later_ms = counter.clock.now_ms + 8 * 24 * HOUR_MS
    assert await counter.stores.outcomes.count_pending(later_ms) == 2
    assert await counter.shop.orchestrator.erase_subject_data([answer.profile_id]) == (answer.decision_id,)
    assert await counter.stores.outcomes.count_pending(later_ms) == 0
