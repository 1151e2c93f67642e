"""`objectives:` - what models predict: which outcomes count, until when, and from what.

objectives:
  click:
    outcomes: [CLICKED]
    window: 1d
    prior_propensity: 0.02
    prior_value: 40
    features: {exclude: [age], segments: true}
    crosses:
      likes_brand: {contains: [top_brands, action.brand]}
      price_to_usual: {ratio: [action.price, average_order_value]}
      rested: {days_since_shown: {}}
      shown_of_late: {times_shown: {window: 7d}}
    monotone: {days_since_last_visit: decreasing}
    interactions: [[likes_brand, price_to_usual], [age, context.weather]]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import SUCCESSES, Outcome
from services.orchestrator.domain.past_contacts import PAST_CONTACTS
from services.orchestrator.domain.policy.contact_limit import MAX_WINDOW_MS
from services.orchestrator.domain.policy.feedback import (
    CONVERSION_FIELDS,
    ConversionsDeclaration,
    read_conversions,
    window_ms,
)
from services.orchestrator.domain.policy.fields import (
    Field,
    Fields,
    distinct,
    leaf,
    list_of,
    mapping,
    named,
    optional,
    read_fields,
)
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, number, text
from services.orchestrator.domain.policy.shapes import DURATION, NAME_PATTERN, list_shape, named_shape, one_of, record
from services.orchestrator.domain.policy.words import Reference, choice, identifier
from services.orchestrator.domain.policy_parts import Place

MAX_OBJECTIVES = 20
MAX_MONEY = 1e12
MAX_NAME_LENGTH = 32
"""A reward's key ends with it."""
ACTION_PREFIX = "action."
PROPENSITY = "propensity"
"""What `arbitration.objective` says of the one objective there is."""

CONTAINS, EQUALS, RATIO, DIFFERENCE = "CONTAINS", "EQUALS", "RATIO", "DIFFERENCE"
DAYS_SINCE_SHOWN, TIMES_SHOWN = "DAYS_SINCE_SHOWN", "TIMES_SHOWN"
_LEARNT = (
    *SUCCESSES,
    *(Outcome.OPENED, Outcome.DEFERRED, Outcome.DISMISSED, Outcome.REJECTED, Outcome.UNSUBSCRIBED, Outcome.COMPLAINED),
)
"""What somebody does of their own accord once they were shown something."""
_FEATURE = re.compile(rf"(context\.|action\.)?{NAME_PATTERN.strip('^$')}")
_FEATURE_SHAPE = {"type": "string", "pattern": f"^{_FEATURE.pattern}$"}


@dataclass(frozen=True, slots=True)
class CrossDeclaration:
    """A customer's feature against an attribute of the action, which is without its prefix; or past contacts against
    the action itself."""

    name: str
    place: Place
    kind: str
    feature: Reference
    attribute: Reference
    window_ms: int | None = None

    @property
    def is_of_contacts(self) -> bool:
        return self.kind in (DAYS_SINCE_SHOWN, TIMES_SHOWN)

    @property
    def contacts_ms(self) -> int:
        """For how long before a decision past contacts are looked at: as long as the ledger keeps them, where nothing
        is said."""
        return (self.window_ms or MAX_WINDOW_MS) if self.is_of_contacts else 0


@dataclass(frozen=True, slots=True)
class ObjectiveDeclaration:
    """`monotone` maps what is mentioned to 1 or -1; names of action attributes have their prefix."""

    objective: Objective
    place: Place
    prior_propensity: float | None
    """None: as the policy says."""
    prior_value: float
    """0: it learns no amounts."""
    excluded: tuple[Reference, ...]
    reads_segments: bool
    crosses: tuple[CrossDeclaration, ...]
    monotone: Mapping[Reference, int]
    interactions: tuple[tuple[Reference, ...], ...]
    conversions: ConversionsDeclaration | None = None

    @property
    def contacts_ms(self) -> int:
        """For how long before a decision past contacts are looked at; 0: not at all."""
        return max((cross.contacts_ms for cross in self.crosses), default=0)


def feature_name(node: Node) -> Reference:
    """A name with its prefix, if it has one: top_brands, context.weather, action.price."""
    name = text(node)
    if _FEATURE.fullmatch(name):
        return Reference(name, node.place)
    message = f"{name[:80]!r} is no name of a feature such as top_brands, context.weather or action.price"
    raise Refused(node.place, message, code="BAD_IDENTIFIER")


def probability(node: Node) -> float:
    share = number(node)
    if 0 < share < 1:
        return share
    raise Refused(node.place, "must be between 0 and 1, both excluded", code="OUT_OF_RANGE")


def _prior_value(node: Node) -> float:
    amount = number(node)
    if 0 < amount <= MAX_MONEY:
        return amount
    raise Refused(node.place, f"must be greater than 0 and at most {MAX_MONEY:g}", code="OUT_OF_RANGE")


def _outcomes(node: Node, findings: Findings) -> tuple[Outcome, ...]:
    names = _OUTCOME_LIST(node, findings)
    if isinstance(node, ListNode) and not node.items:
        raise Refused(node.place, "must name at least one", code="OUT_OF_RANGE")
    return tuple(sorted({Outcome[name] for name in names}))


_OUTCOME_LIST = list_of(leaf(choice({outcome.name for outcome in _LEARNT})))
PRIOR_PROPENSITY = Field(
    "prior_propensity", leaf(probability, {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})
)
PRIOR_VALUE = Field("prior_value", leaf(_prior_value, {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_MONEY}))
EXCLUDE = Field("exclude", list_of(leaf(feature_name, _FEATURE_SHAPE)))
SEGMENTS = Field("segments", leaf(boolean))
_SELECTION = (EXCLUDE, SEGMENTS)


def _selection(node: Node, findings: Findings) -> Fields:
    return read_fields(node.place, node, _SELECTION, findings)


def _operands(node: Node, findings: Findings) -> tuple[Reference, Reference] | None:
    """A customer's feature and an action's attribute, as they are written; None where one cannot be read."""
    names = list_of(leaf(feature_name, _FEATURE_SHAPE))(node, findings)
    if isinstance(node, ListNode) and len(names) < len(node.items):
        return None
    if len(names) != 2 or sum(name.name.startswith(ACTION_PREFIX) for name in names) != 1:
        raise Refused(node.place, "must be a list of a feature and an action.<attribute>", code="OUT_OF_RANGE")
    return names[0], names[1]


_OPERANDS_SHAPE = {**list_shape(_FEATURE_SHAPE), "minItems": 2, "maxItems": 2}
_REACH = Field("window", leaf(window_ms, DURATION))
_NEEDED_REACH = Field("window", leaf(window_ms, DURATION), required=True)


def _reach(node: Node, findings: Findings) -> int | None:
    return read_fields(node.place, node, (_REACH,), findings).get(_REACH, None)


def _needed_reach(node: Node, findings: Findings) -> int | None:
    return read_fields(node.place, node, (_NEEDED_REACH,), findings).get(_NEEDED_REACH, None)


OF_ATTRIBUTES = {
    kind: Field(kind.lower(), _operands, shape=_OPERANDS_SHAPE) for kind in (CONTAINS, EQUALS, RATIO, DIFFERENCE)
}
OF_CONTACTS = {
    DAYS_SINCE_SHOWN: Field(DAYS_SINCE_SHOWN.lower(), _reach, shape=record((_REACH,))),
    TIMES_SHOWN: Field(TIMES_SHOWN.lower(), _needed_reach, shape=record((_NEEDED_REACH,))),
}
KINDS: Mapping[str, Field[Any]] = {**OF_ATTRIBUTES, **OF_CONTACTS}
_CROSS_FIELDS: tuple[Field[Any], ...] = tuple(KINDS.values())


def _crosses(node: Node, findings: Findings) -> tuple[CrossDeclaration, ...]:
    return named("cross", mapping(node).entries, _cross, findings, {})


def _cross(key: ScalarNode, node: Node, findings: Findings) -> CrossDeclaration | None:
    name = identifier(key)
    fields = read_fields(key.place, node, _CROSS_FIELDS, findings)
    written = [kind for kind, field in KINDS.items() if fields.is_written(field)]
    if len(written) != 1:
        raise Refused(key.place, f"must be one of {', '.join(each.name for each in _CROSS_FIELDS)}", code="MISSING_KEY")
    (kind,) = written
    if kind in OF_CONTACTS:
        feature, nothing = Reference(PAST_CONTACTS, key.place), Reference("", key.place)
        return CrossDeclaration(name, key.place, kind, feature, nothing, fields.get(OF_CONTACTS[kind], None))
    operands = fields.get(OF_ATTRIBUTES[kind], None)
    return None if operands is None else _of_kind(name, key.place, kind, *operands)


def _of_kind(name: str, place: Place, kind: str, first: Reference, second: Reference) -> CrossDeclaration:
    """In the order in which it is said: the list contains the attribute, the attribute is divided by the feature."""
    action_is_first = first.name.startswith(ACTION_PREFIX)
    if kind != EQUALS and action_is_first is (kind == CONTAINS):
        order = "[feature, action.<attribute>]" if kind == CONTAINS else "[action.<attribute>, feature]"
        raise Refused(first.place, f"{kind.lower()}: is written {order}", code="OUT_OF_RANGE")
    attribute, feature = (first, second) if action_is_first else (second, first)
    bare = Reference(attribute.name.removeprefix(ACTION_PREFIX), attribute.place)
    return CrossDeclaration(name, place, kind, feature, bare)


_direction = choice({"INCREASING", "DECREASING"})


def _monotone(node: Node, findings: Findings) -> Mapping[Reference, int]:
    read: dict[Reference, int] = {}
    for key, child in distinct(mapping(node), findings):
        name = optional(leaf(feature_name), key, findings)
        direction = optional(leaf(_direction), child, findings)
        if name is not None and direction is not None:
            read[name] = 1 if direction == "INCREASING" else -1
    return read


OUTCOMES = Field(
    "outcomes", _outcomes, required=True, shape={**list_shape(one_of(each.name for each in _LEARNT)), "minItems": 1}
)
WINDOW = Field("window", leaf(window_ms, DURATION))
FEATURES = Field("features", _selection, shape=record(_SELECTION))
CROSSES = Field("crosses", _crosses, shape=named_shape(record(_CROSS_FIELDS)))
MONOTONE = Field(
    "monotone",
    _monotone,
    shape=named_shape(one_of({"INCREASING", "DECREASING"}), {"pattern": _FEATURE_SHAPE["pattern"]}),
)
INTERACTIONS = Field("interactions", list_of(list_of(leaf(feature_name, _FEATURE_SHAPE))))
CONVERSIONS = Field("conversions", read_conversions, shape=record(CONVERSION_FIELDS))
OBJECTIVE_FIELDS: tuple[Field[Any], ...] = (
    *(OUTCOMES, WINDOW, PRIOR_PROPENSITY, PRIOR_VALUE, FEATURES, CROSSES, MONOTONE, INTERACTIONS, CONVERSIONS),
)


def read_objective(key: ScalarNode, node: Node, findings: Findings) -> ObjectiveDeclaration:
    name = identifier(key)
    if name == PROPENSITY or len(name) > MAX_NAME_LENGTH:
        message = f'an objective has at most {MAX_NAME_LENGTH} characters and is not called "{PROPENSITY}"'
        raise Refused(key.place, message, code="BAD_IDENTIFIER")
    fields = read_fields(key.place, node, OBJECTIVE_FIELDS, findings)
    selection = fields.get(FEATURES, Fields({}, {}))
    conversions = fields.get(CONVERSIONS, None)
    outcomes, window = fields.get(OUTCOMES, ()), fields.get(WINDOW, None)
    return ObjectiveDeclaration(
        Objective(name, outcomes, window, conversions=None if conversions is None else conversions.match),
        key.place,
        fields.get(PRIOR_PROPENSITY, None),
        fields.get(PRIOR_VALUE, 0.0),
        excluded=selection.get(EXCLUDE, ()),
        reads_segments=selection.get(SEGMENTS, False),
        crosses=fields.get(CROSSES, ()),
        monotone=fields.get(MONOTONE, {}),
        interactions=fields.get(INTERACTIONS, ()),
        conversions=conversions,
    )
