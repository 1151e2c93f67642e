"""What would make a dropped action pass."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shared.values import Feature, Value

MAX_CHANGES = 3
"""Of attributes in one proposal: more is no small change."""


class NoChange(Enum):
    """Why there is no small change."""

    IMMUTABLE = "IMMUTABLE"
    """Only attributes that never change stand in the way."""
    TOO_MANY = "TOO_MANY"
    """More attributes than MAX_CHANGES would have to change."""
    OPAQUE = "OPAQUE"
    """What stands in the way is an expression that cannot be turned round, and none of the values tried passes."""
    NEVER = "NEVER"
    """No values pass."""
    NOT_SEARCHED = "NOT_SEARCHED"
    """The bound on the work of one answer was reached."""


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """`needed` None: the attribute would have to be unknown."""

    attribute: str
    observed: Feature
    needed: Value


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """One to MAX_CHANGES changes, or why there is none."""

    changes: tuple[AttributeChange, ...] = ()
    none_because: NoChange | None = None
    smaller_not_ruled_out: bool = False
    """Values of an opaque expression, or of strings, were left out, and one of them may do at less; with TOO_MANY or
    IMMUTABLE, may do at all."""
