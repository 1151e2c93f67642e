"""The columns of a log, N rows in the order of time (of the file, where no time is known).

action        int32[N]       place in `actions` (K of them)
reward        float64[N]     within reward_range, finite
probability   float64[N]     of the action that was taken, in (0, 1]; None where the log does not say
values        float64[N]     of a feature; a category is its place in `labels`; NaN where nothing is known
eligible      bool[N, K]     which actions could be taken; None for all
eligible_count float64[N]    how many, by the log's own word; may count actions that never occur in it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.logs.spec import FeatureKind, FeatureSpec

Column = NDArray[np.float64]
Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

ONLY_ACTION = "shown"
"""The action of a log that names none."""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One column the model may look at; timestamps are milliseconds since 1970, UTC."""

    spec: FeatureSpec
    values: Column
    labels: tuple[str, ...] = ()

    @property
    def is_categorical(self) -> bool:
        return self.spec.kind is FeatureKind.CATEGORICAL


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """The arrays drawn above."""

    actions: tuple[str, ...]
    action: Codes
    reward: Column
    reward_range: tuple[float, float]
    features: tuple[Feature, ...]
    eligible_count: Column
    probability: Column | None = None
    eligible: Mask | None = None
    position: Feature | None = None
    time_ms: Column | None = None
    value: Column | None = None
    targets: Mapping[str, Column] | None = None

    def __len__(self) -> int:
        return int(self.action.size)

    @property
    def outcome(self) -> Column:
        """The reward on the scale from 0 to 1."""
        low, high = self.reward_range
        return (self.reward - low) / (high - low)

    @property
    def positives(self) -> int:
        return int((self.outcome > 0.0).sum())

    @property
    def is_uniform(self) -> bool:
        """Whether every eligible action was equally likely."""
        return self.probability is not None and all_equally_likely(self.probability, self.eligible_count)

    def could_be_taken(self) -> Mask:
        """bool[N, K]."""
        return np.ones((len(self), len(self.actions)), bool) if self.eligible is None else self.eligible

    def take(self, rows: Rows | slice) -> Log:
        """The log of some rows, in their order."""
        return replace(
            self,
            action=self.action[rows],
            reward=self.reward[rows],
            features=tuple(_taken(feature, rows) for feature in self.features),
            eligible_count=self.eligible_count[rows],
            probability=_rows(self.probability, rows),
            eligible=None if self.eligible is None else self.eligible[rows],
            position=None if self.position is None else _taken(self.position, rows),
            time_ms=_rows(self.time_ms, rows),
            value=_rows(self.value, rows),
            targets={name: column[rows] for name, column in (self.targets or {}).items()},
        )


def all_equally_likely(probability: Column, eligible_count: Column) -> bool:
    return bool(np.allclose(probability * eligible_count, 1.0, rtol=1e-6))


def _taken(feature: Feature, rows: Rows | slice) -> Feature:
    return replace(feature, values=feature.values[rows])


def _rows(column: Column | None, rows: Rows | slice) -> Column | None:
    return None if column is None else column[rows]
