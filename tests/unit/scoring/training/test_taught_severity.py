"""A base model of an objective that learns amounts: what a success is worth to whom, and the layer over it."""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.base_model.content import ModelContent, decode, encode
from services.scoring.domain.base_model.matrices import matrix_of
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.scoring import ScoreQuery
from services.scoring.domain.training.from_rewards import LearntModel, learn_from_rewards, parts_of
from services.scoring.domain.training.presentations import PresentationReader, Presentations
from shared.values import Feature
from tests.support.reward_logs import entries_of, planted, tastes

FEATURE_SET = tastes(prior_value=5.0)
ROWS = 9_000
COLUMNS = ("item_0", "item_5")


def truth(features: dict[str, Feature], action: str) -> float:
    """The old spend four times as much as the young, and items are tenfold apart."""
    age, item = features["age"].value, int(action.removeprefix("item_"))
    assert isinstance(age, int)
    return 20.0 * (4.0 if age > 48 else 1.0) * float(10.0 ** (item / 5))


def worth(reward: Reward, rng: np.random.Generator) -> Reward:
    if not reward.reward:
        return reward
    return replace(reward, value=truth(dict(reward.features), reward.action) * float(rng.gamma(2.0, 0.5)))


RNG = np.random.default_rng(5)
REWARDS = tuple(worth(each, RNG) for each in planted(ROWS, feature_set=FEATURE_SET).rewards)
ENTRIES = entries_of(REWARDS)


def read(entries: list[LogEntry]) -> Presentations:
    reader = PresentationReader()
    for entry in entries:
        reader.add(entry, FEATURE_SET)
    return reader.presentations()


@pytest.fixture(scope="module")
def found() -> Presentations:
    return read(ENTRIES)


@pytest.fixture(scope="module")
def learnt(found: Presentations) -> LearntModel:
    return learn_from_rewards(found, FEATURE_SET, LightGbmLearner(), 0)


def scorer_over(content: ModelContent) -> BayesianScorer:
    return BayesianScorer().over(encode(content))


def expected(scorer: BayesianScorer, compiled: CompiledFeatureSet, row: int) -> list[float]:
    query = ScoreQuery(FEATURE_SET.version, REWARDS[row].features, COLUMNS, ["WEB"] * 2, ["hero"] * 2)
    severity = scorer.score(compiled, query).severity
    assert severity is not None
    return [float(each) for each in severity.means]


def raw_scores(content: ModelContent, found: Presentations) -> NDArray[np.float64]:
    """By LightGBM itself."""
    matrix = matrix_of(content.columns, found.table)
    return np.asarray(lightgbm.Booster(model_str=content.severity).predict(matrix, raw_score=True), np.float64)


def test_amounts_are_learnt_by_customer_and_action(learnt: LearntModel) -> None:
    scorer = scorer_over(learnt.content)
    assert learnt.lineage["amounts"] == "relative to the forest"
    compiled, errors = scorer.compile(FEATURE_SET), []
    for row in range(200):
        of = [truth(dict(REWARDS[row].features), action) for action in COLUMNS]
        errors += np.log(np.array(expected(scorer, compiled, row)) / of).tolist()
    assert np.abs(errors).mean() < 0.15


def test_what_is_expected_of_the_calibration_part_adds_up_to_what_it_was(
    learnt: LearntModel, found: Presentations
) -> None:
    content, part = learnt.content, parts_of(found.rewards()).calibrate
    amounts = found.values()[part]
    raw = raw_scores(content, found)
    told = np.exp(raw[part] + content.log_scale)[np.isfinite(amounts)]
    assert told.sum() == pytest.approx(amounts[np.isfinite(amounts)].sum(), rel=0.02), "but for what is limited"


def test_the_compiled_forest_expects_what_lightgbm_does_bit_by_bit(learnt: LearntModel, found: Presentations) -> None:
    content = learnt.content
    compiled = scorer_over(content).compile(FEATURE_SET)
    assert compiled.base is not None
    raw = raw_scores(content, found)
    for row in range(30):
        each = REWARDS[row]
        at = compiled.rows_of([each.action])
        amounts = compiled.base.amounts(each.features, at, (each.channel,), (each.placement_id,))
        assert amounts is not None
        assert amounts[0] == np.exp(raw[row] + content.log_scale)


def test_the_layer_moves_what_it_expects_by_a_factor(learnt: LearntModel) -> None:
    scorer = scorer_over(learnt.content)
    compiled = scorer.compile(FEATURE_SET)
    before = [expected(scorer, compiled, row) for row in range(5)]
    rich = next(each for each in REWARDS if each.value is not None and each.action == "item_5")
    for number in range(500):
        tripled = replace(rich, reward_key=f"new{number}", value=3.0 * truth(dict(rich.features), "item_5"))
        scorer.fold(compiled, LogEntry(ROWS + 1 + number, tripled, None))
    after = [expected(scorer, compiled, row) for row in range(5)]
    factors = np.array(after) / np.array(before)
    assert np.allclose(factors, factors[0]), "whoever asks"
    assert factors[0, 1] > 2.0
    assert factors[0, 1] > 1.2 * factors[0, 0]


def test_what_taught_the_forest_is_corrected_and_not_learnt_twice(learnt: LearntModel) -> None:
    """The last of it is worth something else, and then the same again."""
    scorer = scorer_over(learnt.content)
    compiled = scorer.compile(FEATURE_SET)
    before = expected(scorer, compiled, 0)
    total = scorer.posterior.amounts.counts[0].sum()
    row = max(i for i, each in enumerate(REWARDS[: int(0.7 * ROWS)]) if each.value is not None)
    known = REWARDS[row]
    assert known.value is not None
    returned = replace(known, reward=0.0, value=None)
    scorer.fold(compiled, LogEntry(ROWS + 1, returned, 1.0, known.value))
    assert scorer.posterior.amounts.counts[0].sum() == total - 1.0
    assert expected(scorer, compiled, 0) != before
    scorer.fold(compiled, LogEntry(ROWS + 2, known, 0.0, None))
    assert expected(scorer, compiled, 0) == before


def test_an_erased_subjects_amounts_leave_at_the_next_training(learnt: LearntModel) -> None:
    whole = [each for each in ENTRIES if each.reward.action != "item_5" or each.reward.value is None]
    again = learn_from_rewards(read(whole), FEATURE_SET, LightGbmLearner(), 0)
    amounts, of_all = again.content.amounts, learnt.content.amounts
    assert amounts is not None
    assert of_all is not None
    assert len(amounts.names) == len(of_all.names) - 1, "of the item that nobody bought any more nothing is left"


def test_few_amounts_make_no_forest_and_are_not_lost() -> None:
    few = tuple(replace(each, value=each.value if row % 40 == 0 else None) for row, each in enumerate(REWARDS))
    learnt = learn_from_rewards(read(entries_of(few)), FEATURE_SET, LightGbmLearner(), 0)
    assert (learnt.content.severity, learnt.lineage["amounts"]) == ("", "as they are")
    scorer = scorer_over(learnt.content)
    small, large = expected(scorer, scorer.compile(FEATURE_SET), 0)
    assert small < large


def test_amounts_that_hang_on_nothing_make_no_forest() -> None:
    rng = np.random.default_rng(6)
    flat = tuple(
        replace(each, value=float(rng.gamma(2.0, 10.0))) if each.value is not None else each for each in REWARDS[:6_000]
    )
    learnt = learn_from_rewards(read(entries_of(flat)), FEATURE_SET, LightGbmLearner(), 0)
    assert learnt.content.forest
    assert not learnt.content.severity


def test_an_objective_without_amounts_trains_the_model_it_always_did() -> None:
    plain = tastes()
    rewards = planted(4_000, feature_set=plain).rewards
    reader = PresentationReader()
    for entry in entries_of(rewards):
        reader.add(entry, plain)
    learnt = learn_from_rewards(reader.presentations(), plain, LightGbmLearner(), 0)
    assert (learnt.content.severity, learnt.content.amounts) == ("", None)
    assert b"severity" not in encode(learnt.content)
    assert "amounts" not in learnt.lineage


@pytest.mark.parametrize("level", [float("nan"), float("inf"), 1e3])
def test_a_level_that_is_none_is_refused(learnt: LearntModel, level: float) -> None:
    with pytest.raises(ValueError, match="the level of its amounts"):
        decode(encode(replace(learnt.content, log_scale=level)))


def test_a_forest_of_amounts_that_reads_other_columns_is_refused(learnt: LearntModel) -> None:
    few = lightgbm.train({"verbosity": -1}, lightgbm.Dataset(np.arange(60.0).reshape(30, 2), np.arange(30.0)), 1)
    with pytest.raises(ValueError, match="its forest reads 2 features"):
        decode(encode(replace(learnt.content, severity=few.model_to_string())))
