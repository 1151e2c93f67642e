"""A rule set as bytes, the same in every store: msgpack by field name, compressed with zstd.

msgspec writes dataclasses by itself, but reads no union of str and datetime, which attribute values are: hence the
readers below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
import zstandard

from services.rules.domain.rule_set import (
    AttributeDeclaration,
    NumberExpression,
    OnUnknown,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    SourcePosition,
    Stage,
)
from shared.errors import InvalidArgument
from shared.values import AttributeType, Value

T = TypeVar("T")
Raw = Mapping[str, Any]

MAX_BLOB_BYTES = 12 * 2**20
"""In every store: MongoDB refuses documents of 16 MiB."""


def encode_rule_set(rule_set: RuleSet) -> bytes:
    """Raises InvalidArgument where it is too large to store."""
    blob = zstandard.compress(msgspec.msgpack.encode(rule_set))
    if len(blob) > MAX_BLOB_BYTES:
        description = f"has {len(blob)} bytes when compressed; {MAX_BLOB_BYTES} are allowed"
        raise InvalidArgument.field("rule_set", description)
    return blob


def decode_rule_set(blob: bytes) -> RuleSet:
    raw: Raw = msgspec.msgpack.decode(zstandard.decompress(blob))
    return RuleSet(
        attributes=_each(_attribute, raw["attributes"]),
        segments=_each(_segment, raw["segments"]),
        scopes=_each(_scope, raw["scopes"]),
    )


def _attribute(raw: Raw) -> AttributeDeclaration:
    return AttributeDeclaration(raw["name"], AttributeType(raw["type"]), _each(_value, raw["allowed"]))


def _segment(raw: Raw) -> Segment:
    return Segment(
        raw["segment_id"],
        raw["when"],
        OnUnknown(raw["on_unknown"]),
        _value(raw["default_value"]),
        _position(raw["position"]),
    )


def _scope(raw: Raw) -> Scope:
    return Scope(
        level=ScopeLevel(raw["level"]),
        scope_id=raw["scope_id"],
        parent_id=raw["parent_id"],
        rules=_each(_rule, raw["rules"]),
        numbers=_each(_number, raw["numbers"]),
        attributes={name: _value(value) for name, value in raw["attributes"].items()},
    )


def _rule(raw: Raw) -> Rule:
    return Rule(
        raw["rule_id"],
        Stage(raw["stage"]),
        raw["when"],
        OnUnknown(raw["on_unknown"]),
        _value(raw["default_value"]),
        _position(raw["position"]),
    )


def _number(raw: Raw) -> NumberExpression:
    return NumberExpression(raw["name"], raw["expression"], _position(raw["position"]))


def _position(raw: Raw) -> SourcePosition:
    return SourcePosition(**raw)


def _value(raw: Any) -> Value:
    return tuple(raw) if isinstance(raw, list) else raw


def _each(read: Callable[[Any], T], raw: Iterable[Any]) -> tuple[T, ...]:
    return tuple(read(item) for item in raw)
