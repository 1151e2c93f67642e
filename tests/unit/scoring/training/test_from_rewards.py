"""A base model from the log of a deployment: what it learns from, what it leaves to the layer, what it obeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.base_model.content import ModelContent, decode, encode
from services.scoring.domain.base_model.matrices import matrix_of
from services.scoring.domain.evaluation.prediction_quality import auc, log_loss
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.training.from_rewards import CannotLearn, LearntModel, learn_from_rewards, parts_of
from services.scoring.domain.training.presentations import PresentationReader, Presentations
from services.scoring.domain.training.taught_forest import probability
from shared.values import Feature, present
from tests.support.reward_logs import ACTIONS, START_MS, entries_of, planted, tastes

TASTES = tastes()
ROWS = 6_000


def read(entries: Sequence[LogEntry], feature_set: FeatureSet = TASTES, **limits: int) -> Presentations:
    reader = PresentationReader(**limits)
    for entry in entries:
        reader.add(entry, feature_set)
    return reader.presentations()


def learnt(rewards: Sequence[Reward], feature_set: FeatureSet = TASTES) -> LearntModel:
    return learn_from_rewards(read(entries_of(rewards), feature_set), feature_set, LightGbmLearner(), 0)


def said(content: ModelContent, rewards: Sequence[Reward]) -> NDArray[np.float64]:
    """The probabilities of a stored model."""
    model = decode(encode(content))
    actions = {action.action: action for action in ACTIONS}
    shown = [Shown(each.features, actions[each.action], each.channel, each.placement_id) for each in rewards]
    raw = LightGbmLearner().read(model.forest).log_odds(matrix_of(model.columns, shown))
    return probability(model.calibration(raw))


@pytest.fixture(scope="module")
def model() -> LearntModel:
    return learnt(planted(ROWS).rewards)


def test_it_tells_later_presentations_apart_and_is_calibrated(model: LearntModel) -> None:
    later = planted(3_000, seed=7)
    found, outcome = said(model.content, later.rewards), np.array([each.reward for each in later.rewards])
    assert auc(found, outcome) > auc(later.probability, outcome) - 0.02
    assert log_loss(found, outcome).mean() < log_loss(np.full(outcome.size, outcome.mean()), outcome).mean() - 0.05
    assert found.mean() == pytest.approx(outcome.mean(), abs=0.03)
    assert model.metrics["auc"] == pytest.approx(auc(found, outcome), abs=0.05)
    assert model.metrics["log_loss"] < model.metrics["base_log_loss"]
    assert set(model.metrics) == {"auc", "log_loss", "brier", "calibration_error", "base_log_loss"}


def test_the_layer_is_left_what_the_forest_was_not_taught(model: LearntModel) -> None:
    assert model.content.learns_after == round(0.7 * ROWS)
    assert model.lineage["later_rows"] == "stop, calibrate, report: apart"
    assert (model.window_start_ms, model.window_end_ms) == (START_MS, START_MS + (ROWS - 1) * 60_000)
    assert set(model.content.reference) == {"age", "tier", "brands"}


def test_noise_is_answered_with_the_rate_and_the_layer_learns_it_all() -> None:
    log = planted(2_000, gain=0.0)
    model = learnt(log.rewards)
    assert (model.trees, model.content.forest, model.content.learns_after) == (0, "", 0)
    rate = np.mean([each.reward for each in log.rewards])
    assert probability(np.array([model.content.rate_log_odds]))[0] == pytest.approx(rate, abs=0.001)
    assert model.metrics["log_loss"] == model.metrics["base_log_loss"]


def test_few_outcomes_share_the_last_rows() -> None:
    outcome = np.zeros(1_000)
    outcome[::25] = 1.0
    parts = parts_of(outcome)
    assert (parts.stop, parts.calibrate, parts.are_apart) == (slice(800, 1_000), slice(800, 1_000), False)
    assert parts_of(np.tile([0.0, 1.0], 500)).are_apart


def test_a_log_of_hardly_anything_is_refused() -> None:
    with pytest.raises(CannotLearn, match="9 presentations"):
        learnt(planted(9).rewards)


def test_actions_that_are_all_alike_are_answered_with_the_rate() -> None:
    rewards = [replace(each, features={}, action="item_0") for each in planted(2_000).rewards]
    assert learnt(rewards).trees == 0


def test_the_last_reward_of_a_presentation_counts_once() -> None:
    rewards = planted(300).rewards
    corrected = replace(rewards[100], reward=1.0 - rewards[100].reward)
    again = replace(corrected, features={"age": present(99)})
    found = read(entries_of([*rewards, corrected, again]))
    assert len(found) == 300
    assert found.rewards()[100] == corrected.reward
    assert found.table.features_at(100)["age"].value == rewards[100].features["age"].value
    assert found.rewards(300)[100] == rewards[100].reward
    assert np.array_equal(np.delete(found.rewards(), 100), np.delete(found.first, 100))


def test_what_is_corrected_behind_the_rows_that_teach_is_left_to_the_layer() -> None:
    """The layer over the base learns it: a forest that was taught it, too, would learn it twice."""
    rewards = planted(ROWS).rewards
    late = [replace(each, reward=1.0 - each.reward) for each in rewards[:1_000]]
    before, after = learnt(rewards), learnt([*rewards, *late])
    assert after.content.learns_after == before.content.learns_after
    assert after.content.forest == before.content.forest
    assert after.positives != before.positives


def test_a_correction_of_something_unknown_is_passed_by() -> None:
    entries = entries_of(planted(50).rewards)
    found = read([replace(entries[0], previous_reward=0.0), *entries[1:]])
    assert len(found) == 49


def test_the_newest_presentations_are_kept_where_there_is_no_room_for_all() -> None:
    rewards = planted(1_000).rewards
    flipped = [replace(each, reward=1.0 - each.reward) for each in (rewards[10], rewards[990])]
    for limits in ({"max_presentations": 100}, {"max_cells": 300}):
        found = read(entries_of([*rewards, *flipped]), TASTES, **limits)
        assert (len(found), found.dropped) == (100, 900)
        assert found.position.tolist() == list(range(901, 1_001))
        wanted = [each.reward for each in rewards[900:]]
        wanted[90] = flipped[1].reward
        assert found.rewards().tolist() == wanted
        ages = [found.table.features_at(row)["age"].value for row in range(100)]
        assert ages == [each.features["age"].value for each in rewards[900:]]


def test_only_the_last_days_are_read_where_that_is_wanted() -> None:
    found = read(entries_of(planted(100).rewards), since_ms=START_MS + 60 * 60_000)
    assert len(found) == 40


@pytest.mark.parametrize("sign", [1, -1])
def test_what_was_declared_monotone_is(sign: int) -> None:
    constrained = tastes(monotone={"age": sign, "action.price": -sign})
    model = learnt(planted(ROWS, feature_set=constrained).rewards, constrained).content
    forest = LightGbmLearner().read(model.forest)

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.integers(0, 100), min_size=2, max_size=20, unique=True),
        st.fixed_dictionaries({}, optional={"tier": st.sampled_from(["gold", "basic", "new"])}),
        st.sets(st.sampled_from(["acme", "bolt", "zest", "other"])),
        st.sampled_from(ACTIONS),
    )
    def holds(ages: list[int], known: Mapping[str, str], brands: set[str], action: object) -> None:
        features: dict[str, Feature] = {name: present(value) for name, value in known.items()}
        features["brands"] = present(tuple(sorted(brands)))
        rows = [
            Shown({**features, "age": present(age)}, action, "WEB", "hero")  # type: ignore[arg-type]
            for age in sorted(ages)
        ]
        raw = model.calibration(forest.log_odds(matrix_of(model.columns, rows)))
        assert (sign * np.diff(raw) >= -1e-12).all()

    holds()


def test_names_that_may_not_be_combined_are_not() -> None:
    """What no group names stands alone: along every way to a leaf, the splits are of one group."""
    groups = (("age", "tier"), ("brands", "likes_brand"))
    constrained = tastes(interactions=groups)
    content = learnt(planted(ROWS, feature_set=constrained).rewards, constrained).content
    names = [column.name for column in content.columns.columns]
    allowed = [set(group) for group in groups] + [{name} for name in names if name not in sum(groups, ())]
    trees = LightGbmLearner().read(content.forest).booster.dump_model()["tree_info"]  # type: ignore[attr-defined]
    ways = [way for tree in trees for way in _ways(tree["tree_structure"], names)]
    assert all(any(way <= group for group in allowed) for way in ways)
    assert {"age", "tier"} in ways


def _ways(node: Mapping[str, Any], names: Sequence[str]) -> list[set[str]]:
    if "split_feature" not in node:
        return [set()]
    here = names[node["split_feature"]]
    return [way | {here} for child in ("left_child", "right_child") for way in _ways(node[child], names)]
