"""Attribute values inside Tandem: plain Python, typed by declaration, with the status of their reading.

declared type        Python value
BOOL                 bool
INT                  int, within int64
DOUBLE               float, finite
STRING               str
TIMESTAMP            datetime, aware, UTC, whole milliseconds
<SCALAR>_LIST        tuple of those
(known to be empty)  None
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

Scalar = bool | int | float | str | datetime
Value = Scalar | tuple[Scalar, ...] | None

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
MAX_VALUE_BYTES = 65_536


class AttributeType(IntEnum):
    """The declared type of an attribute. Numbers are those of tandem.common.v1.AttributeType."""

    BOOL = 1
    INT = 2
    DOUBLE = 3
    STRING = 4
    TIMESTAMP = 5
    BOOL_LIST = 6
    INT_LIST = 7
    DOUBLE_LIST = 8
    STRING_LIST = 9
    TIMESTAMP_LIST = 10

    @property
    def is_list(self) -> bool:
        return self >= AttributeType.BOOL_LIST

    @property
    def element(self) -> AttributeType:
        """The type of a list's elements; a scalar type is its own."""
        return AttributeType(self - 5) if self.is_list else self

    @property
    def text(self) -> str:
        """As policy files spell it: "int", "list<string>"."""
        return f"list<{self.element.name.lower()}>" if self.is_list else self.name.lower()


ATTRIBUTE_TYPES: Mapping[str, AttributeType] = {kind.text: kind for kind in AttributeType}
"""By their spelling in policy files."""


class FeatureStatus(IntEnum):
    """What is known about an attribute when it is read. Numbers are those of tandem.common.v1.FeatureStatus."""

    PRESENT = 1
    NULL_VALUE = 2
    NOT_FOUND = 3
    STALE = 4


@dataclass(frozen=True, slots=True)
class Feature:
    """An attribute as it was read. `value` is None unless the status is PRESENT or STALE."""

    value: Value
    status: FeatureStatus

    @property
    def is_known(self) -> bool:
        """Whether a condition may use the value."""
        return self.status is FeatureStatus.PRESENT


NOT_FOUND = Feature(None, FeatureStatus.NOT_FOUND)
NULL = Feature(None, FeatureStatus.NULL_VALUE)


def present(value: Value) -> Feature:
    """A fresh value, or NULL for None."""
    return NULL if value is None else Feature(value, FeatureStatus.PRESENT)


_PYTHON_TYPES: Mapping[AttributeType, type] = {
    AttributeType.BOOL: bool,
    AttributeType.INT: int,
    AttributeType.DOUBLE: float,
    AttributeType.STRING: str,
    AttributeType.TIMESTAMP: datetime,
}


def conform(value: Value, kind: AttributeType) -> Value:
    """The value as its declared type holds it: an int becomes a float where a double is declared.

    Raises ValueError, with a text that follows "must be", where the value is not of the type.
    """
    if value is None:
        return None
    if kind.is_list:
        if not isinstance(value, tuple):
            raise ValueError(f"a {kind.text}, not a {type_name(value)}")
        return tuple(_conform_scalar(element, kind.element) for element in value)
    if isinstance(value, tuple):
        raise ValueError(f"a {kind.text}, not a {type_name(value)}")
    return _conform_scalar(value, kind)


def _conform_scalar(value: Scalar, kind: AttributeType) -> Scalar:
    if kind is AttributeType.DOUBLE and type(value) is int:
        value = float(value)
    if type(value) is not _PYTHON_TYPES[kind]:
        raise ValueError(f"a {kind.text}, not a {type_name(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a finite number")
    if type(value) is int and not INT64_MIN <= value <= INT64_MAX:
        raise ValueError("within 64 bits")
    return value


def type_name(value: Value) -> str:
    """The type of a value in the words of policy files: "int", "list<string>", "null"."""
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return f"list<{type_name(value[0])}>" if value else "list"
    for kind, python_type in _PYTHON_TYPES.items():
        if type(value) is python_type:
            return kind.text
    return type(value).__name__
