"""Records as bytes: msgpack of their dataclasses, compressed with zstd; some with a dictionary of what they all hold.

msgspec writes dataclasses directly. It reads no union of str and datetime, which attribute values are, and no numpy
arrays; so reading goes by the annotations here: one reader per type, built once. A field the bytes lack takes its
default, so records written before a field existed can be read.

    dataclass -> map by field name    tuple -> array    enum -> its number    numpy array -> its bytes, little-endian

A blob is a zstd frame, or the number of its dictionary, one byte, and a frame: frames begin with another byte.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import cache
from typing import Any, TypeVar

import msgspec
import numpy as np
import zstandard

from shared.values import Value

T = TypeVar("T")
Reader = Callable[[Any], Any]

_LEVEL = 3
_FRAME = 0x28
"""The first byte of a zstd frame."""


class BlobCodec:
    """Not for several threads at once. Writes with the newest of the dictionaries, by number, and reads with all."""

    def __init__(self, dictionaries: Mapping[int, bytes] | None = None) -> None:
        shared = {number: _dictionary(content) for number, content in (dictionaries or {}).items()}
        self._decompress = {number: _decompressor(each) for number, each in shared.items()}
        self._decompress_alone = zstandard.ZstdDecompressor().decompress
        newest = max(shared, default=None)
        self._prefix = b"" if newest is None else bytes([newest])
        self._compress = zstandard.ZstdCompressor(_LEVEL, None if newest is None else shared[newest]).compress
        self._encode = msgspec.msgpack.Encoder(enc_hook=_encode_array).encode

    def encode(self, record: object) -> bytes:
        return self._prefix + self._compress(self._encode(record))

    def decode(self, kind: type[T], blob: bytes) -> T:
        """The record that was encoded. `kind` is a dataclass."""
        read: Reader = _reader(kind)  # type: ignore[arg-type]  # types are hashable
        record: T = read(msgspec.msgpack.decode(self._plain(blob)))
        return record

    def _plain(self, blob: bytes) -> bytes:
        if blob[0] == _FRAME:
            return self._decompress_alone(blob)
        return self._decompress[blob[0]](memoryview(blob)[1:])


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _decompressor(dictionary: zstandard.ZstdCompressionDict) -> Callable[[memoryview], bytes]:
    return zstandard.ZstdDecompressor(dictionary).decompress


def _encode_array(value: object) -> bytes:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} has no stored form")
    return value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()


@cache
def _reader(kind: Any) -> Reader:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind == Value:
        return _read_value
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    if origin is np.ndarray:
        return _array_reader(typing.get_args(arguments[1])[0])
    if origin is tuple:
        return _tuple_reader(_reader(arguments[0]))
    if origin is Mapping:
        return _mapping_reader(_reader(arguments[0]), _reader(arguments[1]))
    if origin in (types.UnionType, typing.Union):
        return _optional_reader(arguments)
    if isinstance(kind, type) and issubclass(kind, IntEnum):
        return kind
    if kind in (str, int, float, bool, bytes):
        return _read_as_is
    raise TypeError(f"{kind} has no stored form")


def _read_as_is(raw: Any) -> Any:
    return raw


def _read_value(raw: Any) -> Value:
    """Lists are tuples in an attribute's value; all else msgpack tells apart itself."""
    return tuple(raw) if type(raw) is list else raw


def _dataclass_reader(kind: Any) -> Reader:
    hints = typing.get_type_hints(kind)
    fields = [(each.name, _reader(hints[each.name])) for each in dataclasses.fields(kind)]

    def read(raw: Any) -> Any:
        return kind(**{name: reader(raw[name]) for name, reader in fields if name in raw})

    return read


def _array_reader(scalar: Any) -> Reader:
    dtype = np.dtype(scalar).newbyteorder("<")

    def read(raw: bytes) -> Any:
        return np.frombuffer(raw, dtype=dtype).astype(scalar, copy=False)

    return read


def _tuple_reader(element: Reader) -> Reader:
    return lambda raw: tuple(map(element, raw))


def _mapping_reader(key: Reader, value: Reader) -> Reader:
    return lambda raw: {key(name): value(item) for name, item in raw.items()}


def _optional_reader(arguments: tuple[Any, ...]) -> Reader:
    (inner,) = (_reader(argument) for argument in arguments if argument is not types.NoneType)
    return lambda raw: None if raw is None else inner(raw)
