"""Which contacts a conversion is put down to. A report: nothing is learnt from it.

Last and first touch give one contact everything, linear the same to each. Time decay halves the credit with every
half-life between contact and conversion. Position based gives the first and the last two fifths each, and the rest to
those between them.

Shapley: Zhao, Mahboobi and Bagheri (2018), Shapley value methods for attribution modeling in online advertising
(arXiv:1804.05327), section 3: where a set of channels is worth the conversions of the paths that touch no others, the
Shapley value of a channel is what it gets when every conversion is shared equally among the distinct channels of its
path. So it needs no enumeration of sets, and is exact conversion by conversion.

Amounts are whole millionths, and are split without a rest: what contacts get adds up to what the conversion earned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

_ENDS = 0.4
"""Of the first and of the last contact, each, by position."""


class AttributionModel(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.AttributionModel."""

    LAST_TOUCH = 1
    FIRST_TOUCH = 2
    LINEAR = 3
    TIME_DECAY = 4
    POSITION_BASED = 5
    SHAPLEY = 6


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """A contact on the way to a conversion; `key` is the channel, campaign or action that the report is about."""

    time_ms: int
    key: str


def weights(
    model: AttributionModel, path: Sequence[Touchpoint], conversion_ms: int, half_life_ms: int
) -> Sequence[float]:
    """The share of each contact of a path, which is in the order of time and not empty. They add up to 1."""
    count = len(path)
    match model:
        case AttributionModel.LAST_TOUCH:
            return [0.0] * (count - 1) + [1.0]
        case AttributionModel.FIRST_TOUCH:
            return [1.0] + [0.0] * (count - 1)
        case AttributionModel.LINEAR:
            return [1.0 / count] * count
        case AttributionModel.TIME_DECAY:
            return _decaying([conversion_ms - each.time_ms for each in path], half_life_ms)
        case AttributionModel.POSITION_BASED:
            return _by_position(count)
        case AttributionModel.SHAPLEY:
            seen = Counter(each.key for each in path)
            return [1.0 / (len(seen) * seen[each.key]) for each in path]


def split(amount: int, shares: Sequence[float]) -> list[int]:
    """The amount in whole parts that add up to it: the parts that lose most by rounding down get what is left."""
    if amount < 0:
        return [-part for part in split(-amount, shares)]
    fractions = [Fraction(share) for share in shares]
    exact = [amount * share / sum(fractions) for share in fractions]
    parts = [int(each) for each in exact]
    by_loss = sorted(range(len(shares)), key=lambda index: parts[index] - exact[index])
    for index in by_loss[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def _decaying(ages_ms: Sequence[int], half_life_ms: int) -> Sequence[float]:
    """Relative to the youngest, so that old paths have weights too."""
    youngest = min(ages_ms)
    raw = [2.0 ** (-(age_ms - youngest) / half_life_ms) for age_ms in ages_ms]
    total = sum(raw)
    return [each / total for each in raw]


def _by_position(count: int) -> Sequence[float]:
    if count <= 2:
        return [1.0 / count] * count
    between = (1.0 - 2 * _ENDS) / (count - 2)
    return [_ENDS, *[between] * (count - 2), _ENDS]
