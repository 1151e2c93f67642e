"""`use:` - packages of ready aggregates, with the names that events and properties have here.

use: [rfm, basket]
use: {rfm: {purchase: order, amount: total, window: 365d}, owned: {relation: implies}}
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.orchestrator.domain.policy.aggregates import MEASURES, NO_FEATURES
from services.orchestrator.domain.policy.attributes import AttributeDeclaration
from services.orchestrator.domain.policy.fields import Field, Shape, distinct, leaf, mapping, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion, where
from services.orchestrator.domain.policy.nodes import ListNode, MapNode, Node, ScalarNode
from services.orchestrator.domain.policy.ready import PACKAGES
from services.orchestrator.domain.policy.scalars import duration_ms, text
from services.orchestrator.domain.policy.shapes import either, list_shape, record
from services.orchestrator.domain.policy.words import Reference, identifier, reference
from services.orchestrator.domain.policy_parts import AggregatePart, AttributePart, Place

WINDOW = Field("window", leaf(duration_ms))
RELATION = Field("relation", leaf(reference))

_READ = re.compile(r"\bevent\.(\w+)")
_WINDOWED = frozenset({"COUNT", "SUM", "MEAN", "MIN", "MAX", "SHARE", "TOP_K", "LAST", "BEST_HOUR", "HOUR_OF_WEEK"})


@dataclass(frozen=True, slots=True)
class Use:
    """One package taken."""

    package: str
    place: Place
    parts: tuple[AggregatePart, ...]
    relation: Reference | None = None


def read_uses(node: Node, findings: Findings) -> tuple[Use, ...]:
    """Names, or names with what they are told."""
    entries = _entries(node, findings)
    uses: list[Use] = []
    for key, told in entries:
        try:
            uses.append(_use(key, told, findings))
        except Refused as refusal:
            findings.refused(refusal)
    return tuple(uses)


def _entries(node: Node, findings: Findings) -> list[tuple[ScalarNode, Node]]:
    if isinstance(node, MapNode):
        return list(distinct(node, findings))
    if not isinstance(node, ListNode):
        raise Refused(node.place, "must be a list of packages, or a mapping of packages to what they are told")
    names = [item for item in node.items if isinstance(item, ScalarNode)]
    for item in node.items:
        if not isinstance(item, ScalarNode):
            findings.error(item.place, "WRONG_TYPE", "must be the name of a package")
    return list(distinct(MapNode(tuple((name, MapNode((), name.place)) for name in names), node.place), findings))


def _use(key: ScalarNode, told: Node, findings: Findings) -> Use:
    package = text(key)
    if package not in PACKAGES:
        message = f'there is no package "{package[:80]}": {", ".join(PACKAGES)}{suggestion(package, PACKAGES)}'
        raise Refused(key.place, message, code="OUT_OF_RANGE")
    parts = PACKAGES[package]
    fields = read_fields(key.place, mapping(told), told_fields(parts), findings)
    names = {name: fields.get(field, name) for name, field in _renaming(parts).items()}
    relation = fields.get(RELATION, None)
    window_ms = fields.get(WINDOW, None)
    return Use(package, key.place, tuple(_told(part, names, window_ms, relation) for part in parts), relation)


def told_fields(parts: Collection[AggregatePart]) -> tuple[Field[Any], ...]:
    """What a package may be told: other names, and what its measures have a use for."""
    windows = [WINDOW] if any(part.measure in _WINDOWED for part in parts) else []
    relations = [RELATION] if any(part.measure == "OWNED" for part in parts) else []
    return (*_renaming(parts).values(), *windows, *relations)


def _renaming(parts: Collection[AggregatePart]) -> dict[str, Field[str]]:
    return {name: Field(name, leaf(identifier)) for part in parts for name in _names(part)}


def _names(part: AggregatePart) -> tuple[str, ...]:
    """Of the events and properties it looks at."""
    found = (part.event, part.returned_event, part.property, *(name for name, _ in part.properties))
    return tuple(name for name in found if name)


def _told(
    part: AggregatePart, names: Mapping[str, str], window_ms: int | None, relation: Reference | None
) -> AggregatePart:
    def renamed(condition: str) -> str:
        return _READ.sub(lambda found: f"event.{names.get(found[1], found[1])}", condition)

    return replace(
        part,
        event=names[part.event],
        property=names.get(part.property, ""),
        returned_event=names.get(part.returned_event, ""),
        filter=renamed(part.filter),
        condition=renamed(part.condition),
        properties=tuple((names[name], kind) for name, kind in part.properties),
        window_ms=window_ms if window_ms is not None and part.measure in _WINDOWED else part.window_ms,
        relation=relation.name if relation is not None and part.measure == "OWNED" else part.relation,
    )


def used_aggregates(
    uses: tuple[Use, ...], own: frozenset[str], taken: Mapping[str, Place], findings: Findings
) -> tuple[AttributeDeclaration, ...]:
    """The aggregates of the packages, but those that the policy declares itself."""
    read: list[AttributeDeclaration] = []
    for use in uses:
        for part in use.parts:
            if part.name in own:
                continue
            if part.name in taken:
                message = (
                    f'{use.package} has an aggregate "{part.name}", which is declared at {where(taken[part.name])}'
                )
                findings.error(use.place, "DUPLICATE_AGGREGATE", message)
                continue
            kind = MEASURES[part.measure] or part.type
            assert kind is not None, "a ready aggregate is complete"
            attribute = AttributePart(part.name, kind)
            read.append(AttributeDeclaration(attribute, part.measure not in NO_FEATURES, use.place, part))
    return tuple(read)


def _shape() -> Shape:
    """A list of packages, or a mapping of packages to what they are told."""
    told = {name: record(told_fields(parts)) for name, parts in PACKAGES.items()}
    mapped = {"type": "object", "properties": told, "additionalProperties": False}
    return either(list_shape({"enum": list(PACKAGES)}), mapped)


USE = Field("use", read_uses, shape=_shape())
