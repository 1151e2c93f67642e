"""Random messages of any type, for `hypothesis`: well-formed on the wire, and otherwise whatever a caller may send."""

from __future__ import annotations

import functools
import sys
from typing import Any

from google.api.field_behavior_pb2 import REQUIRED, field_behavior  # type: ignore[import-untyped]
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

MAX_DEPTH = 6
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_WORDS = ["", "a", "crm", "email", "view", "age", "tier", "gold", "MARKETING", "EMAIL", "\x00", "é☃", "x" * 300, "1"]


def messages(descriptor: Any, depth: int = MAX_DEPTH) -> st.SearchStrategy[Any]:
    """Of a message type's descriptor. What is REQUIRED is mostly there, so that requests come past the first check;
    enums also have numbers that no member has.
    """
    fields = [field for field in descriptor.fields if depth or field.message_type is None]
    needed = {field.name: _values(field, depth).filter(bool) for field in fields if _is_required(field)}
    others = {field.name: _values(field, depth) for field in fields if not _is_required(field)}
    complete = st.fixed_dictionaries(needed, optional=others)
    partial = st.fixed_dictionaries({}, optional={**needed, **others})
    return st.one_of(*[complete] * 7, partial).map(functools.partial(_built, descriptor))


def _is_required(field: Any) -> bool:
    return REQUIRED in field.GetOptions().Extensions[field_behavior]


def _built(descriptor: Any, values: dict[str, Any]) -> Message:
    message: Message = GetMessageClass(descriptor)()
    for name, value in values.items():
        _set(message, descriptor.fields_by_name[name], value)
    return message


def _set(message: Message, field: Any, value: Any) -> None:
    target = getattr(message, field.name)
    if _is_map(field):
        for key, item in value:
            if isinstance(item, Message):
                target[key].CopyFrom(item)
            else:
                target[key] = item
    elif field.is_repeated:
        target.extend(value)
    elif field.message_type is not None:
        target.CopyFrom(value)
    else:
        setattr(message, field.name, value)


def _values(field: Any, depth: int) -> st.SearchStrategy[Any]:
    if _is_map(field):
        key, value = field.message_type.fields
        return st.lists(st.tuples(_single(key, depth), _single(value, depth)), max_size=3)
    return st.lists(_single(field, depth), max_size=3) if field.is_repeated else _single(field, depth)


def _single(field: Any, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return messages(field.message_type, depth - 1)
    if field.enum_type is not None:
        return st.sampled_from([*field.enum_type.values_by_number, -1, 1_000])
    if field.cpp_type in _INTEGERS:
        low, high = _INTEGERS[field.cpp_type]
        return st.integers(low, high) | st.integers(0, min(high, 2_000_000_000))
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return st.floats() | st.just(sys.float_info.max)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=40)
    return st.sampled_from(_WORDS) | st.text(max_size=20)


def _is_map(field: Any) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)
