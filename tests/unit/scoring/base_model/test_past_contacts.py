"""How long ago, and how often, a customer was shown an action."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.base_model.columns import Shown, columns_of
from services.scoring.domain.base_model.crosses import bind_cross
from services.scoring.domain.base_model.shown_table import table_of
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.feature_set import (
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.feature_set_check import check_feature_set
from services.scoring.domain.past_contacts import PAST_CONTACTS
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.scoring import ScoreQuery
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, present

ACTIONS = tuple(ActionDeclaration(name, "g", "i", {}) for name in ("sale", "a b", "mug"))
NAMES = st.sampled_from(["sale", "a b", "mug", "other", "a", "b", "sal"])
AGES = st.integers(0, 500 * MS_PER_DAY)
CONTACTS = st.lists(st.tuples(AGES, NAMES), max_size=30)
SINCE = CrossDeclaration("rested", CrossKind.DAYS_SINCE_SHOWN, PAST_CONTACTS, "")
TIMES = CrossDeclaration("often", CrossKind.TIMES_SHOWN, PAST_CONTACTS, "", 7 * MS_PER_DAY)
LISTED = FeatureDeclaration(PAST_CONTACTS, AttributeType.STRING_LIST)
AGE = FeatureDeclaration("age", AttributeType.INT)
FEATURE_SET = FeatureSet((AGE, LISTED), ACTIONS, crosses=(SINCE, TIMES))


def listed(*contacts: tuple[int, str]) -> Feature:
    return present(tuple(f"{age_ms} {action}" for age_ms, action in contacts))


def crossed(cross: CrossDeclaration, feature: Feature) -> list[float | None]:
    """Of each action; None where it is unknown."""
    return [None if math.isnan(each) else each for each in bind_cross(cross, ACTIONS)(feature).tolist()]


@given(CONTACTS, st.integers(0, 500 * MS_PER_DAY))
def test_days_since_shown_are_those_of_the_newest_contact_within_the_window(
    contacts: list[tuple[int, str]], window_ms: int
) -> None:
    cross = CrossDeclaration("c", CrossKind.DAYS_SINCE_SHOWN, PAST_CONTACTS, "", window_ms)
    expected = []
    for action in ACTIONS:
        ages = [age for age, shown in contacts if shown == action.action and (not window_ms or age < window_ms)]
        expected.append(min(ages) / MS_PER_DAY if ages else None)
    assert crossed(cross, listed(*contacts)) == expected


@given(CONTACTS, st.integers(1, 500 * MS_PER_DAY))
def test_times_shown_are_counted_within_the_window(contacts: list[tuple[int, str]], window_ms: int) -> None:
    cross = CrossDeclaration("c", CrossKind.TIMES_SHOWN, PAST_CONTACTS, "", window_ms)
    found = crossed(cross, listed(*contacts))
    assert found == [sum(shown == each.action and age < window_ms for age, shown in contacts) for each in ACTIONS]


@pytest.mark.parametrize("feature", [NOT_FOUND, NULL, present(7), present("1 sale")])
def test_what_is_not_known_of_somebody_is_unknown_of_every_action(feature: Feature) -> None:
    assert crossed(SINCE, feature) == crossed(TIMES, feature) == [None] * 3


def test_elements_of_another_form_are_passed_over() -> None:
    odd = present(("", "sale", "-5 sale", "1.5 sale", "٣ sale", f"{'9' * 30} sale", "86400000 sale"))
    assert crossed(SINCE, odd) == [1.0, None, None]


def test_a_reward_with_the_contacts_of_its_own_action_teaches_the_same() -> None:
    everything = listed((5, "sale"), (MS_PER_DAY, "mug"), (9, "mug"))
    tables = [
        table_of([Shown({PAST_CONTACTS: contacts}, ACTIONS[2], "", "")])
        for contacts in (everything, listed((MS_PER_DAY, "mug"), (9, "mug")))
    ]
    assert [each.contacts.ages_ms.tolist() for each in tables] == [[9, MS_PER_DAY]] * 2
    assert PAST_CONTACTS not in tables[0].features


def test_nothing_but_crosses_reads_the_list() -> None:
    shown = [Shown({"age": present(3), PAST_CONTACTS: listed((1, "sale"))}, ACTIONS[0], "", "")] * 5
    assert PAST_CONTACTS not in columns_of(FEATURE_SET, shown).names
    scorer, plain = BayesianScorer(), BayesianScorer()
    sets = FEATURE_SET, FeatureSet((AGE,), ACTIONS)
    for index, (model, feature_set) in enumerate(zip((scorer, plain), sets, strict=True)):
        features = {"age": present(3)} | ({PAST_CONTACTS: listed((index, "sale"))} if model is scorer else {})
        reward = Reward("k", feature_set.version, "sale", "WEB", "home", features, 1.0, 0)
        model.fold(model.compile(feature_set), LogEntry(1, reward, None))

    def means(model: BayesianScorer, feature_set: FeatureSet, **features: Feature) -> Any:
        names = [action.action for action in ACTIONS]
        query = ScoreQuery(feature_set.version, {"age": present(3), **features}, names, ["WEB"] * 3, ["home"] * 3)
        return model.score(model.compile(feature_set), query).means

    with_list = means(scorer, sets[0], **{PAST_CONTACTS: listed((7, "sale"))})
    assert np.array_equal(with_list, means(plain, sets[1]))


REFUSED = {
    "no window": ({"kind": CrossKind.TIMES_SHOWN}, "crosses[0].window"),
    "an attribute": ({"attribute": "brand"}, "crosses[0].attribute"),
    "another feature": ({"feature": "brands"}, "crosses[0].feature"),
    "another kind": ({"kind": CrossKind.CONTAINS, "attribute": ""}, "crosses[0].feature"),
    "a window elsewhere": (
        {"kind": CrossKind.CONTAINS, "feature": "brands", "attribute": "brand", "window_ms": 5},
        "crosses[0].window",
    ),
}


@pytest.mark.parametrize(("said", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_a_cross_that_makes_no_sense_is_refused(said: dict[str, Any], path: str) -> None:
    cross = CrossDeclaration(
        **{"name": "c", "kind": CrossKind.DAYS_SINCE_SHOWN, "feature": PAST_CONTACTS, "attribute": "", **said}
    )
    features = (LISTED, FeatureDeclaration("brands", AttributeType.STRING_LIST))
    with pytest.raises(InvalidArgument) as refusal:
        check_feature_set(FeatureSet(features, ACTIONS, crosses=(cross,)))
    assert f"feature_set.{path}" in [each.field for each in refusal.value.violations]


def test_the_list_must_be_a_list_and_no_interaction_names_it() -> None:
    check_feature_set(FEATURE_SET)
    wrong = FeatureSet((FeatureDeclaration(PAST_CONTACTS, AttributeType.STRING),), ACTIONS)
    named = FeatureSet((LISTED,), ACTIONS, crosses=(SINCE,), interactions=((PAST_CONTACTS, "rested"),))
    for feature_set in (wrong, named):
        with pytest.raises(InvalidArgument):
            check_feature_set(feature_set)


def test_a_window_is_part_of_what_a_feature_set_is() -> None:
    longer = CrossDeclaration("often", CrossKind.TIMES_SHOWN, PAST_CONTACTS, "", 8 * MS_PER_DAY)
    assert FeatureSet((AGE, LISTED), ACTIONS, crosses=(SINCE, longer)).version != FEATURE_SET.version
