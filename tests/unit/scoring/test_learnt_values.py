"""What successes are worth is a fold over the log: counted once, corrected whole, the same in every replica."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.reward_batch import RewardBatch, settle
from services.scoring.domain.rewards import LogEntry, Reward, Worth, check_reward
from services.scoring.domain.scoring import ScoreQuery, Scores, expected_rate
from shared.errors import InvalidArgument
from tests.support.scoring import ANNA, FEATURE_SET, NOW_MS, reward

VALUED = replace(FEATURE_SET, prior_value=40.0)
ACTIONS = tuple(action.action for action in VALUED.actions)
WORTHS = st.one_of(
    st.just(Worth(0.0)),
    st.just(Worth(1.0)),
    st.builds(Worth, st.just(1.0), st.floats(0.0, 1e4) | st.sampled_from([0.0, 20.0, 1e12])),
)
HISTORY = st.lists(st.tuples(st.sampled_from("abcde"), WORTHS), max_size=15)


def valued(key: str, worth: Worth, action: str = "mug") -> Reward:
    told = reward(key, worth.reward, action=action)
    return replace(told, feature_set_version=VALUED.version, value=worth.value)


def entries_of(history: Sequence[tuple[str, Worth]]) -> list[LogEntry]:
    """As the log would have them: keys begin with the place of their action."""
    items = tuple(valued(key, worth, ACTIONS["abcde".index(key) % len(ACTIONS)]) for key, worth in history)
    additions, _ = settle(RewardBatch("r", "hash", items, NOW_MS), {})
    return [addition.at(position) for position, addition in enumerate(additions, 1)]


def taught(entries: Sequence[LogEntry], scorer: BayesianScorer | None = None) -> BayesianScorer:
    scorer = scorer or BayesianScorer()
    compiled = scorer.compile(VALUED)
    for entry in entries:
        scorer.fold(compiled, entry)
    return scorer


def scored(scorer: BayesianScorer) -> Scores:
    return scorer.score(scorer.compile(VALUED), ScoreQuery(VALUED.version, ANNA, ACTIONS))


def values(scorer: BayesianScorer) -> list[list[float]]:
    severity = scored(scorer).severity
    assert severity is not None
    return [severity.means.tolist(), severity.deviations.tolist()]


@given(HISTORY)
def test_a_presentation_counts_once_with_what_it_is_worth_in_the_end(history: list[tuple[str, Worth]]) -> None:
    last = dict(history)
    told_at_once = [(key, worth) for key, worth in last.items() if worth.value is not None]
    assert values(taught(entries_of(history))) == values(taught(entries_of(told_at_once)))


@given(HISTORY, st.randoms(use_true_random=False))
def test_the_order_in_which_corrections_of_different_presentations_arrive_is_irrelevant(
    history: list[tuple[str, Worth]], random: Any
) -> None:
    shuffled, by_key = [], {key: [each for each in history if each[0] == key] for key in "abcde"}
    order = [key for key, _ in history]
    random.shuffle(order)
    for key in order:
        shuffled.append(by_key[key].pop(0))
    assert values(taught(entries_of(history))) == values(taught(entries_of(shuffled)))


@settings(max_examples=20)
@given(HISTORY, st.integers(0, 15))
def test_a_replica_that_starts_from_a_snapshot_reaches_the_same_state_bit_by_bit(
    history: list[tuple[str, Worth]], cut: int
) -> None:
    entries = entries_of(history)
    uninterrupted = taught(entries)
    restored = taught(entries[cut:], BayesianScorer().restored(taught(entries[:cut]).snapshot()))
    assert values(restored) == values(uninterrupted)
    assert np.array_equal(restored.posterior.mean, uninterrupted.posterior.mean)
    assert restored.snapshot() == uninterrupted.snapshot()


def test_what_is_learnt_in_a_copy_is_not_learnt_in_the_original() -> None:
    scorer = taught(entries_of([("a", Worth(1.0, 20.0))]))
    before = values(scorer)
    taught(entries_of([("b", Worth(1.0, 9_000.0))]), scorer.copy())
    assert values(scorer) == before


def test_a_success_of_which_nobody_says_the_amount_teaches_the_propensity_alone() -> None:
    scorer = taught(entries_of([("a", Worth(1.0))]))
    assert values(scorer) == values(BayesianScorer())
    assert scored(scorer).means[0] > scored(BayesianScorer()).means[0]


def test_a_changed_amount_leaves_the_propensity_as_it_was() -> None:
    once = taught(entries_of([("a", Worth(1.0, 20.0))]))
    corrected = taught(entries_of([("a", Worth(1.0, 20.0)), ("a", Worth(1.0, 15.0))]))
    assert np.array_equal(corrected.posterior.mean, once.posterior.mean)
    assert (corrected.posterior.evidence, corrected.posterior.responses) == ({"mug": 1}, 1)


def test_an_objective_without_a_prior_value_learns_and_says_nothing_of_amounts() -> None:
    scorer = BayesianScorer()
    compiled = scorer.compile(FEATURE_SET)
    scorer.fold(compiled, LogEntry(1, reward(), None))
    assert scorer.score(compiled, ScoreQuery(FEATURE_SET.version, ANNA, ACTIONS)).severity is None
    assert not scorer.posterior.amounts.rows


def test_an_apprentice_says_nothing_of_amounts() -> None:
    assert expected_rate(scored(taught(entries_of([("a", Worth(1.0, 20.0))]))), 0.1).severity is None


def test_a_snapshot_of_before_there_were_amounts_is_used() -> None:
    """Its model has the same id: what it left out, no reward had."""
    old = BayesianScorer()
    old.fold(old.compile(FEATURE_SET), LogEntry(1, reward(), None))
    restored = taught(entries_of([("a", Worth(1.0, 20.0))]), BayesianScorer().restored(old.snapshot()))
    assert values(restored)[0][0] < 40.0


def test_a_feature_set_of_before_keeps_its_address_and_one_that_learns_amounts_has_another() -> None:
    assert replace(FEATURE_SET, prior_value=0.0).version == FEATURE_SET.version != VALUED.version


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.01, 1.1e12, 1e300])
def test_an_amount_that_is_none_is_refused_and_named(value: float) -> None:
    with pytest.raises(InvalidArgument, match=r"rewards\[3\].value: must be a number from 0 to 1e\+12"):
        check_reward(valued("a", Worth(1.0, value)), "rewards[3]", NOW_MS)


def test_a_failure_has_no_value() -> None:
    with pytest.raises(InvalidArgument, match="value: must be unset where the reward is 0"):
        check_reward(valued("a", Worth(0.0, 5.0)), "rewards[0]", NOW_MS)
