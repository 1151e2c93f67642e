"""One reward moves what it should, corrections count once, and what was learnt outlives a policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.feature_set import ActionDeclaration, FeatureSet
from services.scoring.domain.learning import MAX_SCALES, MIN_SCALES
from services.scoring.domain.priors import OVER_A_BASE
from services.scoring.domain.rewards import LogEntry
from services.scoring.domain.scoring import ScoreQuery, Scores
from tests.support.scoring import ACTIONS, ANNA, FEATURE_SET, FEATURES, entries_of, reward, taught

NAMES = [action.action for action in ACTIONS]


def scores(scorer: BayesianScorer, feature_set: FeatureSet = FEATURE_SET) -> Scores:
    names = [action.action for action in feature_set.actions]
    query = ScoreQuery(feature_set.version, ANNA, names, ["EMAIL"] * len(names), ["home"] * len(names))
    return scorer.score(scorer.compile(feature_set), query)


def test_one_reward_is_seen_in_the_next_score() -> None:
    cold = scores(BayesianScorer())
    warm = scores(taught(entries_of([("mug", 1.0)])))
    assert warm.means[0] > 1.5 * cold.means[0]
    assert scores(taught(entries_of([("mug", 0.0)]))).means[0] < cold.means[0]


def test_a_reward_moves_the_action_most_then_its_kin_then_strangers() -> None:
    mug, pan, sock, thanks = scores(taught(entries_of([("mug", 1.0)] * 3))).log_odds_means
    assert mug > pan > thanks
    assert mug > sock > thanks


def test_uncertainty_falls_with_evidence_and_evidence_counts_responses() -> None:
    pattern = [("mug", 0.3), ("pan", 0.2), ("mug", 0.2), ("sock", 0.25)]
    few, many = scores(taught(entries_of(pattern))), scores(taught(entries_of(pattern * 100)))
    assert (many.log_odds_deviations < 0.85 * few.log_odds_deviations)[:3].all()
    assert (many.uncertainties < 0.75 * few.uncertainties)[:3].all()
    assert (few.log_odds_deviations < scores(BayesianScorer()).log_odds_deviations)[:3].all()
    assert many.evidences.tolist() == [200.0, 100.0, 100.0, 0.0]


def test_a_new_action_starts_at_its_groups_level_with_wide_uncertainty() -> None:
    """Kitchen is loved and clothes are not; a new one of each is expected to be alike, and is not known."""
    pattern = [("mug", 1.0), ("pan", 1.0), ("mug", 0.0), ("pan", 0.0), ("sock", 0.0), ("sock", 0.0), ("sock", 0.05)]
    scorer = taught(entries_of(pattern * 60))
    new = (ActionDeclaration("pot", "kitchen", "grow", {}), ActionDeclaration("scarf", "clothes", "grow", {}))
    mug, pan, sock, _, pot, scarf = range(6)
    answer = scores(scorer, replace(FEATURE_SET, actions=(*ACTIONS, *new)))
    assert answer.means[sock] < answer.means[scarf] < answer.means[pot] < max(answer.means[[mug, pan]])
    assert answer.means[pot] > 2 * answer.means[scarf]
    assert answer.log_odds_deviations[pot] > answer.log_odds_deviations[mug]
    assert answer.evidences[pot] == 0


def test_what_was_learnt_survives_a_new_feature_set() -> None:
    scorer = taught(entries_of([("mug", 1.0), ("pan", 0.0)] * 40))
    before = scores(scorer)
    changed = FeatureSet(FEATURES[:3], (*ACTIONS[::-1], ActionDeclaration("new", "toys", "grow", {})), 0.5)
    after = scores(scorer, changed)
    assert after.log_odds_means[3] == pytest.approx(before.log_odds_means[0], abs=0.3)
    assert after.log_odds_means[2] == pytest.approx(before.log_odds_means[1], abs=0.3)


def test_a_corrected_reward_gives_what_the_right_one_would_have_given() -> None:
    """The step is linear in the reward: at once it is nearly the same, and the evidence is one."""
    right = taught(entries_of([("mug", 1.0)]))
    wrong = taught(entries_of([("mug", 0.0)]))
    wrong.fold(wrong.compile(FEATURE_SET), LogEntry(2, reward("k1", 1.0), 0.0))
    assert wrong.posterior.evidence == right.posterior.evidence == {"mug": 1}
    assert np.array_equal(wrong.posterior.variance, right.posterior.variance)
    moved, wanted = scores(wrong).log_odds_means[0], scores(right).log_odds_means[0]
    assert moved == pytest.approx(wanted, abs=0.35 * abs(wanted - scores(BayesianScorer()).log_odds_means[0]))


def test_there_and_back_is_nearly_where_it_was() -> None:
    scorer = taught(entries_of([("mug", 0.0)] * 200))
    compiled, before = scorer.compile(FEATURE_SET), scorer.posterior.mean.copy()
    scorer.fold(compiled, LogEntry(201, reward("k200", 1.0), 0.0))
    moved = np.abs(scorer.posterior.mean - before).max()
    scorer.fold(compiled, LogEntry(202, reward("k200", 0.0), 1.0))
    assert np.abs(scorer.posterior.mean - before).max() < 0.25 * moved


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.floats(0, 1)), min_size=1, max_size=12))
def test_variances_stay_positive_and_never_grow(rewards: list[tuple[str, float]]) -> None:
    scorer = BayesianScorer(OVER_A_BASE)
    compiled = scorer.compile(FEATURE_SET)
    for entry in entries_of(rewards):
        before = scorer.posterior.copy()
        scorer.fold(compiled, entry)
        assert (scorer.posterior.variance > 0).all()
        assert (scorer.posterior.variance <= before.variance).all()
        assert (scorer.posterior.scale_variance[1:] > 0).all()
        assert (scorer.posterior.scale_variance <= before.scale_variance).all()
        assert (scorer.posterior.scale_mean >= MIN_SCALES).all()
        assert (scorer.posterior.scale_mean <= MAX_SCALES).all()


def test_scales_that_are_fixed_stay() -> None:
    scorer = taught(entries_of([("mug", 1.0), ("sock", 0.0), ("pan", 1.0)] * 20))
    assert scorer.posterior.scale_mean.tolist() == [1.0, *[scorer.priors.scale_mean] * 3]
    assert not scorer.posterior.scale_variance.any()


def test_the_same_log_gives_the_same_arrays() -> None:
    log = entries_of([("mug", 1.0), ("sock", 0.25), ("pan", 0.0)] * 20)
    one, two = taught(log).posterior, taught(log).posterior
    assert np.array_equal(one.mean, two.mean)
    assert np.array_equal(one.variance, two.variance)
    assert np.array_equal(one.scale_mean, two.scale_mean)


def test_a_copy_learns_alone() -> None:
    original = taught(entries_of([("mug", 1.0)]))
    before = original.posterior.mean.copy()
    taught(entries_of([("mug", 1.0)] * 5, start=2), original.copy())
    assert np.array_equal(original.posterior.mean, before)
    assert original.position == 1
    assert original.posterior.evidence == {"mug": 1}


def test_model_version_names_the_model_and_the_log_position() -> None:
    scorer = taught(entries_of([("mug", 1.0)] * 3))
    assert scorer.model_version == f"{scorer.model_id}@3"
    assert scorer.model_id == BayesianScorer().model_id


@pytest.mark.parametrize("rate", [0.3, 0.05])
@pytest.mark.parametrize("batch", [20, 100, 500])
def test_failures_that_are_corrected_in_bulk_drive_nobody_mad(batch: int, rate: float) -> None:
    """A file of outcomes an hour: all impressions, then the clicks."""
    source = np.random.default_rng(7)
    shown, clicked = source.choice(NAMES[:3], 2_000), source.random(2_000) < rate
    scorer, position = BayesianScorer(), 0
    compiled = scorer.compile(FEATURE_SET)
    for start in range(0, 2_000, batch):
        for again in (False, True):
            for place in range(start, start + batch):
                if again and not clicked[place]:
                    continue
                position += 1
                entry = reward(f"k{place}", float(again), action=str(shown[place]))
                scorer.fold(compiled, LogEntry(position, entry, 0.0 if again else None))
    said = scores(scorer).means[:3]
    assert rate / 2 < said.mean() < 4 * rate


@pytest.mark.parametrize("first", [0.0, 1.0])
def test_the_longest_row_of_one_answer_does_not_lock_the_model(first: float) -> None:
    scorer = taught(entries_of([("mug", first)] * 3_000))
    assert np.isfinite(scorer.posterior.mean).all()
    assert (scorer.posterior.variance > 0).all()
    compiled = scorer.compile(FEATURE_SET)
    for number in range(200):
        scorer.fold(compiled, LogEntry(3_001 + number, reward(f"other{number}", 1.0 - first), None))
    assert abs(scores(scorer).means[NAMES.index("mug")] - first) > 0.02
