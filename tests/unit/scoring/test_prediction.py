"""The vectorised pass gives what one candidate at a time gives, and tells the shared part from the own one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.customer import encode_customer, read_features
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.priors import Kind, Priors
from services.scoring.domain.scoring import ScoreQuery, Scores
from services.scoring.domain.terms import Presentation, terms_of
from shared.errors import InvalidArgument
from shared.values import NOT_FOUND, NULL, Feature, FeatureStatus, present
from tests.support.scoring import ACTIONS, ANNA, FEATURE_SET, FEATURES, entries_of, taught

NAMES = [action.action for action in ACTIONS]
CHANNELS = ["EMAIL", "WEB", "EMAIL", "SMS"]
PLACES = ["home", "home", "cart", "home"]


def learnt() -> BayesianScorer:
    scorer = taught(entries_of([("mug", 1.0), ("pan", 0.0), ("sock", 0.0), ("mug", 1.0), ("thanks", 0.0)]))
    rng = np.random.default_rng(7)
    scorer.posterior.mean += rng.normal(size=scorer.posterior.mean.shape)
    scorer.posterior.variance *= rng.uniform(0.2, 1.0, scorer.posterior.variance.shape)
    return scorer


SCORER = learnt()
COMPILED = SCORER.compile(FEATURE_SET)


def scores(
    actions: Sequence[str] = NAMES,
    channels: Sequence[str] = CHANNELS,
    places: Sequence[str] = PLACES,
    features: Mapping[str, Feature] = ANNA,
) -> Scores:
    return SCORER.score(COMPILED, ScoreQuery(FEATURE_SET.version, features, actions, channels, places))


FEATURE_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "age": st.one_of(st.integers(0, 99).map(present), st.just(NULL)),
        "tier": st.sampled_from([present("gold"), present("iron"), Feature("gold", FeatureStatus.STALE), NOT_FOUND]),
        "brands": st.lists(st.sampled_from(["acme", "zest", "bolt"]), max_size=3).map(
            lambda each: present(tuple(each))
        ),
        "context.weather": st.just(present("rain")),
    },
)


@given(FEATURE_VALUES)
def test_columns_agree_with_the_terms_of_each_presentation(features: dict[str, Feature]) -> None:
    answer = scores(features=features)
    posterior, customer = (
        SCORER.posterior,
        encode_customer(read_features(FEATURES, features), SCORER.posterior.standards),
    )
    assert posterior.offset is not None
    for index, name in enumerate(NAMES):
        shown = Presentation(COMPILED.rows[name], CHANNELS[index], PLACES[index])
        terms = terms_of(COMPILED, customer, shown, Priors())
        parts = np.bincount(terms.kinds, terms.factors * posterior.mean[terms.slots], minlength=len(Kind))
        mean = posterior.offset + float((posterior.scale_mean * parts).sum())
        assert answer.log_odds_means[index] == pytest.approx(mean, rel=1e-9)


def test_order_and_company_do_not_change_a_candidate() -> None:
    together, reverse = scores(), scores(NAMES[::-1], CHANNELS[::-1], PLACES[::-1])
    assert together.means == pytest.approx(reverse.means[::-1], rel=1e-12)
    for index, name in enumerate(NAMES):
        alone = scores([name], [CHANNELS[index]], [PLACES[index]])
        assert alone.means[0] == pytest.approx(together.means[index], rel=1e-12)
        assert alone.uncertainties[0] == pytest.approx(together.uncertainties[index], rel=1e-12)


def test_a_candidate_alone_shares_everything_with_all_candidates() -> None:
    assert scores(["mug"], ["WEB"], ["home"]).log_odds_deviations.tolist() == [0.0]


def test_candidates_that_are_the_same_differ_in_nothing() -> None:
    assert scores(["mug"] * 3, ["WEB"] * 3, ["home"] * 3).log_odds_deviations.tolist() == [0.0] * 3


def test_deviation_leaves_out_kin_that_all_candidates_have() -> None:
    """Mug and pan are of one group; beside a sock their group is no longer shared."""
    kitchen = scores(["mug", "pan"], [], [])
    mixed = scores(["mug", "pan", "sock"], [], [])
    assert (kitchen.log_odds_deviations > 0).all()
    assert (mixed.log_odds_deviations[:2] > kitchen.log_odds_deviations).all()


def test_deviation_counts_a_channel_where_channels_differ() -> None:
    one, two = scores(["mug", "pan"], ["WEB", "WEB"], []), scores(["mug", "pan"], ["WEB", "SMS"], [])
    assert two.log_odds_deviations[0] > one.log_odds_deviations[0]


def test_more_is_uncertain_than_what_candidates_differ_in() -> None:
    answer = scores()
    slope = answer.means * (1 - answer.means)
    assert (answer.uncertainties > 0.3 * slope * answer.log_odds_deviations).all()
    assert ((answer.means > 0) & (answer.means < 1)).all()


def test_no_candidates_is_an_empty_answer() -> None:
    answer = scores([], [], [])
    assert answer.means.shape == answer.log_odds_deviations.shape == (0,)
    assert answer.feature_statuses["age"] is FeatureStatus.PRESENT


def test_every_declared_feature_has_a_status_and_no_other() -> None:
    features = {"age": NULL, "tier": Feature("gold", FeatureStatus.STALE), "undeclared": present("x")}
    assert scores(features=features).feature_statuses == {
        "age": FeatureStatus.NULL_VALUE,
        "tier": FeatureStatus.STALE,
        "brands": FeatureStatus.NOT_FOUND,
        "context.weather": FeatureStatus.NOT_FOUND,
    }


def test_undeclared_feature_changes_nothing() -> None:
    with_more = scores(features={**ANNA, "shoe_size": present(44)})
    assert with_more.means.tolist() == scores().means.tolist()


def test_missing_null_stale_and_zero_are_four_things() -> None:
    means = {
        float(scores(features={"age": age}).means[0])
        for age in (NOT_FOUND, NULL, Feature(0, FeatureStatus.STALE), present(0))
    }
    assert len(means) == 4


def test_feature_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(InvalidArgument) as caught:
        scores(features={"age": present("old")})
    assert caught.value.metadata["field"] == 'features["age"]'


def test_unknown_action_is_refused_by_its_place() -> None:
    with pytest.raises(InvalidArgument) as caught:
        scores(["mug", "mugg"], [], [])
    assert (caught.value.reason, caught.value.metadata["field"]) == ("UNKNOWN_ACTION", "actions[1]")


def test_evidence_counts_the_responses_behind_each_action() -> None:
    assert scores().evidences.tolist() == [2.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("prior", [0.004, 0.1, 0.6])
def test_a_cold_system_answers_the_prior_propensity(prior: float) -> None:
    cold = BayesianScorer()
    known = {**ANNA, "context.weather": present("rain")}
    feature_set = FeatureSet(FEATURES, ACTIONS, prior)
    answer = cold.score(cold.compile(feature_set), ScoreQuery("", known, NAMES))
    assert answer.means[:3] == pytest.approx([prior] * 3, rel=0.05)
    assert answer.means[3] == pytest.approx(prior, rel=0.12), "without attributes, it varies less and expects less"
    assert (answer.uncertainties > prior / 2).all()
    assert answer.evidences.tolist() == [0.0] * 4


def test_large_and_small_calls_agree() -> None:
    """Blocks of the cross effects do not show."""
    many = scores(NAMES * 3000, CHANNELS * 3000, PLACES * 3000)
    assert many.means[:4].tolist() == many.means[-4:].tolist()
    assert many.means[:4] == pytest.approx(scores().means, rel=1e-12)
