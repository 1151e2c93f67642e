"""The parts of a policy that other services keep: what the compiler hands out and the ports carry.

They mirror the published contracts field by field, in plain dataclasses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.values import AttributeType, Value


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written; line and column from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class TraitPart:
    name: str
    type: AttributeType
    allowed: tuple[Value, ...] = ()
    ttl_ms: int | None = None
    immutable: bool = False
    precedence: tuple[str, ...] = ()
    """Whose word counts first: EXPLICIT, IMPLICIT, COMPUTED, SECOND_PARTY, THIRD_PARTY."""
    retention_ms: int | None = None
    purposes: tuple[str, ...] = ()
    """Writing it needs a basis for each of them."""
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class AggregatePart:
    name: str
    event: str
    measure: str
    """COUNT, SUM, ...: the measures of the profile service."""
    property: str = ""
    window_ms: int | None = None
    """Rolling."""
    half_life_ms: int | None = None
    type: AttributeType | None = None
    """Of FIRST and LAST; the other measures have theirs."""
    calendar: str = ""
    """HOUR, DAY, WEEK, MONTH or YEAR of the person's time zone: the running one."""
    previous: bool = False
    """The complete calendar unit before the running one."""
    k: int = 0
    filter: str = ""
    """In CEL over event.<property>."""
    condition: str = ""
    """In CEL, of SHARE."""
    properties: tuple[tuple[str, AttributeType], ...] = ()
    """The types of the properties that `filter` and `condition` may read."""
    returned_event: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class RelationPart:
    """Pairs of a thing of the catalogue and one that it implies."""

    name: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ContactLimitPart:
    """At most `max` contacts of a person within a window; each list narrows what it is about, an empty one does not."""

    limit_id: str
    max: int
    window_ms: int | None = None
    """Rolling; None for a calendar unit."""
    calendar: str = ""
    """HOUR, DAY, WEEK, MONTH or YEAR of the person's time zone; "" for a rolling window."""
    counts: str = "RESERVED"
    """RESERVED, ATTEMPTED, DELIVERED or IMPRESSION."""
    channels: tuple[str, ...] = ()
    direction: str = ""
    """INBOUND or OUTBOUND; "" for both."""
    message_class: str = "MARKETING"
    """"*" for every class."""
    issues: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    scope: str = ""
    """What it counts apart: CHANNEL, ISSUE, GROUP, ACTION or CAMPAIGN; "" for all together."""
    outcomes: tuple[str, ...] = ()
    """Of a suppression rule: IGNORED, REJECTED, ...; it counts contacts that came to one of them."""
    pause_ms: int | None = None
    """How long the `max`-th outcome within the window refuses; None: while the window holds as many."""
    aggregate: str = ""
    """Of a cool-down: what counts the events that bring it about, within the window. The profile service has that
    aggregate, and knows nothing of the limit."""
    event: str = ""


@dataclass(frozen=True, slots=True)
class NamespacePart:
    """A namespace of identities."""

    name: str
    known: bool
    normalisation: str = ""
    """TRIMMED, LOWER_CASE, EMAIL, E164 or SHA256; empty: as usual for the name."""
    shared: bool = False
    max_per_profile: int = 0
    """0: as many as a profile may hold in all."""
    default_region: str = ""
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PurposePart:
    """What the law asks before data may be used."""

    name: str
    basis: str
    """CONSENT, CONTRACT or LEGITIMATE_INTEREST."""
    double_opt_in: bool = False


@dataclass(frozen=True, slots=True)
class EventTypePart:
    type: str
    retention_ms: int | None = None
    purposes: tuple[str, ...] = ()
    """Recording it needs a basis for each of them."""


@dataclass(frozen=True, slots=True)
class TraitSchemaPart:
    """For the profile service."""

    traits: tuple[TraitPart, ...]
    aggregates: tuple[AggregatePart, ...]
    namespaces: tuple[NamespacePart, ...] = ()
    purposes: tuple[PurposePart, ...] = ()
    event_types: tuple[EventTypePart, ...] = ()
    relations: tuple[RelationPart, ...] = ()
    contact_limits: tuple[ContactLimitPart, ...] = ()
    time_zone_trait: str = ""
    """The trait that holds a person's time zone; "" for none."""
    default_time_zone: str = ""
    """Of persons whose time zone is not known; "" for UTC."""


@dataclass(frozen=True, slots=True)
class AttributePart:
    name: str
    type: AttributeType
    allowed: tuple[Value, ...] = ()
    immutable: bool = False
    """Nothing the business does changes it."""


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
    """POLICY, ISSUE, GROUP, ACTION, TREATMENT or CHANNEL."""
    scope_id: str
    parent_id: str
    rules: tuple[RulePart, ...] = ()
    numbers: tuple[NumberPart, ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    channel: str = ""
    """TREATMENT only."""


@dataclass(frozen=True, slots=True)
class ObservedTypePart:
    """The properties of events of one type, as far as triggers read them."""

    type: str
    properties: Mapping[str, AttributeType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventMatchPart:
    event_type: str
    where: str
    """In CEL over event.<property> and the person's attributes; "" for every event of the type."""
    place: Place
    """Of the condition's first character; of the type where there is no condition."""
    by_anyone: bool = False
    join_property: str = ""


@dataclass(frozen=True, slots=True)
class PatternPart:
    kind: str
    """ANY, ALL, SEQUENCE, COUNT or SUM."""
    matches: tuple[EventMatchPart, ...]
    within_ms: int = 0
    at_least: float = 0
    sum_of: str = ""
    join: str = ""
    absent: EventMatchPart | None = None
    absent_ms: int = 0
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class SchedulePart:
    daily_at: str
    """HH:MM."""
    weekdays: tuple[int, ...] = ()
    """1, Monday, to 7; none: every day."""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class EmitPart:
    name: str
    payload: Mapping[str, str]
    """In CEL, by key."""
    place: Place
    payload_places: Mapping[str, Place]
    """Of each value's first character."""


@dataclass(frozen=True, slots=True)
class SetTraitPart:
    trait: str
    value: str
    """In CEL."""
    place: Place
    """Of the value's first character."""


@dataclass(frozen=True, slots=True)
class TriggerPart:
    trigger_id: str
    when: PatternPart | SchedulePart
    effects: tuple[EmitPart | SetTraitPart, ...]
    place: Place
    """Of the condition's first character; of the id where there is no condition."""
    condition: str = ""
    on_unknown: OnUnknown = OnUnknown()
    cooldown_ms: int = 0


@dataclass(frozen=True, slots=True)
class RuleSetPart:
    """For the rules service. ACTION scopes are in the order of the catalogue's actions."""

    attributes: tuple[AttributePart, ...]
    segments: tuple[SegmentPart, ...]
    scopes: tuple[ScopePart, ...]
    engine: str = "INDEXED"
    """INDEXED or DURABLE."""
    event_types: tuple[ObservedTypePart, ...] = ()
    triggers: tuple[TriggerPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredActionPart:
    action: str
    group: str
    issue: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CrossPart:
    """A customer's feature against an attribute of the action."""

    name: str
    kind: str
    """CONTAINS, EQUALS, RATIO, DIFFERENCE, DAYS_SINCE_SHOWN or TIMES_SHOWN."""
    feature: str
    attribute: str
    """Empty for the last two."""
    window_ms: int = 0
    """Of the last two: what is older is passed over; 0: nothing is."""


USUAL_OBJECTIVE = "success"
"""What the scoring service calls the objective of a policy that declares none."""


@dataclass(frozen=True, slots=True)
class FeatureSetPart:
    """For the scoring service, of one objective. Actions are in the order of the catalogue's."""

    features: tuple[AttributePart, ...]
    actions: tuple[ScoredActionPart, ...]
    prior_propensity: float
    objective: str = USUAL_OBJECTIVE
    crosses: tuple[CrossPart, ...] = ()
    monotone: Mapping[str, int] = field(default_factory=dict)
    """1 where the propensity may only grow with the number of that name, -1 where it may only fall."""
    interactions: tuple[tuple[str, ...], ...] = ()
    """Names that one tree may combine; none: all."""
    prior_value: float = 0.0
    """What a success is expected to be worth; 0: the objective learns no amounts."""
    window_ms: int | None = None
    """For how long after a decision an outcome counts; None: for ever."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a policy folder. One of severity ERROR refuses the publication."""

    place: Place
    code: str
    message: str
    is_error: bool = True
