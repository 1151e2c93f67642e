"""How much one number differs from another over worlds that both lived through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True, slots=True)
class Change:
    """Of one number against another, as a share of it, over paired worlds. `half` of an interval of 95 %."""

    mean: float
    half: float

    @classmethod
    def of(cls, numbers: Sequence[float], others: Sequence[float]) -> Change:
        ratios = np.array(numbers) / np.array(others) - 1.0
        quantile = float(stdtrit(len(ratios) - 1.0, 0.975))
        return cls(float(ratios.mean()), quantile * float(ratios.std(ddof=1)) / np.sqrt(len(ratios)))

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half

    def __str__(self) -> str:
        return f"{self.mean:+.1%} ({self.low:+.1%} to {self.high:+.1%})"
