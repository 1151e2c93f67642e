"""The parts of a policy that other services keep: what the compiler hands out and the ports carry.

They mirror the published contracts field by field, in plain dataclasses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.values import AttributeType, Value


@dataclass(frozen=True, slots=True)
class TraitPart:
    name: str
    type: AttributeType
    allowed: tuple[Value, ...] = ()
    ttl_ms: int | None = None
    immutable: bool = False


@dataclass(frozen=True, slots=True)
class AggregatePart:
    name: str
    event: str
    measure: str
    """COUNT, SUM, LAST, DISTINCT or DECAYED_RATE."""
    property: str = ""
    window_ms: int | None = None
    half_life_ms: int | None = None
    type: AttributeType | None = None


@dataclass(frozen=True, slots=True)
class TraitSchemaPart:
    """For the profile service."""

    traits: tuple[TraitPart, ...]
    aggregates: tuple[AggregatePart, ...]
    namespaces: Mapping[str, bool] = field(default_factory=dict)
    """Whether an identity of the namespace is known, by namespace."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written; line and column from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class AttributePart:
    name: str
    type: AttributeType
    allowed: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class OnUnknown:
    """What an unknown condition means: FAIL, PASS, or DEFAULT with the value unknown attributes are taken to hold."""

    kind: str = "FAIL"
    default: Value = None


@dataclass(frozen=True, slots=True)
class SegmentPart:
    segment_id: str
    when: str
    on_unknown: OnUnknown
    place: Place


@dataclass(frozen=True, slots=True)
class RulePart:
    rule_id: str
    stage: str
    """SUPPRESSION, ELIGIBILITY, APPLICABILITY or SUITABILITY."""
    when: str
    on_unknown: OnUnknown
    place: Place


@dataclass(frozen=True, slots=True)
class NumberPart:
    name: str
    """business_value or context_weight."""
    expression: str
    place: Place


@dataclass(frozen=True, slots=True)
class ScopePart:
    level: str
    """POLICY, ISSUE, GROUP or ACTION."""
    scope_id: str
    parent_id: str
    rules: tuple[RulePart, ...] = ()
    numbers: tuple[NumberPart, ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleSetPart:
    """For the rules service. ACTION scopes are in the order of the catalogue's actions."""

    attributes: tuple[AttributePart, ...]
    segments: tuple[SegmentPart, ...]
    scopes: tuple[ScopePart, ...]


@dataclass(frozen=True, slots=True)
class ScoredActionPart:
    action: str
    group: str
    issue: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeatureSetPart:
    """For the scoring service. Actions are in the order of the catalogue's."""

    features: tuple[AttributePart, ...]
    actions: tuple[ScoredActionPart, ...]
    prior_propensity: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a policy folder. One of severity ERROR refuses the publication."""

    place: Place
    code: str
    message: str
    is_error: bool = True
