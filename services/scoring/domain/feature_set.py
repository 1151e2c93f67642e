"""What the model may look at: the declared features of a customer and the actions with their kin. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from shared.ids import content_id
from shared.values import AttributeType, Value

DEFAULT_PRIOR_PROPENSITY = 0.05
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


@dataclass(frozen=True)
class FeatureSet:
    """The features and actions of one policy, and the share of positive outcomes expected before anything is learnt."""

    features: tuple[FeatureDeclaration, ...]
    actions: tuple[ActionDeclaration, ...]
    prior_propensity: float = DEFAULT_PRIOR_PROPENSITY

    @cached_property
    def version(self) -> str:
        """The address of the content; the order of features and actions does not matter."""
        return content_id(
            "features",
            {
                "features": sorted((feature.name, int(feature.type)) for feature in self.features),
                "actions": sorted(
                    ((each.action, each.group, each.issue, dict(each.attributes)) for each in self.actions),
                    key=lambda each: each[:3],
                ),
                "prior_propensity": self.prior_propensity,
            },
        )
