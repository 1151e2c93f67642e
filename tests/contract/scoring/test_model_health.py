"""How models in use fare, and roll-back, over the stores."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from services.scoring.app.application import Stores
from services.scoring.app.health import ModelHealth
from services.scoring.app.health_watch import HealthWatch, Watchfulness
from services.scoring.app.models import Activation, Models
from services.scoring.app.objectives import Objectives
from services.scoring.app.roll_back import RollBack
from services.scoring.domain.health.bounds import Bounds
from services.scoring.domain.health.drift import reference_of
from services.scoring.domain.health.report import HealthReport
from services.scoring.domain.models import ModelRole
from services.scoring.domain.rewards import LogEntry, Reward
from shared.errors import InvalidArgument, NotFound
from shared.values import NOT_FOUND, present
from tests.support.model_registry import append, predicted, put_model
from tests.support.scoring import FEATURE_SET, NOW_MS, reward

OpenStores = Callable[[], Awaitable[Stores]]
BOUNDS = Bounds(least_presentations=500, maturity_ms=60_000)
OLD = "bayes-success"
CHAMPION = ModelRole.CHAMPION


class Watcher:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.reports: list[HealthReport] = []
        self.rolled: list[str] = []

    def health_is(self, report: HealthReport) -> None:
        self.reports.append(report)

    def rolled_back(self, objective: str) -> None:
        self.rolled.append(objective)


class Replica:
    """What looks after models in one process, at a time that is set."""

    def __init__(self, stores: Stores, *, rolls_back: bool = True) -> None:
        self.now_ms = NOW_MS
        self.watcher = Watcher()
        self.refusals: dict[str, str] = {}
        objectives = Objectives(stores.feature_sets)
        self.models = Models(stores.models, stores.trainings, objectives, lambda each: f"bayes-{each}", self.clock)
        self.health = ModelHealth(
            stores.rewards, stores.models, self.models, objectives, BOUNDS, self.clock, lambda: self.refusals
        )
        roll_back = RollBack(stores.models, self.watcher, BOUNDS, self.clock)
        watchfulness = Watchfulness(0.01, 5_000, rolls_back, BOUNDS)
        self.watch = HealthWatch(
            stores.rewards, objectives, self.health, roll_back, self.watcher, watchfulness, self.clock
        )

    def clock(self) -> int:
        return self.now_ms

    async def champion(self) -> str:
        return (await self.models.assignment("success")).champion


@pytest.fixture
async def replica(stores: Stores) -> Replica:
    await stores.feature_sets.put("p", FEATURE_SET)
    return Replica(stores)


async def activated(replica: Replica, stores: Stores, rate: float = 0.1) -> str:
    """A new champion, used from ten minutes ago on."""
    name = await put_model(stores, rate)
    replica.now_ms = NOW_MS - 600_000
    await replica.models.activate("activate", Activation(name, CHAMPION))
    replica.now_ms = NOW_MS + 600_000
    return name


async def test_health_before_anything_happened(replica: Replica) -> None:
    report = await replica.health.report("success", 10_000)
    assert (report.assignment.champion, report.presentations) == (OLD, 0)
    assert (report.qualities, report.features, report.exploration_entropy, report.alarms) == ((), (), 0.0, ())


async def test_champion_and_challenger_are_measured_on_what_they_said(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    await append(stores, predicted({new: 0.2, OLD: 0.3}, 0.2, 1_500, choice_probability=0.25))
    await append(stores, [reward("unknown/hero", 1.0)])
    report = await replica.health.report("success", 10_000)
    assert report.presentations == 1_501
    assert [(each.model_id, each.presentations) for each in report.qualities] == [(new, 1_500), (OLD, 1_500)]
    mine, other = report.qualities
    assert mine.calibration_ratio == pytest.approx(1.0, abs=0.1)
    assert other.calibration_ratio == pytest.approx(0.67, abs=0.1)
    assert mine.auc == 0.5
    assert mine.log_loss < other.log_loss
    assert report.exploration_entropy == pytest.approx(np.log(4))
    assert report.alarms == (
        f"{OLD} is not calibrated: rewards are {other.calibration_ratio:.2f} times what it predicted "
        f"(z = {(mine.positives - 450) / np.sqrt(1_500 * 0.21):.1f})",
    )


async def test_window_holds_the_newest_presentations(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    await append(stores, predicted({new: 0.2}, 0.0, 800, name="old"))
    await append(stores, predicted({new: 0.2}, 1.0, 700, name="new"))
    report = await replica.health.report("success", 700)
    assert (report.presentations, report.qualities[0].positives) == (700, 700.0)
    assert (await replica.health.report("success", 1_500)).qualities[0].positives == 700.0


async def test_corrections_change_the_reward_and_erasures_take_it_away(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    shown = predicted({new: 0.2}, 0.0, 10)
    await append(stores, shown)
    await append(stores, [replace(each, reward=1.0, prediction=None) for each in shown[:4]], "clicks")
    await stores.rewards.erase(["p0", "p9"])
    quality = (await replica.health.report("success", 100)).qualities[0]
    assert (quality.presentations, quality.positives) == (8, 3.0)


async def test_other_objectives_are_not_counted(replica: Replica, stores: Stores) -> None:
    other = replace(FEATURE_SET, objective="click")
    await stores.feature_sets.put("p2", other)
    shown = predicted({OLD: 0.2}, 0.5, 20)
    mixed = [replace(each, feature_set_version=other.version) for each in shown[:5]]
    await append(stores, [*mixed, *shown[5:]])
    assert (await replica.health.report("success", 100)).presentations == 15
    assert (await replica.health.report("click", 100)).presentations == 5


async def test_features_are_compared_with_what_taught_the_champion(replica: Replica, stores: Stores) -> None:
    then = [{"age": present(20 + number % 50), "tier": present("gold")} for number in range(2_000)]
    new = await put_model(stores, 0.1, reference=reference_of(then))
    await replica.models.activate("r", Activation(new, CHAMPION))
    elders = {"age": present(90), "tier": present("gold"), "brands": NOT_FOUND}
    await append(stores, predicted({new: 0.1}, 0.1, 600, features=elders))
    report = await replica.health.report("success", 10_000)
    features = {each.name: each for each in report.features}
    assert set(features) == {"age", "tier", "brands"}
    assert features["age"].psi is not None
    assert features["age"].psi > 1.0
    assert features["tier"].psi == pytest.approx(0.0, abs=0.01)
    assert (features["brands"].psi, features["brands"].share_missing) == (None, 1.0)
    assert [alarm for alarm in report.alarms if "age has drifted" in alarm]


async def test_damaged_reference_is_none(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    record = (await replica.models.get(new)).record
    await stores.models.put(replace(record, model_id="success-bad"), b"poison")
    await stores.models.assign(
        "r", "h", replace(await replica.models.assignment("success"), revision=2, champion="success-bad")
    )
    await append(stores, predicted({"success-bad": 0.1}, 0.1, 5))
    report = await replica.health.report("success", 10)
    assert [each.psi for each in report.features] == [None] * len(report.features)


async def test_collapse_of_exploration_is_told(replica: Replica, stores: Stores) -> None:
    await append(stores, predicted({OLD: 0.2}, 0.2, 1_200, choice_probability=1.0))
    report = await replica.health.report("success", 10_000)
    assert report.exploration_entropy == 0.0
    assert any("nothing is explored any more" in alarm for alarm in report.alarms)


async def test_assignment_that_cannot_be_used_is_told(replica: Replica) -> None:
    replica.refusals["success"] = "model success-1 cannot be used: it does not fit"
    assert (await replica.health.report("success", 10)).alarms == (replica.refusals["success"],)


async def test_wrong_questions_are_refused(replica: Replica) -> None:
    with pytest.raises(NotFound) as caught:
        await replica.health.report("clicks", 10)
    assert (caught.value.reason, caught.value.metadata) == ("OBJECTIVE_NOT_FOUND", {"objective": "clicks"})
    for window in (-1, 0, 100_001):
        with pytest.raises(InvalidArgument, match="window"):
            await replica.health.report("success", window)


async def test_broken_champion_gives_way_once(
    replica: Replica, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    new = await activated(replica, stores)
    await append(stores, predicted({new: 0.4, OLD: 0.1}, 0.1, 2_000))
    with caplog.at_level(logging.WARNING, "tandem.scoring"):
        await replica.watch.look()
    used = await replica.models.assignment("success")
    assert (used.champion, used.challenger, used.former, used.revision) == (OLD, "", "", 2)
    assert used.reason.startswith(f"rolled back: calibration of {new} broke: rewards are 0.2")
    assert "over 2,000 presentations" in used.reason
    assert replica.watcher.rolled == ["success"]
    assert "the champion was rolled back" in caplog.text
    await append(stores, predicted({OLD: 0.4}, 0.1, 2_000, name="more"))
    for _ in range(3):
        await replica.watch.look()
    assert replica.watcher.rolled == ["success"]
    assert (await replica.models.assignment("success")).revision == 2


async def test_champion_that_predicts_worse_than_the_one_before_gives_way(replica: Replica, stores: Stores) -> None:
    """Right on average, and wrong about whom: calibrated, with the greater log loss."""
    new = await activated(replica, stores)
    likely = predicted({new: 0.2, OLD: 0.38}, 0.4, 1_000, name="likely")
    unlikely = predicted({new: 0.2, OLD: 0.02}, 0.01, 1_000, name="unlikely", seed=2)
    await append(stores, [*likely, *unlikely])
    await replica.watch.look()
    used = await replica.models.assignment("success")
    assert used.champion == OLD
    assert f"{new} predicts worse than {OLD}" in used.reason


async def test_without_evidence_nothing_is_rolled_back(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    await append(stores, predicted({new: 0.4, OLD: 0.1}, 0.1, 499))
    await replica.watch.look()
    assert await replica.champion() == new
    await append(stores, predicted({new: 0.4, OLD: 0.1}, 0.1, 1_000, name="young", time_ms=NOW_MS + 590_000))
    await replica.watch.look()
    assert await replica.champion() == new
    assert replica.watcher.rolled == []


async def test_champion_that_holds_what_it_says_stays(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    await append(stores, predicted({new: 0.1, OLD: 0.12}, 0.1, 4_000))
    await replica.watch.look()
    assert await replica.champion() == new
    assert replica.watcher.reports[-1].alarms == ()


async def test_roll_back_can_be_switched_off(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    await append(stores, predicted({new: 0.4, OLD: 0.1}, 0.1, 2_000))
    only_watching = Replica(stores, rolls_back=False)
    only_watching.now_ms = replica.now_ms
    await only_watching.watch.look()
    assert await replica.champion() == new
    assert any("not calibrated" in alarm for alarm in only_watching.watcher.reports[-1].alarms)


async def test_one_of_several_replicas_rolls_back(open_stores: OpenStores) -> None:
    stores = await open_stores()
    await stores.feature_sets.put("p", FEATURE_SET)
    replicas = [Replica(stores), Replica(await open_stores()), Replica(await open_stores())]
    new = await activated(replicas[0], stores)
    await append(stores, predicted({new: 0.4, OLD: 0.1}, 0.1, 2_000))
    for each in replicas:
        each.now_ms = replicas[0].now_ms
    await asyncio.gather(*(each.watch.look() for each in replicas))
    assert sum(len(each.watcher.rolled) for each in replicas) == 1
    assert (await replicas[1].models.assignment("success")).revision == 2


async def test_what_was_activated_again_is_judged_by_what_came_since(replica: Replica, stores: Stores) -> None:
    new = await activated(replica, stores)
    await append(stores, predicted({new: 0.4, OLD: 0.1}, 0.1, 2_000))
    await replica.watch.look()
    await replica.models.activate("again", Activation(new, CHAMPION))
    await replica.watch.look()
    assert await replica.champion() == new


WINDOW_MS = 3_600_000
WITH_WINDOW = replace(FEATURE_SET, outcome_window_ms=WINDOW_MS)


def decided(rewards: Sequence[Reward], time_ms: int, *, known_after_ms: int = 0) -> list[Reward]:
    """Under the set with a window; what came of them was known at the same moment, or later."""
    return [
        replace(
            each,
            feature_set_version=WITH_WINDOW.version,
            reward_time_ms=time_ms + (known_after_ms if each.reward else 0),
            prediction=each.prediction and replace(each.prediction, decision_time_ms=time_ms),
        )
        for each in rewards
    ]


async def test_an_open_window_judges_nobody_whatever_is_known_of_it(replica: Replica, stores: Stores) -> None:
    """Three in ten succeed within minutes, as predicted; of the failures most are not known before the end."""
    await stores.feature_sets.put("w", WITH_WINDOW)
    new = await activated(replica, stores)
    shown = decided(predicted({new: 0.3, OLD: 0.29}, 0.3, 3_000), NOW_MS, known_after_ms=60_000)
    early = [each for index, each in enumerate(shown) if each.reward or index % 5 == 0]
    await append(stores, early)
    replica.now_ms = NOW_MS + WINDOW_MS - 1
    await replica.watch.look()
    report = replica.watcher.reports[-1]
    assert (report.presentations, report.qualities, report.alarms) == (len(early), (), ())
    assert await replica.champion() == new
    known = {each.reward_key for each in early}
    await append(stores, [each for each in shown if each.reward_key not in known], "late")
    replica.now_ms = NOW_MS + WINDOW_MS
    await replica.watch.look()
    report = replica.watcher.reports[-1]
    assert report.qualities[0].presentations == 3_000
    assert report.qualities[0].calibration_ratio == pytest.approx(1.0, abs=0.1)
    assert report.alarms == ()
    assert await replica.champion() == new


async def test_behind_more_young_ones_than_are_looked_at_the_last_old_ones_judge(
    replica: Replica, stores: Stores
) -> None:
    await stores.feature_sets.put("w", WITH_WINDOW)
    new = await activated(replica, stores)
    old = decided(predicted({new: 0.4, OLD: 0.1}, 0.0, 2_000, name="old"), NOW_MS)
    clicks = [replace(each, reward=1.0, prediction=None) for each in old[::10]]
    await append(stores, [*old, *clicks[:100]])
    await append(stores, decided(predicted({new: 0.4}, 1.0, 6_000, name="young"), NOW_MS + WINDOW_MS))
    await append(stores, clicks[100:], "clicks")
    await stores.rewards.erase(["old1999"])
    replica.now_ms = NOW_MS + WINDOW_MS + 60_000
    report = await replica.health.report("success", 1_000)
    assert (report.presentations, report.qualities[0].presentations) == (1_000, 1_000)
    assert report.qualities[0].calibration_ratio == pytest.approx(0.25, abs=0.01), "corrected long after"
    await replica.watch.look()
    assert (await replica.models.assignment("success")).champion == OLD
    assert replica.watcher.rolled == ["success"]


async def test_who_waits_for_a_window_looks_now_and_then(replica: Replica, stores: Stores) -> None:
    await stores.feature_sets.put("w", WITH_WINDOW)
    new = await activated(replica, stores)
    await append(stores, decided(predicted({new: 0.3}, 0.3, 60), NOW_MS + 599_000))
    looks = []
    for second in range(0, WINDOW_MS // 1_000 + 300, 30):
        replica.now_ms = NOW_MS + 600_000 + second * 1_000
        before = len(replica.watcher.reports)
        await replica.watch.look()
        looks += [second] * (len(replica.watcher.reports) > before)
    assert 55 <= len(looks) <= 65
    assert max(looks) == pytest.approx(WINDOW_MS / 1_000, abs=70)
    assert replica.watcher.reports[-1].qualities[0].presentations == 60


async def test_watch_looks_by_itself_and_survives_a_failure(
    replica: Replica, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    replica.watch.start()
    await _eventually(lambda: len(replica.watcher.reports) > 1)
    replica.models.assignment = None  # type: ignore[method-assign, assignment]
    with caplog.at_level(logging.WARNING, "tandem.scoring"):
        await _eventually(lambda: "the models are not looked after" in caplog.text)
    await replica.watch.stop()


async def test_idle_system_is_not_read_again_and_again(replica: Replica, stores: Stores) -> None:
    await append(stores, predicted({OLD: 0.1}, 0.1, 5))
    await replica.watch.look()
    replica.now_ms += BOUNDS.maturity_ms + 1_000
    await replica.watch.look()
    assert len(replica.watcher.reports) == 1
    await append(stores, predicted({OLD: 0.1}, 0.1, 5, name="more"))
    await replica.watch.look()
    assert len(replica.watcher.reports) == 2


async def _eventually(is_true: Callable[[], bool]) -> None:
    for _ in range(400):
        if is_true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to be")


async def test_a_champion_with_no_former_one_is_told_of(replica: Replica, stores: Stores) -> None:
    """It cannot give way, so somebody must hear of it: in words and as metrics."""
    shown = [
        replace(each, prediction=replace(each.prediction, candidates=20))
        for each in predicted({OLD: 0.95}, 0.08, 1_200, choice_probability=0.99)
        if each.prediction is not None
    ]
    await append(stores, shown)
    replica.now_ms = NOW_MS + 600_000
    await replica.watch.look()
    report = replica.watcher.reports[-1]
    assert report.broken == {"calibration", "log_loss", "exploration"}
    assert report.exploration_share == pytest.approx(-np.log(0.99) / np.log(20))
    assert [text for text in report.alarms if f"{OLD} is not calibrated: rewards are 0.0" in text]
    assert [text for text in report.alarms if "predicts worse than the mean reward of everybody" in text]
    assert [text for text in report.alarms if "0.34 % of the entropy of a uniform choice" in text]
    assert replica.watcher.rolled == []
    entries = await stores.rewards.read(0, 1)
    assert isinstance(entries[0], LogEntry)
    assert entries[0].reward == shown[0]
