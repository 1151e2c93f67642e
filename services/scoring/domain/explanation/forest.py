"""What a forest adds to one candidate's log-odds, by name.

TreeSHAP (Lundberg, Erion and Lee 2018) gives the exact Shapley values of the raw score. Calibration, and the offset
that keeps the expected probability, then bend the raw score by one rising curve. Every value is multiplied with the
slope of the curve's chord from the expected raw score to this one: the rescale rule (Shrikumar, Greenside and Kundaje
2017), the only multiple that adds up again. It keeps signs and order; where the curve is flat between the two, no name
adds anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.base_model.columns import ForestColumns, Shown
from services.scoring.domain.base_model.content import ModelContent
from services.scoring.domain.base_model.matrices import matrix_of

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]
"""Raw scores to the log-odds that are used, elementwise."""
ForestContributions = Callable[[str, Floats], Floats]
"""Of a forest's text and a row float64[F]: float64[F + 1], the last the expected raw score; all add up to the row's."""

_NEAR = 1e-6
"""Of raw scores: a chord that is shorter is lost in rounding, and one of twice this length about it stands for it."""


@dataclass(frozen=True, slots=True, eq=False)
class RawParts:
    """Shapley values of a raw score, float64[F + 1], of F columns; several of them may be of one name."""

    columns: ForestColumns
    values: Floats


def raw_parts(model: ModelContent, shown: Shown, contributions: ForestContributions) -> RawParts | None:
    """None where the model is the rate alone."""
    if not model.forest:
        return None
    row = matrix_of(model.columns, [shown])[0]
    return RawParts(model.columns, contributions(model.forest, row))


def by_name(parts: RawParts, curve: Curve) -> Mapping[str, float]:
    """Log-odds. Nothing of a score that is no number: the rate stands in for it."""
    found = defaultdict[str, float](float)
    if not np.isfinite(parts.values).all():
        return found
    slope = _slope(curve, float(parts.values[-1]), float(parts.values.sum()))
    for column, value in zip(parts.columns.columns, parts.values[:-1].tolist(), strict=True):
        found[column.name] += slope * value
    return found


def _slope(curve: Curve, expected: float, raw: float) -> float:
    if abs(raw - expected) < _NEAR:
        expected, raw = raw - _NEAR, raw + _NEAR
    low, high = curve(np.array([expected, raw]))
    return float(high - low) / (raw - expected)
