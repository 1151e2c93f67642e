"""Reads a mapping by a table of its fields, and reports every deviation: the machinery under each kind of declaration.

A kind lists its fields once; whoever reads it gets typed values back:

    COST = Field("cost", leaf(number))
    fields = read_fields(key, node, (CHANNEL, COST), findings)
    fields.get(COST, 0.0)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion, where
from services.orchestrator.domain.policy.nodes import ListNode, MapNode, Node, ScalarNode, describe
from services.orchestrator.domain.policy.scalars import is_null
from services.orchestrator.domain.policy_parts import Place

T = TypeVar("T")
D = TypeVar("D")

Shape = Mapping[str, Any]
"""What a JSON Schema says of a node."""

Parser = Callable[[Node, Findings], T]
"""Reads a node. Reports what is wrong inside it, and raises Refused where nothing can be made of it."""

EntryParser = Callable[[ScalarNode, Node, Findings], T]
"""Reads one entry of a mapping of named things."""


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A key a mapping may have."""

    name: str
    parse: Parser[T]
    required: bool = False
    shape: Shape | None = None
    """Of what `parse` reads, where that does not tell by itself (`shapes.shape_of`)."""


class Fields:
    """What was read of one mapping."""

    def __init__(self, values: Mapping[str, Any], places: Mapping[str, Place]) -> None:
        self._values = values
        self._places = places

    def get(self, field: Field[T], default: D) -> T | D:
        """The value; the default where the key is missing, null or wrong."""
        found: T | D = self._values.get(field.name, default)
        return found

    def place(self, field: Field[Any]) -> Place:
        """Of the value. Only for a field that is written."""
        return self._places[field.name]

    def is_written(self, field: Field[Any]) -> bool:
        return field.name in self._places


def read_fields(owner: Place, node: Node, table: Collection[Field[Any]], findings: Findings) -> Fields:
    """The fields of the mapping `node`. A missing one is reported at `owner`, the place that names the whole thing."""
    by_name = {field.name: field for field in table}
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for key, child in distinct(mapping(node), findings):
        if key.text not in by_name:
            findings.error(key.place, "UNKNOWN_KEY", f'unknown key "{key.text[:80]}"{suggestion(key.text, by_name)}')
            continue
        if is_null(child):
            continue
        places[key.text] = child.place
        try:
            values[key.text] = by_name[key.text].parse(child, findings)
        except Refused as refusal:
            findings.error(refusal.place, refusal.code, f"{key.text}: {refusal.message}")
    for field in table:
        if field.required and field.name not in places:
            findings.error(owner, "MISSING_KEY", f'the key "{field.name}" is missing')
    return Fields(values, places)


def mapping(node: Node) -> MapNode:
    """The node, which must be a mapping; nothing at all is an empty one."""
    if isinstance(node, MapNode):
        return node
    if is_null(node):
        return MapNode((), node.place)
    raise Refused(node.place, f"must be a mapping, not {describe(node)}")


def distinct(node: MapNode, findings: Findings) -> Iterable[tuple[ScalarNode, Node]]:
    """The entries, each key once; a key written again is reported."""
    seen: dict[str, Place] = {}
    for key, child in node.entries:
        if key.text in seen:
            message = f'the key "{key.text[:80]}" is written twice: first at {where(seen[key.text])}'
            findings.error(key.place, "DUPLICATE_KEY", message)
            continue
        seen[key.text] = key.place
        yield key, child


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T]):
    """A parser that has nothing to report besides refusing."""

    read: Callable[[Node], T]
    shape: Shape | None = None

    def __call__(self, node: Node, _: Findings) -> T:
        return self.read(node)


def leaf(read: Callable[[Node], T], shape: Shape | None = None) -> Leaf[T]:
    return Leaf(read, shape)


def optional(parse: Parser[T | None], node: Node, findings: Findings) -> T | None:
    """What `parse` makes of the node; None, and a finding, where it refuses."""
    try:
        return parse(node, findings)
    except Refused as refusal:
        findings.refused(refusal)
        return None


@dataclass(frozen=True, slots=True)
class ListOf(Generic[T]):
    """A list; an item that nothing can be made of leaves the others."""

    parse: Parser[T | None]

    def __call__(self, node: Node, findings: Findings) -> tuple[T, ...]:
        if not isinstance(node, ListNode):
            raise Refused(node.place, f"must be a list, not {describe(node)}")
        read = (optional(self.parse, item, findings) for item in node.items)
        return tuple(item for item in read if item is not None)


def list_of(parse: Parser[T | None]) -> ListOf[T]:
    return ListOf(parse)


def named(
    kind: str,
    entries: Iterable[tuple[ScalarNode, Node]],
    parse: EntryParser[T | None],
    findings: Findings,
    seen: dict[str, Place],
) -> tuple[T, ...]:
    """The things of one kind, by name, each name once over all the mappings that share `seen`."""
    read: list[T] = []
    for key, child in entries:
        thing = optional(partial(parse, key), child, findings)
        if key.text in seen:
            message = f'the {kind} "{key.text[:80]}" is declared twice: first at {where(seen[key.text])}'
            findings.error(key.place, f"DUPLICATE_{kind.upper().replace(' ', '_')}", message)
            continue
        seen[key.text] = key.place
        if thing is not None:
            read.append(thing)
    return tuple(read)
