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
    EngineKind,
    EventTypeDeclaration,
    NumberExpression,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    Stage,
)
from services.rules.domain.triggers.declaration import (
    Effect,
    Emit,
    EventMatch,
    Pattern,
    PatternKind,
    Schedule,
    SetTrait,
    Trigger,
)
from services.rules.domain.written import OnUnknown, SourcePosition
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
        engine=EngineKind(raw.get("engine", EngineKind.INDEXED)),
        event_types=_each(_event_type, raw.get("event_types", ())),
        triggers=_each(_trigger, raw.get("triggers", ())),
    )


def _attribute(raw: Raw) -> AttributeDeclaration:
    return AttributeDeclaration(
        raw["name"], AttributeType(raw["type"]), _each(_value, raw["allowed"]), raw.get("immutable", False)
    )


def _event_type(raw: Raw) -> EventTypeDeclaration:
    return EventTypeDeclaration(raw["type"], {name: AttributeType(kind) for name, kind in raw["properties"].items()})


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
        channel=raw.get("channel", ""),
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


def _trigger(raw: Raw) -> Trigger:
    return Trigger(
        raw["trigger_id"],
        _pattern(raw["when"])
        if "kind" in raw["when"]
        else Schedule(**raw["when"] | {"weekdays": tuple(raw["when"]["weekdays"])}),
        _each(_effect, raw["effects"]),
        raw["condition"],
        OnUnknown(raw["on_unknown"]),
        _value(raw["default_value"]),
        raw["cooldown_ms"],
        _position(raw["position"]),
    )


def _pattern(raw: Raw) -> Pattern:
    absent = raw["absent"]
    read = {
        "kind": PatternKind(raw["kind"]),
        "matches": _each(_match, raw["matches"]),
        "absent": absent and _match(absent),
    }
    return Pattern(**{**raw, **read})


def _match(raw: Raw) -> EventMatch:
    return EventMatch(**{**raw, "position": _position(raw["position"])})


def _effect(raw: Raw) -> Effect:
    read = {**raw, "position": _position(raw["position"])}
    if "trait" in raw:
        return SetTrait(**read)
    places = {name: _position(each) for name, each in raw.get("payload_positions", {}).items()}
    return Emit(**{**read, "payload_positions": places})


def _position(raw: Raw) -> SourcePosition:
    return SourcePosition(**raw)


def _value(raw: Any) -> Value:
    return tuple(raw) if isinstance(raw, list) else raw


def _each(read: Callable[[Any], T], raw: Iterable[Any]) -> tuple[T, ...]:
    return tuple(read(item) for item in raw)
