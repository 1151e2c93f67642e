"""What was learnt, shared out to names: nothing is lost and nothing is given to the wrong one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.candidates import Candidates, column
from services.scoring.domain.compiled import compile_feature_set
from services.scoring.domain.customer import encode_customer, read_features
from services.scoring.domain.explanation.learnt import Learnt, learnt_by_name, names_of_terms
from services.scoring.domain.hashing import TABLE_SIZE, cross_slots, slots, token
from services.scoring.domain.posterior import Posterior, untaught
from services.scoring.domain.prediction import predict
from services.scoring.domain.priors import Priors
from services.scoring.domain.terms import BASE_SLOT
from shared.values import NOT_FOUND, NULL, Feature, FeatureStatus, present
from tests.support.scoring import ACTIONS, ANNA, FEATURE_SET, FEATURES

PRIORS = Priors()
COMPILED = compile_feature_set(FEATURE_SET, PRIORS)
MUG = ACTIONS[0]
FEATURE_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "age": st.one_of(st.integers(-5, 99).map(present), st.just(NULL)),
        "tier": st.sampled_from([present("gold"), present(""), Feature("gold", FeatureStatus.STALE), NOT_FOUND]),
        "brands": st.lists(st.sampled_from(["acme", "zest", "bolt"]), max_size=5).map(
            lambda each: present(tuple(each))
        ),
        "context.weather": st.just(present("rain")),
    },
)


@cache
def random_posterior(seed: int) -> Posterior:
    rng = np.random.default_rng(seed)
    return replace(
        untaught(PRIORS), mean=rng.normal(size=TABLE_SIZE), scale_mean=np.array([1.0, *rng.uniform(0.1, 3.0, 3)])
    )


def empty_posterior() -> Posterior:
    return replace(untaught(PRIORS), scale_mean=np.ones(4))


def shown(features: dict[str, Feature] | None = None, action: int = 0, channel: str = "", placement: str = "") -> Shown:
    read = read_features(FEATURES, ANNA if features is None else features)
    return Shown(read, ACTIONS[action], channel, placement)


def learnt(posterior: Posterior, presentation: Shown) -> Learnt:
    return learnt_by_name(posterior, COMPILED, presentation, PRIORS)


@given(st.integers(0, 9), FEATURE_VALUES, st.integers(0, 3), st.sampled_from(["", "EMAIL"]))
def test_all_names_and_everybody_add_up_to_the_prediction(
    seed: int, features: dict[str, Feature], action: int, channel: str
) -> None:
    posterior, presentation = random_posterior(seed), shown(features, action, channel, "home")
    candidates = Candidates(np.array([action]), column("channel", [channel], 1), column("placement", ["home"], 1))
    wanted = predict(
        posterior, COMPILED, encode_customer(presentation.features, posterior.standards), candidates, PRIORS
    ).mean[0]
    found = learnt(posterior, presentation)
    assert found.everybody + sum(found.by_name.values()) == pytest.approx(wanted, abs=1e-9)


@given(FEATURE_VALUES, st.integers(0, 3))
def test_every_term_has_names_that_are_of_the_presentation(features: dict[str, Feature], action: int) -> None:
    presentation = shown(features, action)
    its = {f"action.{name}" for name in ACTIONS[action].attributes}
    allowed = {each.name for each in FEATURES} | its | {"action", "group", "issue", "channel", "placement"}
    owners = set(names_of_terms(COMPILED, presentation))
    assert {name for names in owners for name in names} == allowed


def test_a_weight_of_one_name_is_that_names_alone() -> None:
    weights = {
        ("status", "context.weather", "NOT_FOUND"): "context.weather",
        ("customer", "tier", "=gold"): "tier",
        ("attribute", "brand", "=acme"): "action.brand",
        ("group", "kitchen"): "group",
        ("issue", "grow"): "issue",
        ("action", "mug"): "action",
        ("channel", "EMAIL"): "channel",
        ("placement", "home"): "placement",
    }
    for parts, name in weights.items():
        posterior = empty_posterior()
        posterior.mean[slots(np.array([token(*parts)], np.uint64))] = 1.0
        found = learnt(posterior, shown(channel="EMAIL", placement="home"))
        assert found.everybody == 0.0
        assert {each for each, value in found.by_name.items() if value} == {name}


def test_a_weight_of_two_names_is_shared_equally() -> None:
    mine, its = token("customer", "tier", "=gold"), token("attribute", "brand", "=acme")
    posterior = empty_posterior()
    posterior.mean[cross_slots(np.array([mine], np.uint64), np.array([its], np.uint64))] = 1.0
    by_name = {name: value for name, value in learnt(posterior, shown()).by_name.items() if value}
    assert by_name.keys() == {"tier", "action.brand"}
    assert by_name["tier"] == by_name["action.brand"] > 0.0


def test_an_action_on_its_channel_is_of_both() -> None:
    posterior = empty_posterior()
    posterior.mean[slots(np.array([token("action", "mug") ^ token("channel", "EMAIL")], np.uint64))] = -1.0
    by_name = {name: value for name, value in learnt(posterior, shown(channel="EMAIL")).by_name.items() if value}
    assert by_name.keys() == {"action", "channel"}
    assert by_name["action"] == by_name["channel"] < 0.0


def test_the_intercept_is_of_nobody() -> None:
    posterior = empty_posterior()
    posterior.mean[BASE_SLOT] = 1.0
    found = learnt(posterior, shown())
    assert found.everybody == pytest.approx(np.sqrt(PRIORS.base))
    assert not any(found.by_name.values())
