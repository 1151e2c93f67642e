"""What a rule set says, before it is compiled: tandem.rules.v1.RuleSet inside. Enum numbers are the contract's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from services.rules.domain.triggers.declaration import Trigger
from services.rules.domain.written import NOWHERE, OnUnknown, SourcePosition
from shared.cel.problems import Severity
from shared.values import AttributeType, Value


class Stage(IntEnum):
    """Where a rule stands, in the order in which stages are checked. Numbers of tandem.common.v1.DropStage."""

    SUPPRESSION = 1
    ELIGIBILITY = 2
    APPLICABILITY = 3
    SUITABILITY = 4


class ScopeLevel(IntEnum):
    POLICY = 1
    ISSUE = 2
    GROUP = 3
    ACTION = 4
    TREATMENT = 5
    CHANNEL = 6
    """Beside the tree: holds for every treatment on the channel of its id."""


class EngineKind(IntEnum):
    """What evaluates the engagement policy; both give the same answers."""

    INDEXED = 1
    DURABLE = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a rule set. One ERROR refuses its publication."""

    position: SourcePosition
    code: str
    message: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class AttributeDeclaration:
    """An attribute that conditions may read; names of the request's context begin with "context."."""

    name: str
    type: AttributeType
    allowed: tuple[Value, ...] = ()
    immutable: bool = False
    """Nothing the business does changes it: no smallest change proposes another value."""


@dataclass(frozen=True, slots=True)
class EventTypeDeclaration:
    """The properties of events of one type, as far as triggers read them."""

    type: str
    properties: Mapping[str, AttributeType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """A named condition. Membership is never unknown: `on_unknown` decides it."""

    segment_id: str
    when: str
    on_unknown: OnUnknown = OnUnknown.FAIL
    default_value: Value = None
    position: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition. A SUPPRESSION rule drops what satisfies it, the others drop what does not."""

    rule_id: str
    stage: Stage
    when: str
    on_unknown: OnUnknown = OnUnknown.FAIL
    default_value: Value = None
    position: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class NumberExpression:
    """A number of every action (business_value, context_weight); the nearest level that declares it wins."""

    name: str
    expression: str
    position: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class Scope:
    """The rules declared at one place of the tree policy -> issue -> group -> action -> treatment, or for a channel.

    `attributes` (ACTION only) are the constants that conditions read as action.<name>.
    """

    level: ScopeLevel
    scope_id: str = ""
    parent_id: str = ""
    rules: tuple[Rule, ...] = ()
    numbers: tuple[NumberExpression, ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    channel: str = ""
    """TREATMENT only."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything the engagement policy of one policy version needs."""

    attributes: tuple[AttributeDeclaration, ...] = ()
    segments: tuple[Segment, ...] = ()
    scopes: tuple[Scope, ...] = ()
    engine: EngineKind = EngineKind.INDEXED
    event_types: tuple[EventTypeDeclaration, ...] = ()
    triggers: tuple[Trigger, ...] = ()

    @property
    def action_count(self) -> int:
        return sum(scope.level is ScopeLevel.ACTION for scope in self.scopes)
