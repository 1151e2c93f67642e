"""Writes a syntax tree back as the library's bytes (see `checked_expression` for the format).

A node that the library numbered keeps its reference and type. A node that we put in has number 0 and gets a fresh
one, with the reference its name or function has.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from shared.cel.checked_expression import CheckedTree
from shared.cel.syntax import (
    Call,
    Comprehension,
    Constant,
    ConstantKind,
    Entry,
    ListLiteral,
    Name,
    Node,
    Select,
    Struct,
)
from shared.cel.wire import bytes_field, fixed64_field, text_field, varint_field

TYPE_URL = "type.googleapis.com/cel.expr.CheckedExpr"


def write_checked(root: Node, tree: CheckedTree, overloads: Mapping[str, str]) -> bytes:
    """A part of `tree`, perhaps rewritten. `overloads` names the overload of each function that we put in."""
    writer = _Writer(tree, overloads)
    expression = writer.node(root)
    message = [
        *(_map_entry(2, number, reference) for number, reference in writer.references.items()),
        *(_map_entry(3, number, kind) for number, kind in tree.types.items()),
        bytes_field(4, expression),
    ]
    return text_field(1, TYPE_URL) + bytes_field(2, b"".join(message))


class _Writer:
    def __init__(self, tree: CheckedTree, overloads: Mapping[str, str]) -> None:
        self.references = dict(tree.references)
        self._overloads = overloads
        self._fresh = count(max([*tree.types, *tree.references, 0]) + 1)

    def node(self, node: Node) -> bytes:
        number = node.place.id or next(self._fresh)
        match node:
            case Constant():
                form = bytes_field(3, _constant(node))
            case Name():
                form = bytes_field(4, self._name(node, number))
            case Select():
                test = varint_field(3, 1) if node.is_test else b""
                form = bytes_field(5, bytes_field(1, self.node(node.operand)) + text_field(2, node.label) + test)
            case Call():
                form = bytes_field(6, self._call(node, number))
            case ListLiteral():
                form = bytes_field(7, b"".join(bytes_field(1, self.node(element)) for element in node.elements))
            case Struct():
                form = bytes_field(8, self._struct(node))
            case Comprehension():
                form = bytes_field(9, self._comprehension(node))
        return varint_field(2, number) + form

    def _name(self, node: Name, number: int) -> bytes:
        if not node.place.id:
            self.references[number] = text_field(1, node.name)
        return text_field(1, node.name)

    def _call(self, node: Call, number: int) -> bytes:
        if not node.place.id:
            self.references[number] = text_field(3, self._overloads[node.function])
        target = b"" if node.target is None else bytes_field(1, self.node(node.target))
        arguments = b"".join(bytes_field(3, self.node(argument)) for argument in node.arguments)
        return target + text_field(2, node.function) + arguments

    def _struct(self, node: Struct) -> bytes:
        name = text_field(1, node.type_name) if node.type_name else b""
        return name + b"".join(bytes_field(2, self._entry(entry)) for entry in node.entries)

    def _entry(self, entry: Entry) -> bytes:
        key = text_field(2, entry.key) if isinstance(entry.key, str) else bytes_field(3, self.node(entry.key))
        return varint_field(1, entry.id) + key + bytes_field(4, self.node(entry.value))

    def _comprehension(self, node: Comprehension) -> bytes:
        first, second = node.variables
        names = text_field(1, first) + (text_field(8, second) if second else b"") + text_field(3, node.accumulator)
        parts = {2: node.iterated, 4: node.initial, 5: node.condition, 6: node.step, 7: node.result}
        return names + b"".join(bytes_field(key, self.node(part)) for key, part in parts.items())


def _map_entry(key: int, number: int, message: bytes) -> bytes:
    return bytes_field(key, varint_field(1, number) + bytes_field(2, message))


_CONSTANTS: Mapping[ConstantKind, Callable[[Any], bytes]] = {
    ConstantKind.NULL: lambda _: varint_field(1, 0),
    ConstantKind.BOOL: lambda value: varint_field(2, int(value)),
    ConstantKind.INT: lambda value: varint_field(3, value),
    ConstantKind.UINT: lambda value: varint_field(4, value),
    ConstantKind.DOUBLE: lambda value: fixed64_field(5, struct.pack("<d", value)),
    ConstantKind.STRING: lambda value: text_field(6, value),
    ConstantKind.BYTES: lambda value: bytes_field(7, value),
}


def _constant(node: Constant) -> bytes:
    return _CONSTANTS[node.kind](node.value)
