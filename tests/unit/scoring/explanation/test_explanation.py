"""A whole score taken apart: base, calibration and online layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from services.scoring.adapters.lightgbm.contributions import LightGbmContributions
from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.base_model.content import ModelContent, encode
from services.scoring.domain.base_model.served import served
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.customer import read_features
from services.scoring.domain.explanation.explanation import Explanation
from services.scoring.domain.explanation.forest import raw_parts
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.scoring import ScoreQuery
from services.scoring.domain.training.calibration import Calibration
from shared.values import NOT_FOUND, NULL, Feature, FeatureStatus, present
from tests.support.base_forests import CROSSED_SET, ISOTONIC, PLATT, base_content, random_features
from tests.support.scoring import ACTIONS, ANNA, FEATURES

CONTRIBUTIONS = LightGbmContributions()
MUG, THANKS = ACTIONS[0], ACTIONS[3]


def over(content: ModelContent | None, seed: int | None = None) -> BayesianScorer:
    """The model over a base, its layer as a random log could have left it, or untaught."""
    scorer = BayesianScorer(base=served(encode(content)) if content else None)
    if seed is not None:
        rng = np.random.default_rng(seed)
        scorer.posterior.mean += rng.normal(size=scorer.posterior.mean.shape)
        scorer.posterior.scale_mean[1:] = rng.uniform(0.1, 3.0, 3)
    return scorer


def explained(
    scorer: BayesianScorer,
    content: ModelContent | None,
    shown: Shown,
    feature_set: FeatureSet = CROSSED_SET,
) -> Explanation:
    parts = raw_parts(content, shown, CONTRIBUTIONS) if content else None
    return scorer.explain(scorer.compile(feature_set), shown, parts)


def shown(features: Mapping[str, Feature], action: int = 0, channel: str = "EMAIL", placement: str = "home") -> Shown:
    return Shown(read_features(FEATURES, features), ACTIONS[action], channel, placement)


@pytest.mark.parametrize(
    "calibration", [Calibration(), PLATT, ISOTONIC, None], ids=lambda c: c.method if c else "no base"
)
def test_parts_add_up_to_the_log_odds_that_are_answered(calibration: Calibration | None) -> None:
    content = base_content(calibration) if calibration else None
    scorer, rng = over(content, seed=5), np.random.default_rng(6)
    compiled = scorer.compile(CROSSED_SET)
    expected = set()
    for index in range(40):
        presentation = shown(random_features(rng), index % 4, ("EMAIL", "WEB", "")[index % 3])
        found = explained(scorer, content, presentation)
        query = ScoreQuery(
            "", presentation.features, [presentation.action.action] * 3, [presentation.channel] * 3, ["home"] * 3
        )
        scores = scorer.score(compiled, query)
        assert found.mean == pytest.approx(scores.means[1], rel=1e-12)
        assert found.log_odds == pytest.approx(scores.log_odds_means[1], abs=1e-12)
        parts = sum(each.base + each.learnt for each in found.contributions)
        assert found.expected_log_odds + parts == pytest.approx(found.log_odds, abs=1e-12)
        assert found.model_version == scores.model_version
        expected.add(round(found.expected_log_odds, 9))
    assert len(expected) == 1, "what everybody has is the same for everybody"


def test_what_everybody_has_is_the_calibrated_expectation_of_the_forest() -> None:
    content, presentation = base_content(), shown({})
    parts = raw_parts(content, presentation, CONTRIBUTIONS)
    assert parts is not None
    scorer = over(content)
    bound = scorer.compile(CROSSED_SET).base
    assert bound is not None
    wanted = bound.onto(content.calibration(parts.values[-1:])).offsets[0]
    assert explained(scorer, content, presentation).expected_log_odds == pytest.approx(wanted, abs=1e-9)


def test_an_untaught_model_without_a_base_has_nothing_to_explain() -> None:
    scorer = over(None)
    found = explained(scorer, None, shown(ANNA))
    assert found.contributions == ()
    assert found.log_odds == found.expected_log_odds == scorer.compile(CROSSED_SET).prior_log_odds


def test_base_that_is_the_rate_alone_adds_nothing_by_name() -> None:
    content = ModelContent("success", base_content().columns, -1.0, 0)
    found = explained(over(content), content, shown(ANNA))
    assert found.contributions == ()
    assert found.log_odds == found.expected_log_odds


def test_what_the_forest_goes_by_comes_first() -> None:
    liked = explained(over(base_content()), base_content(), shown(ANNA))
    other = explained(over(base_content()), base_content(), shown({**ANNA, "brands": present(("zest",))}))
    assert (liked.contributions[0].name, liked.contributions[0].base > 0.3) == ("likes_brand", True)
    assert (other.contributions[0].name, other.contributions[0].base < -0.1) == ("likes_brand", True)
    totals = [abs(each.total) for each in liked.contributions]
    assert totals == sorted(totals, reverse=True)
    assert not any(each.learnt for each in liked.contributions)


def test_every_part_shows_what_was_read_of_it() -> None:
    stale = Feature("gold", FeatureStatus.STALE)
    presentation = shown({"age": present(38), "tier": stale, "brands": present(("bolt",))}, 0, "EMAIL", "")
    found = explained(over(base_content(), seed=1), base_content(), presentation)
    assert {each.name: each.feature for each in found.contributions} == {
        "age": present(38),
        "tier": stale,
        "brands": present(("bolt",)),
        "context.weather": NOT_FOUND,
        "action": present("mug"),
        "group": present("kitchen"),
        "issue": present("grow"),
        "action.brand": present("acme"),
        "action.price": present(9.5),
        "channel": present("EMAIL"),
        "placement": NOT_FOUND,
        "likes_brand": present(False),
        "price_per_age": present(0.25),
    }


def test_what_could_not_be_read_says_so() -> None:
    """No brands, so no cross of them; and of an action without attributes."""
    presentation = shown({"age": NULL}, ACTIONS.index(THANKS))
    read = {
        each.name: each.feature
        for each in explained(over(base_content(), 1), base_content(), presentation).contributions
    }
    assert read["age"] == NULL
    assert {name for name, feature in read.items() if feature == NOT_FOUND} >= {
        "brands",
        "likes_brand",
        "price_per_age",
    }


def test_feature_that_the_model_read_and_the_policy_lost_is_not_known() -> None:
    lost = FeatureSet(FEATURES[:1], ACTIONS, 0.1)
    presentation = Shown(read_features(lost.features, ANNA), MUG, "EMAIL", "home")
    scorer = over(base_content(), seed=2)
    found = explained(scorer, base_content(), presentation, lost)
    assert {each.name: each.feature for each in found.contributions}["brands"] == NOT_FOUND
    scores = scorer.score(scorer.compile(lost), ScoreQuery("", ANNA, ["mug"], ["EMAIL"], ["home"]))
    assert found.mean == scores.means[0]
