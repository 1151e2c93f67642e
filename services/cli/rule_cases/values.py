"""Values of expressions as JSON: the JSON form of protobuf, and equality with what a case expects.

timestamp  "2026-06-01T00:00:00Z"      bytes     base64         map    an object, its keys as text
duration   "90s"                       type      its name       NaN, infinities: "NaN", "Infinity", "-Infinity"
"""

from __future__ import annotations

import base64
import math
from datetime import datetime, timedelta

from services.cli.rule_cases.facts import read_moment


def json_value(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return _seconds(value)
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case dict():
            return {_key(key): json_value(each) for key, each in value.items()}
        case list() | tuple():
            return [json_value(each) for each in value]
        case _:
            return value


def is_same(value: object, expected: object) -> bool:
    """Whether a value is what a case expects. Numbers are equal across their types, true and 1 are not."""
    if isinstance(value, datetime) and isinstance(expected, str):
        return _moment(expected) == value
    return _is_same_json(json_value(value), json_value(expected))


def _is_same_json(left: object, right: object) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_is_same_json(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_same_json, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _moment(text: str) -> datetime | None:
    try:
        return read_moment(text)
    except ValueError:
        return None


def _seconds(value: timedelta) -> str:
    microseconds = value // timedelta(microseconds=1)
    whole, part = divmod(abs(microseconds), 1_000_000)
    digits = f".{part:06d}".rstrip("0") if part else ""
    return f"{'-' if microseconds < 0 else ''}{whole}{digits}s"


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
