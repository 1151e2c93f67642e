"""Aggregates: what is computed from a person's events. Ready ones are in `ready`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.orchestrator.domain.policy.attribute_types import PROPERTIES, TYPE_SHAPE, Properties, attribute_type
from services.orchestrator.domain.policy.attributes import PREDICTIVE, AttributeDeclaration
from services.orchestrator.domain.policy.conditions import expression
from services.orchestrator.domain.policy.fields import EntryParser, Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.ready import READY
from services.orchestrator.domain.policy.scalars import boolean, duration_ms, integer
from services.orchestrator.domain.policy.shapes import EXPRESSION
from services.orchestrator.domain.policy.words import Reference, attribute_name, choice, identifier, reference, within
from services.orchestrator.domain.policy_parts import AggregatePart, AttributePart, Place
from shared.values import AttributeType

MEASURES: Mapping[str, AttributeType | None] = {
    "COUNT": AttributeType.INT,
    "SUM": AttributeType.DOUBLE,
    "MEAN": AttributeType.DOUBLE,
    "MIN": AttributeType.DOUBLE,
    "MAX": AttributeType.DOUBLE,
    "FIRST": None,
    "LAST": None,
    "DISTINCT": AttributeType.INT,
    "TOP_K": AttributeType.STRING_LIST,
    "DECAYED_RATE": AttributeType.DOUBLE,
    "HOUR_OF_WEEK": AttributeType.INT_LIST,
    "BEST_HOUR": AttributeType.INT,
    "SHARE": AttributeType.DOUBLE,
    "OWNED": AttributeType.STRING_LIST,
    "DAYS_SINCE_LAST": AttributeType.INT,
    "DAYS_SINCE_FIRST": AttributeType.INT,
}
"""The type each one answers; None: the declared one."""
NO_FEATURES = frozenset({"HOUR_OF_WEEK", "OWNED"})
"""A model learns nothing from 168 counts, nor from lists of products: only where the policy insists."""
MAX_K = 100


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition on the properties of an event, where it is written."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class AggregateDeclaration:
    attribute: AttributeDeclaration
    part: AggregatePart
    expressions: tuple[Expression, ...]
    relation: Reference | None


def _ready(node: Node) -> AggregatePart:
    name = identifier(node)
    if name in READY:
        return READY[name]
    raise Refused(node.place, f"there is no ready aggregate {name!r}: {', '.join(READY)}", code="OUT_OF_RANGE")


READY_FIELD = Field("ready", leaf(_ready, {"enum": list(READY)}))
EVENT = Field("event", leaf(identifier))
MEASURE = Field("measure", leaf(choice(MEASURES)))
PROPERTY = Field("property", leaf(identifier))
TYPE = Field("type", leaf(attribute_type, TYPE_SHAPE))
WINDOW = Field("window", leaf(duration_ms))
CALENDAR = Field("calendar", leaf(choice({"HOUR", "DAY", "WEEK", "MONTH", "YEAR"})))
PREVIOUS = Field("previous", leaf(boolean))
HALF_LIFE = Field("half_life", leaf(duration_ms))
K = Field("k", within(integer, 1, MAX_K))
FILTER = Field("filter", leaf(expression, EXPRESSION))
CONDITION = Field("condition", leaf(expression, EXPRESSION))
RETURNED_EVENT = Field("returned_event", leaf(identifier))
RELATION = Field("relation", leaf(reference))
FIELDS = (READY_FIELD, EVENT, MEASURE, PROPERTY, TYPE, WINDOW, CALENDAR, PREVIOUS, HALF_LIFE, K, FILTER, CONDITION)
AGGREGATE_FIELDS = (*FIELDS, PROPERTIES, RETURNED_EVENT, RELATION, PREDICTIVE)

_WINDOWS = frozenset({"window"})
_ANY_WINDOW = frozenset({"window", "calendar", "previous"})
_USES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "COUNT": (frozenset(), _ANY_WINDOW),
    **dict.fromkeys(("SUM", "MEAN", "MIN", "MAX", "DISTINCT"), (frozenset({"property"}), _ANY_WINDOW)),
    **dict.fromkeys(("FIRST", "LAST"), (frozenset({"property", "type"}), _ANY_WINDOW)),
    "TOP_K": (frozenset({"property", "k"}), _ANY_WINDOW),
    "DECAYED_RATE": (frozenset({"half_life"}), _WINDOWS),
    **dict.fromkeys(("HOUR_OF_WEEK", "BEST_HOUR"), (frozenset(), _ANY_WINDOW)),
    "SHARE": (frozenset({"condition"}), _ANY_WINDOW),
    "OWNED": (frozenset({"property"}), frozenset({"returned_event", "relation"})),
    **dict.fromkeys(("DAYS_SINCE_LAST", "DAYS_SINCE_FIRST"), (frozenset(), frozenset())),
}
"""What each measure cannot do without, and what else it may have; the others of these keys it has no use for."""
_SPECIAL = ("property", "type", "window", "calendar", "previous", "half_life", "k", "condition")
SPECIAL_KEYS = (*_SPECIAL, "returned_event", "relation")


def aggregate_reader(types: Mapping[str, Properties]) -> EntryParser[AggregateDeclaration | None]:
    """`types` are those of the properties of events, by event type, as `event_types` declares them."""

    def read(key: ScalarNode, node: Node, findings: Findings) -> AggregateDeclaration | None:
        name = attribute_name(key)
        fields = read_fields(key.place, node, AGGREGATE_FIELDS, findings)
        part = _part(name, fields, types)
        if not _is_complete(part, fields, key.place, findings):
            return None
        expressions = tuple(Expression(*found) for field in (FILTER, CONDITION) if (found := fields.get(field, None)))
        kind = MEASURES[part.measure] or part.type
        if kind is None:
            return None
        is_predictive = fields.get(PREDICTIVE, part.measure not in NO_FEATURES)
        attribute = AttributeDeclaration(AttributePart(name, kind), is_predictive, key.place, part)
        return AggregateDeclaration(attribute, part, expressions, fields.get(RELATION, None))

    return read


def _part(name: str, fields: Fields, types: Mapping[str, Properties]) -> AggregatePart:
    """What is written over what the ready one says."""
    base = fields.get(READY_FIELD, None) or AggregatePart(name, "", "")
    relation, filter_, condition = fields.get(RELATION, None), fields.get(FILTER, None), fields.get(CONDITION, None)
    event = fields.get(EVENT, base.event)
    declared = fields.get(PROPERTIES, None)
    properties = {**dict(base.properties), **types.get(event, {}), **(declared or {})}
    return replace(
        base,
        name=name,
        event=event,
        measure=fields.get(MEASURE, base.measure),
        property=fields.get(PROPERTY, base.property),
        window_ms=fields.get(WINDOW, base.window_ms),
        half_life_ms=fields.get(HALF_LIFE, base.half_life_ms),
        type=fields.get(TYPE, base.type),
        calendar=fields.get(CALENDAR, base.calendar),
        previous=fields.get(PREVIOUS, base.previous),
        k=fields.get(K, base.k),
        filter=filter_[0] if filter_ else base.filter,
        condition=condition[0] if condition else base.condition,
        properties=tuple(properties.items()),
        returned_event=fields.get(RETURNED_EVENT, base.returned_event),
        relation=relation.name if relation else base.relation,
    )


def _is_complete(part: AggregatePart, fields: Fields, place: Place, findings: Findings) -> bool:
    """Whether there is an aggregate to speak of; what else is wrong is reported."""
    for field in (EVENT, MEASURE):
        if not getattr(part, field.name) and not fields.is_written(field) and not fields.is_written(READY_FIELD):
            findings.error(place, "MISSING_KEY", f'the key "{field.name}" is missing')
    if not part.event or not part.measure:
        return False
    measure = part.measure.lower()
    needed, optional = _USES[part.measure]
    lacking = [name for name in SPECIAL_KEYS if name in needed and not _says(part, name) and not _writes(fields, name)]
    for name in lacking:
        findings.error(place, "MISSING_KEY", f'the measure {measure} needs the key "{name}"')
    for each in AGGREGATE_FIELDS:
        if fields.is_written(each) and each.name in SPECIAL_KEYS and each.name not in needed | optional:
            message = f'the measure {measure} has no use for the key "{each.name}"'
            findings.error(fields.place(each), "UNKNOWN_KEY", message)
    _check_window(part, fields, findings)
    return not lacking


def _check_window(part: AggregatePart, fields: Fields, findings: Findings) -> None:
    if fields.is_written(CALENDAR) and fields.is_written(WINDOW):
        findings.error(fields.place(CALENDAR), "OUT_OF_RANGE", "calendar: a window is either rolling or of a calendar")
    if fields.is_written(PREVIOUS) and not part.calendar:
        findings.error(fields.place(PREVIOUS), "OUT_OF_RANGE", "previous: means the unit before that of calendar")


def _says(part: AggregatePart, name: str) -> bool:
    return bool(getattr(part, {"window": "window_ms", "half_life": "half_life_ms"}.get(name, name)))


def _writes(fields: Fields, name: str) -> bool:
    return any(field.name == name and fields.is_written(field) for field in AGGREGATE_FIELDS)
