"""A base model from the log of a deployment: what it learns from, what it leaves to the layer, what it obeys."""

from __future__ import annotations

from collections import Counter
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
from services.scoring.domain.base_model.served import served
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.evaluation.prediction_quality import auc, log_loss
from services.scoring.domain.feature_set import CrossDeclaration, CrossKind, FeatureDeclaration, FeatureSet
from services.scoring.domain.models import LATER_ROWS, LATER_ROWS_APART, LATER_ROWS_SHARED
from services.scoring.domain.past_contacts import PAST_CONTACTS
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.scoring import ScoreQuery
from services.scoring.domain.training.from_rewards import CannotLearn, LearntModel, learn_from_rewards, parts_of
from services.scoring.domain.training.presentations import PresentationReader, Presentations
from services.scoring.domain.training.taught_forest import probability
from shared.clock import MS_PER_DAY
from shared.values import AttributeType, Feature, present
from tests.support.reward_logs import ACTIONS, START_MS, entries_of, planted, tastes

TASTES = tastes()
ROWS = 6_000
FATIGUE = FeatureSet(
    (FeatureDeclaration("age", AttributeType.INT), FeatureDeclaration(PAST_CONTACTS, AttributeType.STRING_LIST)),
    ACTIONS,
    0.1,
    crosses=(
        CrossDeclaration("rested", CrossKind.DAYS_SINCE_SHOWN, PAST_CONTACTS, ""),
        CrossDeclaration("often", CrossKind.TIMES_SHOWN, PAST_CONTACTS, "", 7 * MS_PER_DAY),
    ),
)


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


def test_who_taught_is_counted_by_action_and_what_reported_is_told(model: LearntModel) -> None:
    first = planted(ROWS).rewards[: int(model.lineage["rows_that_taught"])]
    assert model.content.evidence == Counter(each.action for each in first)
    assert (model.lineage[LATER_ROWS], model.lineage["rows_that_report"]) == (LATER_ROWS_APART, "600")
    few = learnt(planted(400).rewards)
    assert (few.lineage[LATER_ROWS], few.lineage["rows_that_report"]) == (LATER_ROWS_SHARED, "80")


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


def tired(rows: int, seed: int) -> tuple[list[Reward], NDArray[np.float64]]:
    """Customers are shown one item after another; what they saw within three days they pass over. With the
    probabilities."""
    rng, rewards, probabilities = np.random.default_rng(seed), [], []
    seen: list[list[tuple[int, int]]] = [[] for _ in range(40)]
    for row in range(rows):
        who, item, now_ms = row % 40, int(rng.integers(6)), START_MS + row * MS_PER_DAY // 80
        ages = [now_ms - time_ms for time_ms, shown in seen[who] if shown == item]
        chance = 0.05 if ages and min(ages) < 3 * MS_PER_DAY else 0.45
        contacts = present(tuple(f"{now_ms - time_ms} item_{shown}" for time_ms, shown in seen[who][-12:]))
        features = {"age": present(int(rng.integers(18, 80))), PAST_CONTACTS: contacts}
        key, value = f"d_{seed}_{row}/hero/item_{item}/WEB", float(rng.random() < chance)
        rewards.append(Reward(key, FATIGUE.version, f"item_{item}", "WEB", "hero", features, value, now_ms))
        probabilities.append(chance)
        seen[who].append((now_ms, item))
    return rewards, np.array(probabilities)


def test_a_forest_learns_that_what_was_shown_of_late_is_passed_over() -> None:
    rewards, _ = tired(6_000, seed=1)
    model = learnt(rewards, FATIGUE)
    later, truth = tired(3_000, seed=2)
    found, outcome = said(model.content, later), np.array([each.reward for each in later])
    assert auc(found, outcome) > auc(truth, outcome) - 0.02
    assert np.abs(found - truth).mean() < 0.05
    blind = learnt([replace(each, features={"age": each.features["age"]}) for each in rewards], FATIGUE)
    assert blind.trees == 0 or auc(said(blind.content, later), outcome) < 0.6
    stored = decode(encode(model.content))
    assert stored.columns.crosses == FATIGUE.crosses


def test_it_is_asked_about_a_customer_as_it_was_taught() -> None:
    """As the service scores: with all of a customer's contacts, compiled, for every action at once."""
    rewards, _ = tired(6_000, seed=1)
    scorer = BayesianScorer(base=served(encode(learnt(rewards, FATIGUE).content)))
    contacts = present((f"{MS_PER_DAY} item_2", f"{9 * MS_PER_DAY} item_3"))
    names = [action.action for action in ACTIONS]
    query = ScoreQuery(FATIGUE.version, {"age": present(40), PAST_CONTACTS: contacts}, names, (), ())
    means = scorer.score(scorer.compile(FATIGUE), query).means
    assert means[2] < 0.15
    assert np.delete(means, 2).min() > 0.3
