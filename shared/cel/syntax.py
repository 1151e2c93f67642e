"""The syntax tree of a CEL expression, as the library's checker leaves it: names resolved, macros expanded.

Two nodes are equal when they mean the same: `id` (the library's number of the node) and `position` (offset into the
source, in characters) do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum


class ConstantKind(Enum):
    NULL = "null"
    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    DOUBLE = "double"
    STRING = "string"
    BYTES = "bytes"
    TIMESTAMP = "timestamp"
    """Never written by a parser (CEL has no such literal); a folded timestamp("...") becomes one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: the library's number of it, and its offset into the source, in characters."""

    id: int = 0
    offset: int = 0


_NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Constant:
    kind: ConstantKind
    value: object = field(compare=False)
    place: Place = field(compare=False, default=_NOWHERE)
    # Tells apart what Python holds equal: 1, 1.0 and True, and 0.0 and -0.0.
    spelling: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spelling", repr(self.value))


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute, or a variable of an enclosing comprehension."""

    name: str
    place: Place = field(compare=False, default=_NOWHERE)


@dataclass(frozen=True, slots=True)
class Call:
    """An operator (`_>=_`, `_&&_`, `@in`, `_?_:_`), a function, or a method of `target`."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    place: Place = field(compare=False, default=_NOWHERE)


@dataclass(frozen=True, slots=True)
class ListLiteral:
    elements: tuple[Node, ...]
    place: Place = field(compare=False, default=_NOWHERE)


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.label`, or has(operand.label)."""

    operand: Node
    label: str
    is_test: bool
    place: Place = field(compare=False, default=_NOWHERE)


@dataclass(frozen=True, slots=True)
class Entry:
    """`key: value` of a map literal (key is a node) or of a message literal (key is a field name)."""

    key: Node | str
    value: Node
    id: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Struct:
    """A map literal (no type name) or a message literal."""

    type_name: str
    entries: tuple[Entry, ...]
    place: Place = field(compare=False, default=_NOWHERE)


@dataclass(frozen=True, slots=True)
class Comprehension:
    """What all(), exists(), exists_one(), map() and filter() expand to: a fold over `iterated`."""

    variables: tuple[str, str]
    accumulator: str
    iterated: Node
    initial: Node
    condition: Node
    step: Node
    result: Node
    place: Place = field(compare=False, default=_NOWHERE)


Node = Constant | Name | Call | ListLiteral | Select | Struct | Comprehension


def children(node: Node) -> tuple[Node, ...]:
    """The direct sub-expressions, in the order they are written."""
    match node:
        case Call(target=target, arguments=arguments):
            return arguments if target is None else (target, *arguments)
        case ListLiteral(elements=elements):
            return elements
        case Select(operand=operand):
            return (operand,)
        case Struct(entries=entries):
            return tuple(part for each in entries for part in _parts(each))
        case Comprehension():
            return (node.iterated, node.initial, node.condition, node.step, node.result)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def free_names(node: Node) -> tuple[str, ...]:
    """The attributes the expression reads, each once, in the order they are written."""
    return tuple(dict.fromkeys(_free_names(node, frozenset())))


def rewrite(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with `change` applied to every node, children first."""
    match node:
        case Call(target=target, arguments=arguments):
            changed_target = None if target is None else rewrite(target, change)
            node = replace(node, target=changed_target, arguments=tuple(rewrite(each, change) for each in arguments))
        case ListLiteral(elements=elements):
            node = replace(node, elements=tuple(rewrite(each, change) for each in elements))
        case Select(operand=operand):
            node = replace(node, operand=rewrite(operand, change))
        case Struct(entries=entries):
            node = replace(node, entries=tuple(_rewrite_entry(each, change) for each in entries))
        case Comprehension():
            node = replace(
                node,
                iterated=rewrite(node.iterated, change),
                initial=rewrite(node.initial, change),
                condition=rewrite(node.condition, change),
                step=rewrite(node.step, change),
                result=rewrite(node.result, change),
            )
    return change(node)


def _rewrite_entry(entry: Entry, change: Callable[[Node], Node]) -> Entry:
    key = entry.key if isinstance(entry.key, str) else rewrite(entry.key, change)
    return replace(entry, key=key, value=rewrite(entry.value, change))


def _free_names(node: Node, bound: frozenset[str]) -> Iterator[str]:
    if isinstance(node, Name):
        if node.name not in bound:
            yield node.name
        return
    if isinstance(node, Comprehension):
        yield from _free_names(node.iterated, bound)
        yield from _free_names(node.initial, bound)
        inside = bound | {*node.variables, node.accumulator}
        for child in (node.condition, node.step, node.result):
            yield from _free_names(child, inside)
        return
    for child in children(node):
        yield from _free_names(child, bound)


def _parts(entry: Entry) -> tuple[Node, ...]:
    return (entry.value,) if isinstance(entry.key, str) else (entry.key, entry.value)
