"""What the parsers of fields read, as JSON Schema: from this, editors complete and check policy files.

A parser that is made of others tells by itself (`leaf`, `list_of`, `choice`, `within`); the words below have their
shape here; any other parser is given one where its field is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from services.orchestrator.domain.policy import scalars, words
from services.orchestrator.domain.policy.fields import Field, Leaf, ListOf, Shape
from services.orchestrator.domain.policy.nodes import Node

NAME_PATTERN = "^[a-z][a-z0-9_]{0,63}$"
NAME: Shape = {"type": "string", "pattern": NAME_PATTERN}
NAMES: Shape = {"pattern": NAME_PATTERN}
"""Of the keys of a mapping of named things."""
TEXT: Shape = {"type": "string"}
SCALAR: Shape = {"type": ["string", "number", "boolean"]}
VALUE: Shape = {"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}
VALUES: Shape = {"type": "array", "items": SCALAR}
EXPRESSION: Shape = {**SCALAR, "description": "A condition or value in CEL."}
DURATION: Shape = {
    "type": "string",
    "pattern": f"^{scalars.DURATION_PATTERN}$",
    "description": "30m, 1h, 7d, 2w, 1d12h",
}
DAY: Shape = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}", "description": "2026-11-01, or with a time"}
TIME_OF_DAY: Shape = {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"}
LOCALE_PATTERN = "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$"

_WORDS: Mapping[Callable[[Node], Any], Shape] = {
    words.identifier: NAME,
    words.upper_identifier: NAME,
    words.attribute_name: NAME,
    words.reference: NAME,
    words.locale: {"type": "string", "pattern": LOCALE_PATTERN},
    scalars.text: TEXT,
    scalars.boolean: {"type": "boolean"},
    scalars.integer: {"type": "integer"},
    scalars.number: {"type": "number"},
    scalars.duration_ms: DURATION,
    scalars.moment: DAY,
    scalars.start_ms: DAY,
    scalars.end_ms: DAY,
    scalars.time_of_day: TIME_OF_DAY,
}


def shape_of(parse: object) -> Shape:
    """Raises LookupError for a parser that does not tell."""
    match parse:
        case Field(shape=shape) if shape is not None:
            return shape
        case Field(parse=inner):
            return shape_of(inner)
        case Leaf(shape=shape) if shape is not None:
            return shape
        case Leaf(read=words.Choice(allowed=allowed)):
            return one_of(allowed)
        case Leaf(read=read):
            return _WORDS[read]
        case ListOf(parse=inner):
            return list_shape(shape_of(inner))
        case words.Within(read=read, minimum=minimum, maximum=maximum):
            bound = {} if maximum is None else {"maximum": maximum}
            return {**_WORDS[read], "minimum": minimum, **bound}
        case _:
            raise LookupError(f"nothing is known of the shape that {parse!r} reads")


def one_of(allowed: Iterable[str]) -> Shape:
    """A closed set of words, in upper or lower case."""
    words_of = sorted(allowed)
    return {"enum": [*words_of, *(word.lower() for word in words_of if word != word.lower())]}


def list_shape(item: Shape) -> Shape:
    return {"type": "array", "items": item}


def record(table: Collection[Field[Any]]) -> Shape:
    """A mapping that is read by a table of fields."""
    shape: dict[str, Any] = {
        "type": ["object", "null"],
        "properties": {field.name: shape_of(field) for field in table},
        "additionalProperties": False,
    }
    required = [field.name for field in table if field.required]
    return {**shape, "required": required} if required else shape


def named_shape(entry: Shape, keys: Shape = NAMES) -> Shape:
    """A mapping of named things."""
    return {"type": ["object", "null"], "propertyNames": keys, "additionalProperties": entry}


def open_mapping(others: Shape, known: Mapping[str, Shape]) -> Shape:
    """A mapping of named things, some of which have a shape of their own."""
    return {**named_shape(others), "properties": dict(known)}


def either(*shapes: Shape) -> Shape:
    return {"anyOf": list(shapes)}
