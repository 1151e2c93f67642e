"""Feature sets: addressed by content, refused with the path of every mistake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.scoring.domain.feature_set import (
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.feature_set_check import MAX_ACTIONS, MAX_CROSSES, MAX_FEATURES, check_feature_set
from shared.errors import InvalidArgument
from shared.values import AttributeType
from tests.support.scoring import ACTIONS, FEATURE_SET, FEATURES


def test_version_is_of_the_content_and_not_of_its_order() -> None:
    shuffled = FeatureSet(FEATURES[::-1], ACTIONS[::-1], 0.1)
    assert shuffled.version == FEATURE_SET.version


@pytest.mark.parametrize(
    "changed",
    [
        replace(FEATURE_SET, prior_propensity=0.2),
        replace(FEATURE_SET, features=FEATURES[1:]),
        replace(FEATURE_SET, actions=ACTIONS[1:]),
        replace(FEATURE_SET, actions=(replace(ACTIONS[0], attributes={}), *ACTIONS[1:])),
    ],
)
def test_another_content_has_another_version(changed: FeatureSet) -> None:
    assert changed.version != FEATURE_SET.version


def test_valid_and_empty_feature_sets_pass() -> None:
    check_feature_set(FEATURE_SET)
    check_feature_set(FeatureSet((), ()))
    check_feature_set(crossing(cross("x"), monotone={"age": 1, "x": -1}, interactions=(("age", "x"), ("channel",))))


def feature(name: str) -> FeatureDeclaration:
    return FeatureDeclaration(name, AttributeType.INT)


def action(name: str = "a", **changed: Any) -> ActionDeclaration:
    return replace(ActionDeclaration(name, "g", "i", {}), **changed)


def cross(
    name: str, kind: CrossKind = CrossKind.EQUALS, feature: str = "age", attribute: str = "brand"
) -> CrossDeclaration:
    return CrossDeclaration(name, kind, feature, attribute)


def crossing(*crosses: CrossDeclaration, **changed: Any) -> FeatureSet:
    features = (feature("age"), FeatureDeclaration("tags", AttributeType.STRING_LIST))
    return FeatureSet(features, (), crosses=crosses, **changed)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (FeatureSet((), (), 0.0), "feature_set.prior_propensity"),
        (FeatureSet((), (), 1.0), "feature_set.prior_propensity"),
        (FeatureSet((), (), float("nan")), "feature_set.prior_propensity"),
        (FeatureSet((feature("Age"),), ()), "feature_set.features[0].name"),
        (FeatureSet((feature("a"), feature("a")), ()), "feature_set.features[1].name"),
        (FeatureSet(tuple(feature(f"f{i}") for i in range(MAX_FEATURES + 1)), ()), "feature_set.features"),
        (FeatureSet((), (action(""),)), "feature_set.actions[0].action"),
        (FeatureSet((), (action("a"), action("a"))), "feature_set.actions[1].action"),
        (FeatureSet((), (action(group="x" * 129),)), "feature_set.actions[0].group"),
        (FeatureSet((), (action(issue="a\nb"),)), "feature_set.actions[0].issue"),
        (FeatureSet((), (action(attributes={"Brand": 1}),)), 'feature_set.actions[0].attributes["Brand"]'),
        (FeatureSet((), (action(attributes={"tags": ("x",) * 65}),)), 'feature_set.actions[0].attributes["tags"]'),
        (FeatureSet((), (action(attributes={f"a{i}": 1 for i in range(33)}),)), "feature_set.actions[0].attributes"),
        (FeatureSet((), tuple(action(f"a{i}") for i in range(MAX_ACTIONS + 1))), "feature_set.actions"),
        (FeatureSet((), (), objective="Click!"), "feature_set.objective"),
        (crossing(cross("x"), cross("x")), "feature_set.crosses[1].name"),
        (crossing(cross("age")), "feature_set.crosses[0].name"),
        (crossing(cross("channel")), "feature_set.crosses[0].name"),
        (crossing(cross("x", feature="agee")), "feature_set.crosses[0].feature"),
        (crossing(cross("x", CrossKind.CONTAINS)), "feature_set.crosses[0].feature"),
        (crossing(cross("x", CrossKind.RATIO, "tags")), "feature_set.crosses[0].feature"),
        (crossing(cross("x", attribute="Brand")), "feature_set.crosses[0].attribute"),
        (crossing(*(cross(f"x{i}") for i in range(MAX_CROSSES + 1))), "feature_set.crosses"),
        (crossing(monotone={"agee": 1}), 'feature_set.monotone["agee"]'),
        (crossing(monotone={"tags": 1}), 'feature_set.monotone["tags"]'),
        (crossing(monotone={"age": 2}), 'feature_set.monotone["age"]'),
        (crossing(interactions=(("age", "group"), ("age", "grope"))), "feature_set.interactions[1]"),
    ],
)
def test_mistake_is_named_by_its_path(wrong: FeatureSet, path: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_feature_set(wrong)
    assert [violation.field for violation in caught.value.violations] == [path]


def test_all_mistakes_are_named_at_once_up_to_a_hundred() -> None:
    wrong = FeatureSet(tuple(feature(f"F{index}") for index in range(200)), (), 2.0)
    with pytest.raises(InvalidArgument) as caught:
        check_feature_set(wrong)
    assert len(caught.value.violations) == 100
    assert "and 200 more" in caught.value.message
