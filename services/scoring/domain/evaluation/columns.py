"""What estimators read, whoever kept the log: columns of N rows, in the order in which they were decided.

outcome         float64[N]  the reward on the scale from 0 to 1, the ends of `reward_range`
probability     float64[N]  of the action that was logged, in (0, 1]
eligible_count  float64[N]  among how many actions it was chosen; None where nobody knows
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.logs.log import Log, all_equally_likely


@dataclass(frozen=True, slots=True, eq=False)
class LoggedColumns:
    """The arrays drawn above."""

    outcome: Column
    probability: Column
    reward_range: tuple[float, float] = (0.0, 1.0)
    eligible_count: Column | None = None

    @classmethod
    def of(cls, log: Log) -> LoggedColumns:
        """Only of a log that tells its probabilities."""
        assert log.probability is not None
        return cls(log.outcome, log.probability, log.reward_range, log.eligible_count)

    def __len__(self) -> int:
        return int(self.outcome.size)

    @property
    def is_uniform(self) -> bool:
        """Whether every eligible action is known to have been equally likely."""
        return self.eligible_count is not None and all_equally_likely(self.probability, self.eligible_count)

    @property
    def positives(self) -> int:
        return int((self.outcome > 0.0).sum())

    def weight_bound(self, largest: Column) -> float:
        """What a policy's weight could have been at most in any row, whatever had been logged. `largest`: its largest
        probability of any action. Where the log's own ones of other actions are not known, the least that it has
        anywhere."""
        least = self.probability if self.is_uniform else float(self.probability.min())
        return float((largest / least).max())

    def in_units_of(self, value: Column) -> LoggedColumns | None:
        """The same rows with another reward: what each was worth. None where all are worth the same."""
        if float(np.ptp(value)) == 0.0:
            return None
        low, high = min(0.0, float(value.min())), float(value.max())
        high = max(high, low + 1e-9)
        return LoggedColumns((value - low) / (high - low), self.probability, (low, high), self.eligible_count)


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """By a model that did not see the row's own outcome: float64[N] within [0, 1]."""

    logged: Column
    """Of the action that was logged."""
    target: Column
    """Of the policy's choice: Σ_a π(a) q(a)."""
    largest: Column | float = 1.0
    """Of any action at most."""
    part: NDArray[np.intp] | None = None
    """Of the cross-fitting: which rows were predicted by one model. None where nobody knows."""
