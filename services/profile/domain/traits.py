"""Traits: what was observed about a person, by whom and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum

import msgspec

from services.profile.domain.schema import TraitDeclaration
from services.profile.domain.stored import StoredValue
from shared.errors import InvalidArgument, Violation
from shared.values import AttributeType, Feature, FeatureStatus, Value, conform, present

_EXACT: Mapping[AttributeType, type] = {
    AttributeType.BOOL: bool,
    AttributeType.INT: int,
    AttributeType.DOUBLE: float,
    AttributeType.STRING: str,
    AttributeType.TIMESTAMP: datetime,
}
"""Values of these Python types need no check when they are read: they were checked when they were written."""


class TraitSource(IntEnum):
    """Numbers are those of tandem.profile.v1.TraitSource."""

    EXPLICIT = 1
    IMPLICIT = 2
    COMPUTED = 3
    SECOND_PARTY = 4
    THIRD_PARTY = 5


class Observation(msgspec.Struct, frozen=True, array_like=True):
    """A trait's value as somebody observed it; None: known to have none."""

    value: StoredValue
    source: TraitSource
    observed_ms: int


def newer(held: Observation | None, arrived: Observation) -> Observation:
    """The one that stays: the newer observation; of two at one moment the one that arrived later."""
    return arrived if held is None or arrived.observed_ms >= held.observed_ms else held


def unknown_trait(name: str, path: str) -> InvalidArgument:
    text = f"{name!r} is not a trait of the active trait schema"
    return InvalidArgument(
        "UNKNOWN_TRAIT", f"{path}: {text}", metadata={"trait": name, "field": path}, violations=[Violation(path, text)]
    )


def check_value(value: Value, declaration: TraitDeclaration, path: str) -> Value:
    """The value as the declared type holds it. Raises InvalidArgument for another type or a value not allowed."""
    try:
        typed = conform(value, declaration.type)
    except ValueError as wrong:
        raise InvalidArgument.field(path, f"must be {wrong}") from None
    members = typed if isinstance(typed, tuple) else () if typed is None else (typed,)
    if declaration.allowed and not all(member in declaration.allowed for member in members):
        raise InvalidArgument.field(path, f"must be one of {', '.join(map(str, declaration.allowed))}")
    return typed


def read_trait(observation: Observation, declaration: TraitDeclaration, read_ms: int) -> Feature | None:
    """What the trait says at a moment; None where a schema of before let in what this one does not call the type."""
    value = observation.value
    if type(value) is not _EXACT.get(declaration.type):
        try:
            value = conform(value, declaration.type)
        except ValueError:
            return None
    if declaration.ttl_ms and read_ms - observation.observed_ms >= declaration.ttl_ms:
        return Feature(value, FeatureStatus.STALE)
    return present(value)
