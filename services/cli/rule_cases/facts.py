"""Facts as JSON writes them, typed by what they are.

true 18 0.5 "gold" [41, 42]              bool, int, double, string, list<int>: attributes, as a policy declares them
null                                     an attribute that is known to be empty: unknown to conditions
{"timestamp": "2026-06-01T00:00:00Z"}    a timestamp
{"type": "list<string>", "value": []}    what JSON has no type for
{"type": "int", "status": "NOT_FOUND"}   an attribute of a type that is not known: NOT_FOUND, NULL_VALUE, STALE
{"pet": {"name": "Rex"}}                 any other object, and a list of several types or none: left to the CEL library,
                                         untyped; null inside is CEL's null
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.cli.moments import in_utc
from shared.cel.library import is_unicode
from shared.values import (
    ATTRIBUTE_TYPES,
    INT64_MAX,
    INT64_MIN,
    AttributeType,
    Feature,
    FeatureStatus,
    Scalar,
    Value,
    conform,
    present,
)

MAX_DEPTH = 32
"""Of objects and lists within one another."""

_TYPES: Mapping[type, AttributeType] = {
    bool: AttributeType.BOOL,
    int: AttributeType.INT,
    float: AttributeType.DOUBLE,
    str: AttributeType.STRING,
    datetime: AttributeType.TIMESTAMP,
}


class BadFacts(Exception):
    """Facts that no attribute and no CEL value can hold."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """`types` and `features` are of attributes; `untyped` holds what else is known."""

    types: Mapping[str, AttributeType]
    features: Mapping[str, Feature]
    untyped: Mapping[str, object]


def read_facts(raw: Mapping[str, Any]) -> CaseFacts:
    """Raises BadFacts."""
    types: dict[str, AttributeType] = {}
    features: dict[str, Feature] = {}
    untyped: dict[str, object] = {}
    for name, fact in raw.items():
        try:
            _read(name, fact, types, features, untyped)
        except ValueError as error:
            raise BadFacts(f"the fact {name!r} must be {error}") from error
    return CaseFacts(types, features, untyped)


def read_value(raw: Any, depth: int = 0) -> object:
    """A JSON value as CEL holds it. Raises ValueError with a text that follows "must be"."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested at most {MAX_DEPTH} deep")
    match raw:
        case bool() | None:
            return raw
        case int() if not INT64_MIN <= raw <= INT64_MAX:
            raise ValueError("within 64 bits")
        case float() if not math.isfinite(raw):
            raise ValueError("a finite number")
        case str() if not is_unicode(raw):
            raise ValueError("Unicode text; it has half of a surrogate pair")
        case {"timestamp": str(text), **others} if not others:
            return read_moment(text)
        case {"type": str(kind), "value": value, **others} if not others and kind in ATTRIBUTE_TYPES:
            return _typed(value, ATTRIBUTE_TYPES[kind])
        case dict():
            return {name: read_value(each, depth + 1) for name, each in raw.items()}
        case list():
            return [read_value(each, depth + 1) for each in raw]
        case _:
            return raw


def read_moment(text: str) -> datetime:
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(f"a timestamp such as 2026-06-01T00:00:00Z, not {text[:40]!r}") from None


def _read(
    name: str,
    fact: Any,
    types: dict[str, AttributeType],
    features: dict[str, Feature],
    untyped: dict[str, object],
) -> None:
    match fact:
        case None:
            return
        case {"type": str(text), **others} if (
            text in ATTRIBUTE_TYPES and others.keys() <= {"value", "status"} and others
        ):
            kind = types[name] = ATTRIBUTE_TYPES[text]
            features[name] = _feature(fact, kind)
            return
    value = read_value(fact)
    found = _type_of(value)
    if found is None:
        untyped[name] = value
    else:
        types[name] = found
        features[name] = present(cast("Value", tuple(value) if isinstance(value, list) else value))


def _feature(parts: Mapping[str, Any], kind: AttributeType) -> Feature:
    text = parts.get("status", "PRESENT")
    if text not in FeatureStatus.__members__:
        raise ValueError(f"one of status {', '.join(FeatureStatus.__members__)}, not {text!r}")
    value = _typed(parts["value"], kind) if parts.get("value") is not None else None
    status = FeatureStatus[text]
    return present(value) if status is FeatureStatus.PRESENT else Feature(value, status)


def _typed(raw: Any, kind: AttributeType) -> Value:
    if kind.is_list:
        if not isinstance(raw, list):
            raise ValueError(f"a {kind.text}")
        return tuple(cast("Scalar", _typed(each, kind.element)) for each in raw)
    if kind is AttributeType.TIMESTAMP and isinstance(raw, str):
        return read_moment(raw)
    return conform(cast("Value", read_value(raw)), kind)


def _type_of(value: object) -> AttributeType | None:
    """None for what no attribute can hold."""
    if isinstance(value, list):
        elements = {_TYPES.get(type(each)) for each in value}
        only = next(iter(elements)) if len(elements) == 1 else None
        return None if only is None else AttributeType(only + 5)
    return _TYPES.get(type(value))
