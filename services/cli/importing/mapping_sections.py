"""The parts of a mapping file: columns, values, times, and the items that are made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

from tandem.profile.v1.consent_pb2 import ConsentStatus, LegalBasis
from tandem.profile.v1.trait_pb2 import TraitSource

from services.cli.importing.mapping import (
    Column,
    Columns,
    Condition,
    ConsentMapping,
    EventMapping,
    IdentityMapping,
    TimeMapping,
    TraitMapping,
    ValueMapping,
    WordMapping,
)
from services.orchestrator.domain.policy.fields import Field, distinct, leaf, list_of, mapping, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, MapNode, Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, moment, scalar, text, value
from services.orchestrator.domain.policy.words import choice, identifier
from shared.clock import to_ms
from shared.time_zones import zone as time_zone
from shared.values import ATTRIBUTE_TYPES, AttributeType, Scalar

T = TypeVar("T")

UNITS_MS: Mapping[str, float] = {
    "ns": 1e-6,
    "us": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "m": 6e4,
    "h": 3.6e6,
    "d": 8.64e7,
}
_STATUSES = frozenset(name.removeprefix("CONSENT_STATUS_") for name in ConsentStatus.keys()) - {"UNSPECIFIED"}  # noqa: SIM118
_BASES = frozenset(name.removeprefix("LEGAL_BASIS_") for name in LegalBasis.keys()) - {"UNSPECIFIED"}  # noqa: SIM118
_SOURCES = frozenset(name.removeprefix("TRAIT_SOURCE_") for name in TraitSource.keys()) - {"UNSPECIFIED"}  # noqa: SIM118
CONSENT_TEXTS = ("jurisdiction", "collection_point", "policy_version", "proof")
_PROPERTY_NAME_LENGTH = 128
_DIRECTIVE = re.compile(r"%.")


@dataclass(frozen=True, slots=True)
class Reading:
    """One mapping file being read; `note` is told of every column that it names."""

    note: Callable[[Column], None]

    def parser(self, read: Callable[[Reading, Node, Findings], T]) -> Callable[[Node, Findings], T]:
        return lambda node, findings: read(self, node, findings)

    def columns(self, node: Node, _: Findings | None = None) -> Columns:
        """A column, or several of which the first that holds something counts."""
        items = node.items if isinstance(node, ListNode) else (node,)
        if not items:
            raise Refused(node.place, "must name a column")
        found = tuple(Column(text(item), item.place) for item in items)
        for column in found:
            self.note(column)
        return found


def read_identity(reading: Reading, key: ScalarNode, node: Node, findings: Findings) -> IdentityMapping:
    """`crm: customer_id`, or `crm: {column: customer_id, primary: true}`."""
    namespace = identifier(key)
    if not isinstance(node, MapNode):
        return IdentityMapping(namespace, reading.columns(node))
    column = Field("column", reading.columns, required=True)
    primary = Field("primary", leaf(boolean))
    fields = read_fields(key.place, node, (column, primary), findings)
    return IdentityMapping(namespace, fields.get(column, ()), fields.get(primary, False))


def read_event(reading: Reading, node: Node, findings: Findings) -> EventMapping:
    kind = Field("type", reading.parser(_word_of(identifier)), required=True)
    time = Field("time", reading.parser(read_time), required=True)
    event_id = Field("id", reading.columns)
    properties = Field("properties", reading.parser(_properties))
    when = Field("when", reading.parser(_condition))
    fields = read_fields(node.place, node, (kind, time, event_id, properties, when), findings)
    return EventMapping(
        fields.get(kind, WordMapping()),
        fields.get(time, TimeMapping(UTC)),
        fields.get(event_id, ()),
        fields.get(properties, {}),
        fields.get(when, None),
    )


def read_trait(reading: Reading, key: ScalarNode, node: Node, findings: Findings) -> TraitMapping:
    source = Field("source", leaf(choice(_SOURCES)))
    found, fields = _value(reading, node, findings, key, (source,))
    return TraitMapping(identifier(key), found, fields.get(source, "EXPLICIT"))


def read_consent(reading: Reading, node: Node, findings: Findings) -> ConsentMapping:
    purpose = Field("purpose", reading.parser(_word_of(identifier)), required=True)
    channel = Field("channel", reading.parser(_word_of(identifier)))
    status = Field("status", reading.parser(_word_of(choice(_STATUSES))), required=True)
    time = Field("time", reading.parser(read_time), required=True)
    expire_time = Field("expire_time", reading.parser(read_time))
    identity = Field("identity", leaf(identifier))
    basis = Field("legal_basis", leaf(choice(_BASES)))
    when = Field("when", reading.parser(_condition))
    texts = {name: Field(name, reading.parser(_word_of(text))) for name in CONSENT_TEXTS}
    table: tuple[Field[Any], ...] = (
        *(purpose, channel, status, time, expire_time, identity, basis, when),
        *texts.values(),
    )
    fields = read_fields(node.place, node, table, findings)
    return ConsentMapping(
        purpose=fields.get(purpose, WordMapping()),
        channel=fields.get(channel, WordMapping()),
        status=fields.get(status, WordMapping()),
        time=fields.get(time, TimeMapping(UTC)),
        namespace=fields.get(identity, ""),
        legal_basis=fields.get(basis, ""),
        texts={name: fields.get(field, WordMapping()) for name, field in texts.items() if fields.is_written(field)},
        expire_time=fields.get(expire_time, None),
        when=fields.get(when, None),
    )


def read_time(reading: Reading, node: Node, findings: Findings) -> TimeMapping:
    """A moment, which begins with a digit; a column; or a mapping of `column` and `format`, `unit`, `since`, `zone`."""
    if isinstance(node, ScalarNode) and node.text[:1].isdigit():
        return TimeMapping(UTC, constant_ms=to_ms(moment(node)))
    if not isinstance(node, MapNode):
        return TimeMapping(UTC, columns=reading.columns(node))
    column = Field("column", reading.columns, required=True)
    form = Field("format", leaf(_time_format))
    unit = Field("unit", leaf(_unit))
    since = Field("since", leaf(moment))
    zone = Field("zone", leaf(_zone))
    fields = read_fields(node.place, node, (column, form, unit, since, zone), findings)
    if fields.is_written(form) and fields.is_written(unit):
        raise Refused(fields.place(unit), "a time has a format or a unit, not both", code="OUT_OF_RANGE")
    if fields.is_written(since) and not fields.is_written(unit):
        raise Refused(fields.place(since), "needs a unit: what is counted since then", code="OUT_OF_RANGE")
    since_time = fields.get(since, None)
    return TimeMapping(
        zone=fields.get(zone, UTC),
        columns=fields.get(column, ()),
        format=fields.get(form, ""),
        unit_ms=fields.get(unit, 0.0),
        since_ms=0 if since_time is None else to_ms(since_time),
    )


def _properties(reading: Reading, node: Node, findings: Findings) -> Mapping[str, ValueMapping]:
    read: dict[str, ValueMapping] = {}
    for key, child in distinct(mapping(node), findings):
        if not 0 < len(key.text) <= _PROPERTY_NAME_LENGTH:
            raise Refused(key.place, f"must have 1 to {_PROPERTY_NAME_LENGTH} characters", code="OUT_OF_RANGE")
        read[key.text] = _value(reading, child, findings, key, ())[0]
    return read


def _value(
    reading: Reading, node: Node, findings: Findings, owner: ScalarNode, more: tuple[Field[Any], ...]
) -> tuple[ValueMapping, Any]:
    column = Field("column", reading.columns, required=True)
    kind = Field("type", leaf(_type), required=True)
    values = Field("values", _constants)
    separator = Field("separator", lambda each, _: scalar(each).text)
    fields = read_fields(owner.place, node, (column, kind, values, separator, *more), findings)
    found = ValueMapping(
        fields.get(column, ()),
        fields.get(kind, AttributeType.STRING),
        fields.get(values, None),
        fields.get(separator, ""),
    )
    return found, fields


def _condition(reading: Reading, node: Node, findings: Findings) -> Condition:
    column = Field("column", reading.columns, required=True)
    texts: Field[tuple[str, ...]] = Field("in", list_of(leaf(lambda item: scalar(item).text)), required=True)
    fields = read_fields(node.place, node, (column, texts), findings)
    named: tuple[str, ...] = fields.get(texts, ())
    return Condition(fields.get(column, ()), frozenset(named))


def _word_of(parse: Callable[[Node], str]) -> Callable[[Reading, Node, Findings], WordMapping]:
    """A constant that `parse` accepts; or `column`, and `values` that say what its texts stand for."""

    def read(reading: Reading, node: Node, findings: Findings) -> WordMapping:
        if isinstance(node, ScalarNode):
            return WordMapping(parse(node))
        column = Field("column", reading.columns, required=True)
        values = Field("values", lambda each, inner: {k.text: parse(v) for k, v in distinct(mapping(each), inner)})
        fields = read_fields(node.place, node, (column, values), findings)
        return WordMapping("", fields.get(column, ()), fields.get(values, None))

    return read


def _constants(node: Node, findings: Findings) -> dict[str, Scalar]:
    read = {}
    for key, child in distinct(mapping(node), findings):
        meant = value(child)
        if meant is None:
            raise Refused(child.place, "must be a value; texts that say that there is none belong under null_values")
        read[key.text] = meant
    return read


def _type(node: Node) -> AttributeType:
    name = scalar(node).text
    if name in ATTRIBUTE_TYPES:
        return ATTRIBUTE_TYPES[name]
    raise Refused(node.place, f"must be one of {', '.join(ATTRIBUTE_TYPES)}", code="OUT_OF_RANGE")


def _unit(node: Node) -> float:
    name = scalar(node).text
    if name in UNITS_MS:
        return UNITS_MS[name]
    raise Refused(node.place, f"must be one of {', '.join(UNITS_MS)}", code="OUT_OF_RANGE")


def _time_format(node: Node) -> str:
    form = scalar(node).text
    sample = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    try:
        datetime.strptime(sample.strftime(form), form)  # noqa: DTZ007 - only whether it can be read
    except ValueError as error:
        raise Refused(node.place, f"is no time format: {error}", code="OUT_OF_RANGE") from None
    if "%Y" not in form and "%y" not in form and not {"%c", "%x", "%G"} & set(_DIRECTIVE.findall(form)):
        raise Refused(node.place, "must name the year: %Y or %y", code="OUT_OF_RANGE")
    return form


def _zone(node: Node) -> tzinfo:
    name = text(node)
    try:
        return time_zone(name)
    except ValueError:
        raise Refused(node.place, f"{name[:80]!r} is no time zone such as Europe/Paris", code="OUT_OF_RANGE") from None
