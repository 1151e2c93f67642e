"""Whether what was drawn came as often as the vectors it was drawn from say."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

Column = NDArray[np.float64]

LEAST_EXPECTED = 5.0
"""Rarer outcomes of a situation count as one: below this the chi-square distribution is no good approximation."""


@dataclass(slots=True)
class Situation:
    """Draws from one vector."""

    probabilities: Column
    counts: NDArray[np.int64]


@dataclass(slots=True)
class Tally:
    """Draws by situation: the same vector must be logged whenever it comes again."""

    situations: dict[Hashable, Situation] = field(default_factory=dict)

    def count(self, situation: Hashable, probabilities: Column, drawn: int) -> None:
        """`drawn` is an index of the vector; -1 its last entry, silence."""
        known = self.situations.get(situation)
        if known is None:
            known = Situation(probabilities, np.zeros(probabilities.size, dtype=np.int64))
            self.situations[situation] = known
        assert np.array_equal(known.probabilities, probabilities), f"another vector in {situation}"
        known.counts[drawn] += 1

    @property
    def draws(self) -> int:
        return int(sum(each.counts.sum() for each in self.situations.values()))

    def p_value(self, mixed_with_uniform: float = 0.0) -> float:
        """Of Pearson's chi-square over all situations, against the vectors, or against wrong ones on purpose."""
        statistic, freedom = 0.0, 0
        for each in self.situations.values():
            uniform = 1.0 / each.probabilities.size
            logged = each.probabilities * (1.0 - mixed_with_uniform) + uniform * mixed_with_uniform
            observed, expected = _pooled(each.counts.astype(np.float64), logged * each.counts.sum())
            assert (observed[expected == 0.0] == 0.0).all(), "something without a probability was drawn"
            possible = expected > 0.0
            statistic += float(((observed - expected)[possible] ** 2 / expected[possible]).sum())
            freedom += int(possible.sum()) - 1
        return float(chi2.sf(statistic, freedom)) if freedom else 1.0


def _pooled(observed: Column, expected: Column) -> tuple[Column, Column]:
    """The same with all rare outcomes as one, and that with the rarest of the others where it is still rare."""
    rare = (expected < LEAST_EXPECTED) & (expected > 0.0)
    if not rare.any():
        return observed, expected
    order = np.argsort(np.where(expected > 0.0, expected, np.inf))
    count = int(rare.sum())
    while count < int((expected > 0.0).sum()) and expected[order[:count]].sum() < LEAST_EXPECTED:
        count += 1
    pool, rest = order[:count], np.setdiff1d(np.arange(expected.size), order[:count])
    return np.append(observed[rest], observed[pool].sum()), np.append(expected[rest], expected[pool].sum())
