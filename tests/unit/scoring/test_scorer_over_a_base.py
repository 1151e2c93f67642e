"""A model over a base answers what LightGBM says until it learns, and then what it learnt on top of that."""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import pytest

from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.base_model.content import ModelContent, decode, encode, model_id
from services.scoring.domain.base_model.matrices import matrix_of
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.feature_set import FeatureDeclaration, FeatureSet
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.scoring import ScoreQuery, Scores
from services.scoring.domain.training.calibration import Calibration
from shared.values import AttributeType, Feature, present
from tests.support.base_forests import CROSSED_SET, ISOTONIC, PLATT, base_content, random_features
from tests.support.poisoned_forests import poisoned
from tests.support.scoring import ACTIONS, ANNA, FEATURES, NOW_MS

NAMES = [action.action for action in ACTIONS]
CONTENT = encode(base_content())
SCORER = BayesianScorer().over(CONTENT)
COMPILED = SCORER.compile(CROSSED_SET)


def scores(
    scorer: BayesianScorer, features: dict[str, Feature] | None = None, compiled: CompiledFeatureSet = COMPILED
) -> Scores:
    """Of every action by mail on the home page."""
    query = ScoreQuery(compiled.version, ANNA if features is None else features, NAMES, ["EMAIL"] * 4, ["home"] * 4)
    return scorer.score(compiled, query)


def entry(position: int, action: str, value: float, previous: float | None = None) -> LogEntry:
    key = f"k{position}"
    return LogEntry(position, Reward(key, CROSSED_SET.version, action, "EMAIL", "home", ANNA, value, NOW_MS), previous)


def taught(rewards: list[tuple[str, float]]) -> BayesianScorer:
    scorer = SCORER.copy()
    for position, (action, value) in enumerate(rewards, 1):
        scorer.fold(COMPILED, entry(position, action, value))
    return scorer


def said_by_lightgbm(content: ModelContent, features: dict[str, Feature]) -> np.ndarray:
    """Calibrated log-odds of every action."""
    shown = [Shown(features, action, "EMAIL", "home") for action in ACTIONS]
    raw = lightgbm.Booster(model_str=content.forest).predict(matrix_of(content.columns, shown), raw_score=True)
    return content.calibration(np.asarray(raw, np.float64))


@pytest.mark.parametrize("calibration", [Calibration(), PLATT, ISOTONIC])
def test_before_it_learns_its_offsets_are_lightgbm_moved_by_one_curve_bit_by_bit(calibration: Calibration) -> None:
    content = base_content(calibration)
    scorer = BayesianScorer().over(encode(content))
    compiled, rng = scorer.compile(CROSSED_SET), np.random.default_rng(1)
    assert compiled.base is not None
    for _ in range(50):
        features = random_features(rng)
        wanted = compiled.base.moderation(said_by_lightgbm(content, features))
        assert np.array_equal(scores(scorer, features, compiled).log_odds_means, wanted)


def test_before_it_learns_the_probability_is_the_base_s_own() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        features = {**ANNA, **random_features(rng)}
        wanted = 1.0 / (1.0 + np.exp(-said_by_lightgbm(base_content(), features)))
        assert scores(SCORER, features).means == pytest.approx(wanted, rel=0.04)


def test_what_surprises_the_base_moves_more_than_what_it_expects() -> None:
    cold = scores(SCORER)
    likely, unlikely = NAMES[int(cold.means.argmax())], NAMES[int(cold.means.argmin())]
    assert cold.means.max() > 2 * cold.means.min()
    moved = [
        float((scores(taught([(name, 1.0)])).log_odds_means - cold.log_odds_means)[NAMES.index(name)])
        for name in (likely, unlikely)
    ]
    assert 0 < moved[0] < moved[1]


def test_a_correction_counts_once_and_gives_what_the_right_reward_would_have() -> None:
    right, wrong = taught([("mug", 1.0)]), taught([("mug", 0.0)])
    wrong.fold(COMPILED, replace(entry(2, "mug", 1.0, 0.0)))
    assert wrong.posterior.evidence == right.posterior.evidence == {"mug": 1}
    assert np.array_equal(wrong.posterior.variance, right.posterior.variance)
    cold = scores(SCORER).log_odds_means[0]
    moved, wanted = scores(wrong).log_odds_means[0] - cold, scores(right).log_odds_means[0] - cold
    assert moved == pytest.approx(wanted, rel=0.35)


def test_it_is_named_by_its_content_and_its_snapshots_also_by_how_it_learns() -> None:
    other = BayesianScorer().over(encode(replace(base_content(), rate_log_odds=-2.0)))
    assert SCORER.model_id == model_id("success", CONTENT) != other.model_id
    assert SCORER.model_version == f"{SCORER.model_id}@0"
    assert SCORER.snapshot_id.startswith(f"{SCORER.model_id}+")
    assert SCORER.id_without_base("success") == BayesianScorer().model_id
    with pytest.raises(ValueError, match="it is of"):
        other.restored(SCORER.snapshot())


def test_models_without_a_base_are_one_for_each_objective() -> None:
    scorer = BayesianScorer()
    clicks = SCORER.untaught("click")
    assert (clicks.objective, clicks.position) == ("click", 0)
    assert clicks.model_id == scorer.id_without_base("click") == scorer.untaught("click").model_id
    assert clicks.model_id != scorer.model_id == scorer.snapshot_id
    with pytest.raises(ValueError, match="it is of"):
        clicks.restored(scorer.snapshot())


def test_a_snapshot_gives_the_same_model_bit_by_bit() -> None:
    learnt = taught([("mug", 1.0), ("pan", 0.0), ("sock", 0.5)])
    restored = SCORER.restored(learnt.snapshot())
    for scorer in (learnt, restored):
        scorer.fold(COMPILED, entry(4, "thanks", 1.0))
    assert np.array_equal(restored.posterior.mean, learnt.posterior.mean)
    assert np.array_equal(scores(restored).means, scores(learnt).means)


def test_it_begins_to_learn_after_what_its_base_has_learnt() -> None:
    assert BayesianScorer().over(encode(replace(base_content(), learns_after=77))).position == 77


def test_a_base_without_a_forest_is_its_rate() -> None:
    scorer = BayesianScorer().over(encode(replace(base_content(), forest="", rate_log_odds=-3.0)))
    answer = scores(scorer, compiled=scorer.compile(CROSSED_SET))
    assert answer.means == pytest.approx(np.full(4, 1.0 / (1.0 + np.exp(3.0))), rel=0.1)


def test_a_feature_set_whose_types_changed_is_read_as_unknown() -> None:
    """A model outlives the policy that it learnt from."""
    kinds = {"age": AttributeType.STRING, "tier": AttributeType.BOOL, "brands": AttributeType.INT}
    changed = tuple(FeatureDeclaration(each.name, kinds.get(each.name, each.type)) for each in FEATURES)
    compiled = SCORER.compile(FeatureSet(changed, ACTIONS, 0.1))
    odd = scores(SCORER, {"age": present("old"), "tier": present(True), "brands": present(3)}, compiled)
    unknown = scores(SCORER, {"tier": present("a tier that nobody knew"), "context.weather": present("rain")})
    assert np.isfinite(odd.means).all()
    assert ((odd.means > 0) & (odd.means < 1)).all()
    assert odd.means == pytest.approx(unknown.means, rel=0.5)


def test_scores_that_are_no_numbers_are_the_rate_instead_and_counted() -> None:
    """Finite leaves whose sum is not."""
    scorer = BayesianScorer().over(poisoned("1e308"))
    compiled = scorer.compile(CROSSED_SET)
    answer = scores(scorer, compiled=compiled)
    assert answer.unusable == 4
    assert answer.means == pytest.approx(np.full(4, 1.0 / (1.0 + np.exp(1.0))), rel=0.04)
    scorer.fold(compiled, entry(1, "mug", 1.0))
    assert np.isfinite(scorer.posterior.mean).all()
    with pytest.raises(ValueError, match="4 of its 4 scores are no numbers"):
        scorer.check_fits(compiled)


def test_leaves_that_are_no_numbers_are_refused() -> None:
    for value in ("nan", "inf", "1e999"):
        with pytest.raises(ValueError, match=r"finite|number"):
            decode(poisoned(value))


def test_a_base_that_reads_nothing_of_a_feature_set_does_not_fit_it() -> None:
    SCORER.check_fits(COMPILED)
    strangers = FeatureSet((FeatureDeclaration("shoe_size", AttributeType.INT),), ACTIONS, 0.1)
    with pytest.raises(ValueError, match="reads none of the features"):
        SCORER.check_fits(SCORER.compile(strangers))


def test_extreme_numbers_give_probabilities() -> None:
    for age in (0, -(2**63), 2**63 - 1):
        answer = scores(SCORER, {"age": present(age)})
        assert ((answer.means > 0) & (answer.means < 1)).all()
