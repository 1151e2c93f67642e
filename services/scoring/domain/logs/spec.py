"""What the columns of a log mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

RESERVED_POLICIES = frozenset({"logged", "uniform", "best_single_action", "tandem"})
"""Names that a target may not have."""


class FeatureKind(StrEnum):
    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOL = "bool"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A column the model may look at. `monotone`: 1 the outcome only grows with it, -1 only falls, 0 either."""

    column: str
    kind: FeatureKind
    monotone: int = 0


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every eligible action was equally likely."""


@dataclass(frozen=True, slots=True)
class LogSpec:
    """Names are of columns. Without `action` there is one action only, which was always taken."""

    reward: str
    action: str = ""
    choice_probability: str | float | Uniform | None = None
    features: tuple[FeatureSpec, ...] = ()
    position: str = ""
    time: str = ""
    value: str = ""
    eligible: str | tuple[str, ...] | int | None = None
    """A column (of counts, or of lists), the actions themselves, or how many there are; None for all of the log."""
    targets: Mapping[str, str] | None = None
    reward_range: tuple[float, float] | None = None
    """Within which rewards lie whatever happens; None for [0, 1], or as wide as what the log holds."""
    delimiter: str = ""
