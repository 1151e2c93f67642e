"""What a success is worth: E[amount | success] of an action, from its own amounts and those of its kin.

The frequency and the severity of actuaries: propensity times this is what showing an action brings. Amounts are taken
for exponential (gamma of known shape 1) about a mean that is inverse gamma about the mean of the kin: conjugate, and
the posterior mean is linear in the amounts (exact credibility: Jewell 1974; one level under the other: Jewell 1975; on
top of a regression: Ohlsson 2008, "Combining generalized linear models and credibility models in practice"):

    M = (K m + Σ amounts) / (K + n)                   m: the mean of the level above; K amounts is what it counts for
    V = (K / (K + n))² v + M² / (K - 1 + n)           v: how unsure that one is

from the prior value down: objective, issue, group, action. A new action is worth what its group is, and unsure.

In Σ no amount counts for more than √n times the usual one, rounded up to a power of two; the usual one is the median of
the K that come from above and its own (truncated means: Bubeck, Cesa-Bianchi & Lugosi 2013, "Bandits with heavy tail").
So one order, however large, adds about the usual amount to M at most; and as n grows, so does the limit, and M tends to
the plain mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.amounts import ABSENT, OBJECTIVE, SIZES, Amounts, Floats, Rows, money
from services.scoring.domain.hashing import Hashes

KIN = 5.0
"""K of issues, groups and actions: their means differ by half, (K - 1)^-1/2, before anything is known."""
PRIOR = 2.0
"""K of the objective: what a policy expects is often wrong by a factor of ten."""


@dataclass(frozen=True, slots=True, eq=False)
class Severity:
    """(n,) float64: the expected amount of a success, and the standard deviation of that expectation."""

    means: Floats
    deviations: Floats

    def times(self, amounts: Floats) -> Severity:
        """Of amounts that were expected before, elementwise."""
        return Severity(self.means * amounts, self.deviations * amounts)


def severity_of(amounts: Amounts, kin: Hashes, prior: float) -> Severity:
    """`kin` (n, 3): the tokens of issue, group and action of each candidate."""
    start = _Belief(np.array([prior]), np.zeros(1))
    belief = _below(amounts, np.array([amounts.rows.get(OBJECTIVE, ABSENT)], np.intp), start, PRIOR)
    belief = belief.take(np.zeros(len(kin), np.intp))
    rows = amounts.find(kin)
    for level in range(rows.shape[1]):
        belief = _below(amounts, rows[:, level], belief, KIN)
    return Severity(belief.mean, np.sqrt(belief.variance))


@dataclass(frozen=True, slots=True, eq=False)
class _Belief:
    mean: Floats
    variance: Floats

    def take(self, rows: Rows) -> _Belief:
        return _Belief(self.mean[rows], self.variance[rows])


def _below(amounts: Amounts, rows: Rows, above: _Belief, weight: float) -> _Belief:
    """What is believed one level down; who had no amounts is as those above, and less sure."""
    known, used = np.flatnonzero(rows != ABSENT), amounts.used
    number, total = np.zeros(len(rows)), np.zeros(len(rows))
    if known.size:
        counts, sums = amounts.counts[rows[known], used], money(amounts.sums[rows[known], used], used)
        number[known], total[known] = _limited(counts, sums, SIZES[used], above.mean[known], weight)
    mean = (weight * above.mean + total) / (weight + number)
    share = weight / (weight + number)
    return _Belief(mean, share * share * above.variance + mean * mean / (weight - 1.0 + number))


def _limited(counts: Floats, sums: Floats, sizes: Floats, above: Floats, weight: float) -> tuple[Floats, Floats]:
    """(n,) each: how many amounts, and their sum where none counts for more than the limit, rounded up to the size of a
    bucket. `counts`, `sums` (n, B) by bucket, of amounts below `sizes` (B,)."""
    number = counts.sum(axis=1)
    limit = np.sqrt(np.maximum(number, 1.0)) * _usual(counts, sums, sizes, above, weight)
    limit = np.exp2(np.ceil(np.log2(np.maximum(limit, SIZES[1]))))
    is_whole = sizes <= limit[:, None]
    return number, np.where(is_whole, sums, counts * limit[:, None]).sum(axis=1)


def _usual(counts: Floats, sums: Floats, sizes: Floats, above: Floats, weight: float) -> Floats:
    """(n,): the median of one's own amounts and of `weight` that are as those above."""
    is_greater = sizes > above[:, None]
    ahead = weight * is_greater
    half = (counts.sum(axis=1) + weight) / 2.0
    is_half = np.cumsum(counts, axis=1) + ahead >= half[:, None]
    middle = np.argmax(is_half, axis=1)[:, None]
    before = np.cumsum(counts, axis=1) - counts + ahead
    own = np.take_along_axis(sums, middle, 1)[:, 0] / np.maximum(np.take_along_axis(counts, middle, 1)[:, 0], 0.5)
    # Those from above are the middle: before the amounts of the column, or behind all.
    is_above = (np.take_along_axis(before, middle, 1)[:, 0] >= half) | ~is_half.any(axis=1)
    usual: Floats = np.where(is_above, above, own)
    return usual
