"""Whether arms are as large as their shares say: Pearson's chi-square test.

Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments" (KDD): where they are not,
something loses persons of one arm more than of another, and what is left cannot be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import chdtrc

from services.orchestrator.domain.arms import Arm

ALARM_BELOW = 0.001
LEAST_EXPECTED = 5.0
"""In every arm: below it the test's law does not hold."""


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """`expected` of as many persons as were observed."""

    observed: Mapping[Arm, int]
    expected: Mapping[Arm, float]
    p_value: float | None = None

    @property
    def is_alarming(self) -> bool:
        return self.p_value is not None and self.p_value < ALARM_BELOW


def sample_ratio(observed: Mapping[Arm, int], expected: Mapping[Arm, float]) -> SampleRatio:
    """Of the arms in which anybody is expected."""
    arms = sorted(expected)
    counts = {arm: observed.get(arm, 0) for arm in arms}
    if len(arms) < 2 or min(expected.values()) < LEAST_EXPECTED:
        return SampleRatio(counts, expected)
    distance = sum((counts[arm] - expected[arm]) ** 2 / expected[arm] for arm in arms)
    return SampleRatio(counts, expected, float(chdtrc(len(arms) - 1, distance)))
