"""The protobuf wire format (protobuf.dev/programming-guides/encoding), as far as a CEL syntax tree needs it.

A message is a sequence of fields, each a number and a payload: an int (varint), or bytes (everything else).
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {FIXED64: 8, FIXED32: 4}
_INT64_SIGN, _INT64_RANGE = 1 << 63, 1 << 64

Payload = int | bytes


def read_fields(message: bytes) -> Iterator[tuple[int, Payload]]:
    """Numbers and payloads in their order; a fixed-width payload comes as its bytes."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _read_varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _read_varint(message, at)
            yield number, value
            continue
        size = _FIXED_BYTES.get(kind, 0)
        if kind == LENGTH:
            size, at = _read_varint(message, at)
        yield number, message[at : at + size]
        at += size


def varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3 | VARINT) + _varint(value % _INT64_RANGE)


def bytes_field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | LENGTH) + _varint(len(payload)) + payload


def text_field(number: int, text: str) -> bytes:
    return bytes_field(number, text.encode())


def fixed64_field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | FIXED64) + payload


def signed(value: int) -> int:
    """A varint read as int64."""
    return value - _INT64_RANGE if value >= _INT64_SIGN else value


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    byte = message[at]
    if byte < 128:
        return byte, at + 1
    value, shift = byte & 127, 7
    while True:
        at += 1
        byte = message[at]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at + 1
        shift += 7


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
