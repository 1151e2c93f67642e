"""Policies that are known by their probability of the logged action, against worlds whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.scoring.domain.evaluation.columns import LoggedColumns
from services.scoring.domain.evaluation.estimates import ESTIMATORS, Question
from services.scoring.domain.evaluation.refusal import Reason
from services.scoring.domain.evaluation.search import Search
from services.scoring.domain.evaluation.targets import RewardModel, Target, TargetsOnLog, evaluate_targets

TRUTH, LOGGING, TARGET = np.array([0.1, 0.3, 0.5]), np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
VALUE = float(TRUTH @ TARGET)


def asked(rows: int = 6_000) -> TargetsOnLog:
    """Three actions; the model knows the truth."""
    rng = np.random.default_rng(4)
    action = rng.choice(3, rows, p=LOGGING)
    outcome = (rng.random(rows) < TRUTH[action]).astype(float)
    target = Target("new", TARGET[action], np.full(rows, TARGET.max()), np.full(rows, VALUE))
    model = RewardModel(TRUTH[action], TRUTH.max(), np.arange(rows) % 5)
    columns = LoggedColumns(outcome, LOGGING[action], eligible_count=np.full(rows, 3.0))
    return TargetsOnLog(columns, (target,), value=outcome * 40.0, model=model)


def test_values_cover_the_truth_in_rewards_and_in_money() -> None:
    found = evaluate_targets(asked(), Question())
    (target,) = found.targets
    assert set(target.reward.estimates) == {"ips", "snips", "dm", "dr"}
    assert target.reward.refused["replay"].reason is Reason.LOG_NOT_UNIFORM
    for estimate in target.reward.estimates.values():
        assert estimate.low < VALUE < estimate.high
    assert target.value is not None
    assert target.value.estimates["snips"].low < 40.0 * VALUE < target.value.estimates["snips"].high
    assert {target.value.refused[kind].reason for kind in ("dm", "dr")} == {Reason.NO_PREDICTIONS}
    assert target.verdict == "better than logged"
    assert found.logged.verdict == "baseline"
    assert found.logged.reward.estimates["snips"].mean == pytest.approx(found.positives / found.rows)


def test_probabilities_of_others_are_checked_where_the_number_of_actions_is_known() -> None:
    known = asked()
    identity = evaluate_targets(known, Question()).inverse_probability
    assert identity is not None
    assert identity.holds
    assert identity.expected == 3.0
    unknown = replace(known, columns=replace(known.columns, eligible_count=None))
    assert evaluate_targets(unknown, Question()).inverse_probability is None


def test_what_a_policy_likes_elsewhere_widens_its_interval_while_little_is_known() -> None:
    """One probability that is large is enough: a row like that may have been the one with a reward."""
    columns = LoggedColumns(np.zeros(300), np.full(300, 0.2), eligible_count=np.full(300, 5.0))
    taken = np.full(300, 0.2)
    sure = np.array([1.0, *[0.2] * 299])
    targets = (Target("even", taken, largest=taken), Target("unknown", taken), Target("sure", taken, largest=sure))
    found = evaluate_targets(TargetsOnLog(columns, targets), Question())
    even, unknown, surer = (each.reward.estimates["snips"] for each in found.targets)
    assert even == unknown
    assert (even.mean, even.low) == (surer.mean, surer.low) == (0.0, 0.0)
    assert surer.high > 2 * even.high


def test_money_that_is_always_the_same_is_not_told() -> None:
    same = replace(asked(100), value=np.full(100, 7.0))
    assert evaluate_targets(same, Question()).targets[0].value is None


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_what_a_step_raises_ends_the_evaluation(kind: str) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        evaluate_targets(asked(400), Question(estimators=frozenset({kind}), search=Search(step=step)))
