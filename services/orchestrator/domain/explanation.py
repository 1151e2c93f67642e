"""What the engagement policy found wanting of a person, and what would have to be different."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values import FeatureStatus, Value


@dataclass(frozen=True, slots=True)
class FailedTest:
    """One comparison that kept a rule from being satisfied; `status` None where it reads no attribute."""

    attribute: str
    observed: Value
    status: FeatureStatus | None
    threshold: str


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """`needed` None: the attribute would have to be unknown."""

    attribute: str
    observed: Value
    status: FeatureStatus | None
    needed: Value


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """The fewest attributes with other values that let a candidate pass; or why there are none."""

    changes: tuple[AttributeChange, ...] = ()
    none_because: str = ""
    smaller_not_ruled_out: bool = False
