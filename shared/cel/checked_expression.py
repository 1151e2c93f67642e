"""Reads a checked expression: the library's bytes become our syntax tree.

The bytes are a google.protobuf.Any around a cel.expr.CheckedExpr (github.com/google/cel-spec, checked.proto and
syntax.proto; the field numbers are theirs). They are read without generated code: PyPI has that only in xds-protos,
whose files overwrite those of googleapis-common-protos. `expression_writer` is the way back.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from shared.cel.syntax import (
    Call,
    Comprehension,
    Constant,
    ConstantKind,
    Entry,
    ListLiteral,
    Name,
    Node,
    Place,
    Select,
    Struct,
)
from shared.cel.wire import Payload, read_fields, signed


@dataclass(frozen=True, slots=True)
class CheckedTree:
    """`references` and `types` say what each numbered node resolved to; they stay as the library wrote them."""

    root: Node
    references: Mapping[int, bytes]
    types: Mapping[int, bytes]


def read_checked(packed: bytes) -> CheckedTree:
    references: dict[int, bytes] = {}
    types: dict[int, bytes] = {}
    positions: dict[int, int] = {}
    root = b""
    for key, payload in read_fields(_bytes(_fields(packed)[2])):
        match key:
            case 2:
                references.update([_map_entry(payload)])
            case 3:
                types.update([_map_entry(payload)])
            case 4:
                root = _bytes(payload)
            case 5:
                positions = _positions(_bytes(payload))
    return CheckedTree(_Reader(references, positions).node(root), references, types)


class _Reader:
    def __init__(self, references: Mapping[int, bytes], positions: Mapping[int, int]) -> None:
        self._references = references
        self._positions = positions

    def node(self, message: bytes) -> Node:
        number, form, body = 0, 0, b""
        for key, payload in read_fields(message):
            if key == 2:
                number = signed(_int(payload))
            else:
                form, body = key, _bytes(payload)
        return _FORMS[form](self, body, Place(number, self._positions.get(number, 0)))

    def child(self, payload: Payload) -> Node:
        return self.node(_bytes(payload))

    def constant(self, body: bytes, place: Place) -> Node:
        key, payload = next(read_fields(body))
        kind, convert = _CONSTANTS[key]
        return Constant(kind, convert(payload), place)

    def name(self, body: bytes, place: Place) -> Node:
        # The reference holds the resolved name: "age" where ".age" is written.
        resolved = _fields(self._references.get(place.id, b"")).get(1)
        return Name(_text(resolved or _fields(body)[1]), place)

    def select(self, body: bytes, place: Place) -> Node:
        fields = _fields(body)
        return Select(self.child(fields[1]), _text(fields[2]), bool(fields.get(3, 0)), place)

    def call(self, body: bytes, place: Place) -> Node:
        fields = list(read_fields(body))
        single = dict(fields)
        target = self.child(single[1]) if 1 in single else None
        arguments = tuple(self.child(payload) for key, payload in fields if key == 3)
        return Call(_text(single[2]), target, arguments, place)

    def list_literal(self, body: bytes, place: Place) -> Node:
        return ListLiteral(tuple(self.child(payload) for key, payload in read_fields(body) if key == 1), place)

    def struct(self, body: bytes, place: Place) -> Node:
        fields = list(read_fields(body))
        entries = tuple(self.entry(_bytes(payload)) for key, payload in fields if key == 2)
        return Struct(_text(dict(fields).get(1, b"")), entries, place)

    def entry(self, message: bytes) -> Entry:
        fields = _fields(message)
        key = _text(fields[2]) if 2 in fields else self.child(fields[3])
        return Entry(key, self.child(fields[4]), signed(_int(fields.get(1, 0))))

    def comprehension(self, body: bytes, place: Place) -> Node:
        fields = _fields(body)
        return Comprehension(
            variables=(_text(fields[1]), _text(fields.get(8, b""))),
            accumulator=_text(fields[3]),
            iterated=self.child(fields[2]),
            initial=self.child(fields[4]),
            condition=self.child(fields[5]),
            step=self.child(fields[6]),
            result=self.child(fields[7]),
            place=place,
        )


_FORMS: Mapping[int, Callable[[_Reader, bytes, Place], Node]] = {
    3: _Reader.constant,
    4: _Reader.name,
    5: _Reader.select,
    6: _Reader.call,
    7: _Reader.list_literal,
    8: _Reader.struct,
    9: _Reader.comprehension,
}


def _fields(message: bytes) -> dict[int, Payload]:
    return dict(read_fields(message))


def _map_entry(payload: Payload) -> tuple[int, bytes]:
    fields = _fields(_bytes(payload))
    return signed(_int(fields[1])), _bytes(fields.get(2, b""))


def _positions(source_info: bytes) -> dict[int, int]:
    entries = (_fields(_bytes(payload)) for key, payload in read_fields(source_info) if key == 4)
    return {signed(_int(entry[1])): signed(_int(entry.get(2, 0))) for entry in entries}


def _bytes(payload: Payload) -> bytes:
    return cast("bytes", payload)


def _int(payload: Payload) -> int:
    return cast("int", payload)


def _text(payload: Payload) -> str:
    return _bytes(payload).decode()


def _double(payload: Payload) -> float:
    return cast("float", struct.unpack("<d", _bytes(payload))[0])


_CONSTANTS: Mapping[int, tuple[ConstantKind, Callable[[Payload], object]]] = {
    1: (ConstantKind.NULL, lambda _: None),
    2: (ConstantKind.BOOL, bool),
    3: (ConstantKind.INT, lambda payload: signed(_int(payload))),
    4: (ConstantKind.UINT, _int),
    5: (ConstantKind.DOUBLE, _double),
    6: (ConstantKind.STRING, _text),
    7: (ConstantKind.BYTES, _bytes),
}
