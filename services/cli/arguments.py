"""What options and persona files say, as messages of the contract.

ns=value            identity            crm=1042, cookie=7f3a
name=JSON           attribute           temperature=31.5, tags='["new","sale"]'; a bare word is text: weather=rain
type[:JSON object]  event               page_view:'{"page": "terms"}'
id[:count]          placement           home_hero, shelf:3

A moment is written {"timestamp": "2026-11-22T10:00:00Z"}.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime, time
from typing import NoReturn

from tandem.common.v1.subject_pb2 import Identity
from tandem.common.v1.value_pb2 import TypedValue
from tandem.orchestrator.v1.decision_pb2 import Placement

from services.cli.moments import in_utc
from shared.rpc.values import value_to_proto
from shared.values import INT64_MAX, INT64_MIN, Scalar

_BARE_WORD = re.compile(r"[^\s\[\]{}\",:\d+-][^\[\]{}\",]*")
_JSON_WORDS = frozenset({"true", "false", "null", "NaN", "Infinity"})


def parse_identity(text: str) -> Identity:
    """`ns=value`. Raises ValueError."""
    namespace, separator, value = text.partition("=")
    if not (separator and namespace and value):
        raise ValueError(f"{text!r} is not namespace=value, for instance crm=1042")
    return Identity(namespace=namespace, value=value)


def parse_attribute(text: str) -> tuple[str, TypedValue]:
    """`name=JSON`. Raises ValueError."""
    name, separator, value = text.partition("=")
    if not (separator and name):
        raise ValueError(f"{text!r} is not name=value, for instance weather=rain or temperature=31.5")
    is_text = _BARE_WORD.fullmatch(value) and value not in _JSON_WORDS
    return name, typed_value(value if is_text else _parse_json(value))


def parse_event(text: str) -> tuple[str, dict[str, TypedValue]]:
    """`type[:JSON object]` as type and properties. Raises ValueError."""
    kind, _, properties = text.partition(":")
    if not kind:
        raise ValueError(f'{text!r} is not type or type:{{...}}, for instance page_view:{{"page": "terms"}}')
    parsed = _parse_json(properties) if properties else {}
    if not isinstance(parsed, dict):
        raise ValueError(f"the properties of event {kind!r} are not a JSON object")
    return kind, {name: typed_value(value) for name, value in parsed.items()}


def parse_placement(text: str) -> Placement:
    """`id[:count]`. Raises ValueError."""
    placement_id, separator, count = text.partition(":")
    if not placement_id or (separator and not re.fullmatch(r"[1-9]\d{0,5}", count)):
        raise ValueError(f"{text!r} is not id or id:count, for instance home_hero or shelf:3")
    return Placement(placement_id=placement_id, count=int(count or 1))


def typed_value(document: object) -> TypedValue:
    """What a JSON or YAML document holds, on the wire. Raises ValueError for what has no place there."""
    if document is None:
        return value_to_proto(None)
    if isinstance(document, list | tuple):
        return value_to_proto(tuple(_scalar(element) for element in document))
    return value_to_proto(_scalar(document))


def _scalar(document: object) -> Scalar:
    match document:
        case bool() | str():
            return document
        case int() if INT64_MIN <= document <= INT64_MAX:
            return int(document)
        case float() if math.isfinite(document):
            return float(document)
        case datetime():
            return in_utc(document)
        case date():
            return datetime.combine(document, time(), UTC)
        case {"timestamp": str(text), **others} if not others:
            return _moment(text)
        case _:
            raise ValueError(f"{document!r} is no value: write a number, a text, true, false, null or a list of those")


def _moment(text: str) -> Scalar:
    try:
        return _scalar(datetime.fromisoformat(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is no moment: write 2026-11-22 or 2026-11-22T10:00:00Z") from error


def _parse_json(text: str) -> object:
    try:
        parsed: object = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"{text!r} is not JSON ({error.msg})") from error
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a finite number")
