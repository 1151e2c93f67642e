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
    DAYS_SINCE_SHOWN = 5
    TIMES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class CrossDeclaration:
    """A feature of the pair: a customer's feature against an attribute of the action, or past contacts against the
    action itself, within a window (0: whenever)."""

    name: str
    kind: CrossKind
    feature: str
    attribute: str
    window_ms: int = 0

    @property
    def parts(self) -> tuple[str | int, ...]:
        """As it is kept: what is not said is left out."""
        parts = (self.name, int(self.kind), self.feature, self.attribute)
        return (*parts, self.window_ms) if self.window_ms else parts


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
    prior_value: float = 0.0
    """What a success is expected to be worth; 0: the objective learns no amounts."""
    outcome_window_ms: int = 0
    """For how long after a presentation something may come of it; 0: nobody says."""

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
            content["crosses"] = sorted(cross.parts for cross in self.crosses)
        if self.monotone:
            content["monotone"] = sorted(self.monotone.items())
        if self.interactions:
            content["interactions"] = sorted(sorted(names) for names in self.interactions)
        if self.prior_value:
            content["prior_value"] = self.prior_value
        if self.outcome_window_ms:
            content["outcome_window_ms"] = self.outcome_window_ms
        return content_id("features", content)
