"""What the model may look at: the declared features of a customer and the actions with their kin. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

from shared.ids import content_id
from shared.values import AttributeType, Value

DEFAULT_PRIOR_PROPENSITY = 0.05
DEFAULT_OBJECTIVE = "success"
MAX_NAME_LENGTH = 128


@dataclass(frozen=True, slots=True)
class FeatureDeclaration:
    """A feature of the customer or of the moment, by the name it has in the decision's view."""

    name: str
    type: AttributeType


@dataclass(frozen=True, slots=True)
class ActionDeclaration:
    """An action, the family it learns from, and what it is like."""

    action: str
    group: str
    issue: str
    attributes: Mapping[str, Value]


class CrossKind(IntEnum):
    """What a customer is to an action. Numbers are those of CrossDeclaration.Kind."""

    CONTAINS = 1
    EQUALS = 2
    RATIO = 3
    DIFFERENCE = 4


@dataclass(frozen=True, slots=True)
class CrossDeclaration:
    """A feature of the pair: a customer's feature against an attribute of the action."""

    name: str
    kind: CrossKind
    feature: str
    attribute: str


@dataclass(frozen=True)
class FeatureSet:
    """The features and actions of one policy for one objective, and the share of positive outcomes expected before
    anything is learnt.

    `monotone` maps a number's name to 1 or -1; `interactions` are the names that one tree may combine, none: all. Names
    are of features, crosses, `action.<attribute>`, and for interactions also `action`, `group`, `issue`, `channel`,
    `placement`. Both are of the base model.
    """

    features: tuple[FeatureDeclaration, ...]
    actions: tuple[ActionDeclaration, ...]
    prior_propensity: float = DEFAULT_PRIOR_PROPENSITY
    objective: str = DEFAULT_OBJECTIVE
    crosses: tuple[CrossDeclaration, ...] = ()
    monotone: Mapping[str, int] = field(default_factory=dict)
    interactions: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def version(self) -> str:
        """The address of the content; the order of features and actions does not matter."""
        content: dict[str, Any] = {
            "features": sorted((feature.name, int(feature.type)) for feature in self.features),
            "actions": sorted(
                ((each.action, each.group, each.issue, dict(each.attributes)) for each in self.actions),
                key=lambda each: each[:3],
            ),
            "prior_propensity": self.prior_propensity,
        }
        # What is not said is not hashed: sets that were published before there was such a thing keep their address.
        if self.objective != DEFAULT_OBJECTIVE:
            content["objective"] = self.objective
        if self.crosses:
            content["crosses"] = sorted((e.name, int(e.kind), e.feature, e.attribute) for e in self.crosses)
        if self.monotone:
            content["monotone"] = sorted(self.monotone.items())
        if self.interactions:
            content["interactions"] = sorted(sorted(names) for names in self.interactions)
        return content_id("features", content)
