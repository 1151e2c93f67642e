"""Whether groups of people are reached alike: the four-fifths rule (Uniform Guidelines on Employee Selection
Procedures, 29 CFR 1607.4 D), with the interval it is usually read without.

A group's rate is the mean probability of being reached; its ratio is to the group that is reached most. The interval is
that of the ratio's logarithm, by the delta method (Katz et al. 1978), with the variance by person: no person is in two
groups, so the rates of two groups are independent. Of the group that is reached most there is no ratio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from services.orchestrator.domain.diff.off_policy import CONFIDENCE, Column, Interval, Rows, deviation_of

FOUR_FIFTHS = 0.8
LEAST_PERSONS = 30
"""Of a group: fewer tell nothing of it."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """`ratio` None: of the group that is reached most, of one that is too small, or where nobody is reached."""

    group: str
    rows: int
    persons: int
    rate: float
    ratio: Interval | None = None

    @property
    def is_unfair(self) -> bool:
        """Below four fifths, as far as the interval allows to say so."""
        return self.ratio is not None and self.ratio.high < FOUR_FIFTHS


def group_rates(reached: Column, person: Rows, groups: Sequence[str], sampled: float = 0.0) -> tuple[GroupRate, ...]:
    """`reached` float64[N], the group of each row beside it; `sampled` as in off_policy. In the order of the groups'
    names."""
    names = np.array(groups, dtype=object)
    rows = {name: np.flatnonzero(names == name) for name in sorted(set(groups))}
    found = {name: _rate(name, reached[own], person[own], sampled) for name, own in rows.items()}
    large = [each for each, _ in found.values() if each.persons >= LEAST_PERSONS]
    best = max(large, key=lambda each: each.rate, default=None)
    if best is None or best.rate <= 0.0:
        return tuple(each for each, _ in found.values())
    return tuple(_against(name, found, best.group, sampled) for name in found)


def _rate(name: str, reached: Column, person: Rows, sampled: float) -> tuple[GroupRate, float]:
    rate = float(reached.mean())
    deviation, persons = deviation_of(reached - rate, person, sampled)
    return GroupRate(name, reached.size, persons, rate), deviation


def _against(name: str, found: Mapping[str, tuple[GroupRate, float]], best: str, sampled: float) -> GroupRate:
    (own, deviation), (most, most_deviation) = found[name], found[best]
    if name == best or own.persons < LEAST_PERSONS:
        return own
    ratio = own.rate / most.rate
    if own.rate <= 0.0:
        # Nobody of the group is reached, whoever is drawn: the logarithm says nothing, the rule of three does, of those
        # who were not drawn.
        most_likely = 3 / own.persons * (1.0 - sampled)
        return GroupRate(name, own.rows, own.persons, own.rate, Interval(0.0, 0.0, min(most_likely / most.rate, 1.0)))
    relative = np.hypot(deviation / own.rate, most_deviation / most.rate)
    reach = float(np.exp(ndtri((1.0 + CONFIDENCE) / 2) * relative))
    return GroupRate(name, own.rows, own.persons, own.rate, Interval(ratio, ratio / reach, ratio * reach))
