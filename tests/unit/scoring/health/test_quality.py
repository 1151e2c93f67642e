"""Predictions of one model against what came."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from services.scoring.domain.health.exploration import COLLAPSED, entropy, exploration
from services.scoring.domain.health.presentations import Presentation
from services.scoring.domain.health.quality import Predicted, predicted_by, quality, reliability
from services.scoring.domain.rewards import Prediction


def predicted(predictions: list[float], rewards: list[float]) -> Predicted:
    return Predicted(np.array(predictions), np.array(rewards))


def chosen(*probabilities: float) -> list[Presentation]:
    return [Presentation(0, 0.0, Prediction("m@1", 0.1, probability)) for probability in probabilities]


def test_quality_of_four_presentations_by_hand() -> None:
    found = quality("m", predicted([0.1, 0.1, 0.5, 0.9], [0, 1, 0, 1]))
    assert found is not None
    assert (found.model_id, found.presentations, found.positives) == ("m", 4, 2.0)
    assert found.auc == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.1, 0.5, 0.9]).mean())
    assert found.brier == pytest.approx((0.01 + 0.81 + 0.25 + 0.01) / 4)
    assert found.calibration_ratio == pytest.approx(2 / 1.6)
    assert [(each.count, each.mean_reward) for each in found.bins] == [(2, 0.5), (1, 0.0), (1, 1.0)]
    assert found.calibration_error == pytest.approx((2 * 0.4 + 0.5 + 0.1) / 4)


def test_nothing_predicted_has_no_quality() -> None:
    assert quality("m", predicted([], [])) is None


def test_quality_without_positives_or_negatives_has_no_auc() -> None:
    for rewards in ([0.0, 0.0], [1.0, 1.0]):
        found = quality("m", predicted([0.2, 0.4], rewards))
        assert found is not None
        assert found.auc is None


def test_ratio_of_a_model_that_expects_nothing_is_not_there() -> None:
    found = quality("m", predicted([0.0, 0.0], [0.0, 1.0]))
    assert found is not None
    assert found.calibration_ratio is None


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.4, 0.8]), st.booleans()), min_size=2, max_size=60))
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[float, bool]]) -> None:
    """Mann and Whitney's U, by another implementation."""
    good = [score for score, is_positive in rows if is_positive]
    bad = [score for score, is_positive in rows if not is_positive]
    found = quality("m", predicted([score for score, _ in rows], [float(each) for _, each in rows]))
    assert found is not None
    if not good or not bad:
        assert found.auc is None
        return
    assert found.auc == pytest.approx(stats.mannwhitneyu(good, bad).statistic / (len(good) * len(bad)))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=200))
def test_bins_hold_every_presentation_once_in_rising_order(rows: list[tuple[float, float]]) -> None:
    both = predicted([row[0] for row in rows], [row[1] for row in rows])
    bins = reliability(both)
    assert 1 <= len(bins) <= 10
    assert sum(each.count for each in bins) == len(rows)
    assert sum(each.count * each.mean_reward for each in bins) == pytest.approx(sum(row[1] for row in rows))
    means = [each.mean_prediction for each in bins]
    assert means == sorted(means)


def test_equal_predictions_are_one_bin() -> None:
    """A model that says the same of everybody is calibrated where its rate is right, whatever the order."""
    rng = np.random.default_rng(3)
    found = quality("m", Predicted(np.full(1000, 0.3), (rng.permutation(1000) < 300).astype(float)))
    assert found is not None
    assert len(found.bins) == 1
    assert found.calibration_error == pytest.approx(0.0, abs=1e-12)


def test_bins_are_of_about_equal_size() -> None:
    rng = np.random.default_rng(4)
    bins = reliability(Predicted(rng.random(10_000), rng.random(10_000)))
    assert [each.count for each in bins] == pytest.approx([1000] * 10, abs=1)


def test_predictions_are_found_by_model_whatever_its_position_and_role() -> None:
    presentations = [
        Presentation(0, 1.0, Prediction("a@1", 0.1, 0.5, "b@1", 0.2)),
        Presentation(0, 0.0, Prediction("b@7", 0.3, 0.5)),
        Presentation(0, 0.0, None),
        Presentation(0, 0.0, Prediction("ab@7", 0.9)),
    ]
    assert predicted_by("a", presentations).predictions.tolist() == [0.1]
    assert predicted_by("b", presentations).predictions.tolist() == [0.2, 0.3]
    assert predicted_by("b", presentations).rewards.tolist() == [1.0, 0.0]
    assert predicted_by("c", presentations).predictions.size == 0


def test_apprentice_is_judged_by_what_it_would_have_said() -> None:
    said = Prediction("a@1", 0.05, 1.0, "a@1", 0.4)
    assert predicted_by("a", [Presentation(0, 1.0, said)]).predictions.tolist() == [0.4]


def test_entropy_is_that_of_the_choices() -> None:
    assert entropy([]) == 0.0
    assert entropy([0.5, 0.25]) == pytest.approx((np.log(2) + np.log(4)) / 2)
    assert entropy([1.0, 1.0]) == 0.0


def test_choices_of_unknown_probability_are_left_out() -> None:
    found = exploration([*chosen(0.5, 0.0), Presentation(0, 0.0, None)])
    assert (found.choices, found.entropy, found.several, found.share) == (1, np.log(2), 0, None)


def test_collapse_takes_certain_choices_and_enough_of_them() -> None:
    assert exploration(chosen(*[1.0] * 1_000)).collapse is not None
    assert exploration(chosen(*[1.0] * 999)).collapse is None
    assert exploration(chosen(*[0.95] * 1_000)).collapse is None


def test_collapse_begins_where_one_choice_in_seven_hundred_explores() -> None:
    for share, is_expected in ((1 / 800, True), (1 / 600, False)):
        total = 1_000_000
        rare = round(total * share)
        probabilities = [share] * rare + [1 - share] * (total - rare)
        assert (entropy(probabilities) < COLLAPSED) is is_expected


def among(candidates: int, *probabilities: float) -> list[Presentation]:
    return [
        replace(each, prediction=replace(each.prediction, candidates=candidates))
        for each in chosen(*probabilities)
        if each.prediction is not None
    ]


def test_entropy_is_told_relative_to_a_uniform_choice_among_as_many() -> None:
    found = exploration(among(4, 0.25, 0.25) + among(2, 0.5) + among(1, 1.0) + chosen(0.1))
    assert (found.choices, found.several) == (5, 3)
    assert found.share == pytest.approx(1.0)
    assert exploration(among(100, *[0.5] * 10)).share == pytest.approx(np.log(2) / np.log(100))


def test_a_choice_of_one_candidate_is_no_collapse_and_the_same_entropy_among_many_is() -> None:
    assert exploration(among(1, *[1.0] * 5_000) + among(2, *[0.5] * 1_000)).collapse is None
    assert exploration(among(2, *[0.98] * 1_000)).collapse is None
    told = exploration(among(200, *[0.98] * 1_000)).collapse
    assert told is not None
    assert "0.38 % of the entropy of a uniform choice" in told
    assert exploration(among(200, *[0.98] * 999)).collapse is None
