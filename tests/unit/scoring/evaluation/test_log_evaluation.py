"""What policies are worth by a log whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.evaluation.estimates import ESTIMATORS
from services.scoring.domain.evaluation.identity import inverse_probabilities, worst_action
from services.scoring.domain.evaluation.log_evaluation import CannotTell, LogEvaluation, evaluate
from services.scoring.domain.evaluation.outcome_model import FOLDS, cross_fitted
from tests.support.logs import SPEC, log_of, visits


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> LogEvaluation:
    return evaluate(log_of(tmp_path_factory.mktemp("log"), visits(4_000)), LightGbmLearner(), 0.5, 1)


def test_every_estimator_has_an_interval_or_a_reason(found: LogEvaluation) -> None:
    assert list(found.policies) == ["logged", "uniform", "best_single_action", "tandem", "greedy"]
    for policy in found.policies.values():
        assert set(policy.values.estimates) | set(policy.values.refused) == set(ESTIMATORS)
        assert not set(policy.values.estimates) & set(policy.values.refused)
        for estimate in policy.values.estimates.values():
            assert estimate.low <= estimate.mean <= estimate.high
            assert estimate.low < estimate.high


def test_values_are_near_the_truth_and_tandem_finds_what_there_is_to_find(found: LogEvaluation) -> None:
    greedy, tandem = found.policies["greedy"].values, found.policies["tandem"].values
    for kind in ("ips", "snips"):
        assert greedy.estimates[kind].low < 0.30 < greedy.estimates[kind].high
    assert tandem.estimates["dr"].mean > 0.25
    assert found.policies["tandem"].verdict == "better than logged"
    assert found.policies["logged"].verdict == "baseline"
    uniform = found.policies["uniform"].values.estimates
    for kind in ("ips", "snips", "dm", "dr"):
        assert uniform[kind].low < 0.175 < uniform[kind].high


def test_fixed_policies_are_evaluated_on_all_rows_and_learnt_ones_on_the_rest(found: LogEvaluation) -> None:
    rows = {name: policy.rows for name, policy in found.policies.items()}
    assert rows == {"logged": 4000, "uniform": 4000, "best_single_action": 2000, "tandem": 2000, "greedy": 4000}


def test_the_same_seed_gives_the_same_figures(found: LogEvaluation, tmp_path: Path) -> None:
    again = evaluate(log_of(tmp_path, visits(4_000)), LightGbmLearner(), 0.5, 1)
    assert again.policies["tandem"].values.estimates == found.policies["tandem"].values.estimates


def test_probabilities_that_are_not_those_of_the_log_are_found_out(tmp_path: Path) -> None:
    columns = visits(4_000)
    wrong = {**columns, "p": np.where(np.array(columns["item"]) == "a", 0.7, 0.3)}
    log = log_of(tmp_path, wrong)
    assert log.probability is not None
    assert not inverse_probabilities(log.probability, log.eligible_count).holds
    worst = worst_action(log)
    assert worst is not None
    assert worst.identity.mean == pytest.approx(7 / 3 if worst.action == "b" else 3 / 7, rel=0.1)
    found = evaluate(log, LightGbmLearner(), 0.5, 0)
    assert any("cannot be right" in warning for warning in found.warnings)
    assert "the probabilities do not fit the log" in found.policies["greedy"].verdict


def test_a_log_without_positives_is_not_the_end(tmp_path: Path) -> None:
    columns = {**visits(200), "click": [0] * 200}
    found = evaluate(log_of(tmp_path, columns), LightGbmLearner(), 0.5, 0)
    for policy in found.policies.values():
        assert policy.verdict.startswith("the data cannot tell: ")
        assert policy.values.estimates["snips"].high > 0.0
    assert "no positive at all" in found.warnings[-1]


def test_replay_is_the_mean_where_a_uniform_log_did_the_same(tmp_path: Path) -> None:
    columns = {**visits(300), "p": [0.5] * 300}
    found = evaluate(log_of(tmp_path, columns), LightGbmLearner(), 0.5, 0)
    same = np.array(columns["t"]) == 1.0
    replay = found.policies["greedy"].values.estimates["replay"]
    assert replay.mean == pytest.approx(np.array(columns["click"])[same].mean())
    assert replay.effective_sample_size == same.sum()


def test_rewards_of_another_range_are_told_in_their_own_units(tmp_path: Path) -> None:
    columns = visits(600)
    wide = {**columns, "click": [100 * int(click) - 20 for click in columns["click"]]}
    plain = evaluate(log_of(tmp_path, columns), LightGbmLearner(), 0.5, 0)
    text = f"{SPEC}reward_range: [-20, 80]\n"
    found = evaluate(log_of(tmp_path, wide, text), LightGbmLearner(), 0.5, 0)
    for name in ("logged", "tandem"):
        one, other = plain.policies[name].values, found.policies[name].values
        assert other.estimates["snips"].mean == pytest.approx(100 * one.estimates["snips"].mean - 20)


def test_what_nothing_can_be_told_of_is_refused_in_words(tmp_path: Path) -> None:
    log = log_of(tmp_path, visits(5))
    with pytest.raises(CannotTell, match="the log has 5 rows"):
        evaluate(log, LightGbmLearner(), 0.5, 0)
    log = log_of(tmp_path, visits(50), "action: item\nreward: click\n")
    with pytest.raises(CannotTell, match="no choice_probability"):
        evaluate(log, LightGbmLearner(), 0.5, 0)


def test_what_is_expected_of_a_row_does_not_know_its_outcome(tmp_path: Path) -> None:
    columns = visits(100)
    first = cross_fitted(log_of(tmp_path, columns), LightGbmLearner(), 3)
    click = np.array(columns["click"])
    click[0] = 1 - click[0]
    other = cross_fitted(log_of(tmp_path, {**columns, "click": click}), LightGbmLearner(), 3)
    own = first.fold == first.fold[0]
    assert np.array_equal(first.outcome[own], other.outcome[own])
    assert not np.array_equal(first.outcome[~own], other.outcome[~own])
    assert np.unique(first.fold).size == FOLDS
