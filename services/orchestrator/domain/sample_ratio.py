"""Whether arms are as large as their shares say: Pearson's chi-square test.

Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments" (KDD): where they are not,
something loses persons of one arm more than of another, and what is left cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scipy.special import chdtrc

from services.orchestrator.domain.arms import Arm

ALARM_BELOW = 0.001
LEAST_EXPECTED = 5.0
"""In every cell: below it the test's law does not hold."""


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
    """Of the arms in which anybody is expected; the smallest are looked at together."""
    counts = {arm: observed.get(arm, 0) for arm in sorted(expected)}
    cells = _cells([(counts[arm], expected[arm]) for arm in counts])
    if len(cells) < 2:
        return SampleRatio(counts, expected)
    distance = sum((count - wanted) ** 2 / wanted for count, wanted in cells)
    return SampleRatio(counts, expected, float(chdtrc(len(cells) - 1, distance)))


def _cells(arms: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """Observed and expected, the smallest arms together until each cell is large enough: one that is small, or gets
    nobody, must not keep the others from being looked at."""
    cells = sorted(arms, key=lambda cell: cell[1])
    while len(cells) > 1 and cells[0][1] < LEAST_EXPECTED:
        (count, wanted), (other, more), *rest = cells
        cells = sorted([(count + other, wanted + more), *rest], key=lambda cell: cell[1])
    return cells
