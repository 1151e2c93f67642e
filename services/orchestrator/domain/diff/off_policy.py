"""The value of policies from logged draws, and of their difference, with intervals. One row is the first slot of one
logged decision; N rows, G persons:

    reward    float64[N]  what came of what was drawn, in whatever unit; 0 of silence, whose reward is known
    expected  float64[N]  what a model expected of what was drawn, before it was drawn; 0 of silence
    person    intp[N]     whose decision it was: the decisions of a person may go together

and of a policy, for the same rows:

    weight    float64[N]  its probability of what was drawn over the logged one; 0 of silence
    silent    float64[N]  its probability of silence: what that brings is known, whether the log drew it or never could
    direct    float64[N]  Σ_a π(a) × what a model expects of a; of what the log could not have drawn, what the model
                          expected of the log's own choice
    untried   float64[N]  its probability of what the log could not have drawn

    SNIPS  Σ w r / Σ (w + silent)              Swaminathan and Joachims 2015
    DR     mean of direct + (w + untried) (r − expected)   Dudík, Langford and Li 2011

SNIPS speaks of what the log tried and of silence. For DR, what it never tried is neither better nor worse than what was
done, as it came out, so it counts as if the log's own choice had been made: a model's hopes of it would be praise that
nobody can check. Intervals are of the
linearised estimates, with the variance of sums by person (Liang and Zeger 1986) and Student's quantiles; that of a
difference is of the difference of the rows' parts, so what two policies have in common cancels out.

The scoring service estimates policies, too, from anybody's logs: one policy at a time, for rewards in [0, 1], by rows.
This is a paired difference, in money, by person. The two share formulas of a line each, and services import nothing of
one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Column = NDArray[np.float64]
Rows = NDArray[np.intp]

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class LoggedRows:
    """The columns drawn above."""

    reward: Column
    expected: Column
    person: Rows

    def take(self, rows: Rows) -> LoggedRows:
        return LoggedRows(self.reward[rows], self.expected[rows], self.person[rows])


@dataclass(frozen=True, slots=True, eq=False)
class PolicyRows:
    """The columns drawn above."""

    weight: Column
    silent: Column
    direct: Column
    untried: Column

    def take(self, rows: Rows) -> PolicyRows:
        return PolicyRows(self.weight[rows], self.silent[rows], self.direct[rows], self.untried[rows])

    @property
    def untried_share(self) -> float:
        return float(self.untried.mean()) if self.untried.size else 0.0

    @property
    def effective_size(self) -> float:
        """(Σ w)² / Σ w² (Kish 1965); what is known to be silence counts as a row of its own."""
        weight = self.weight + self.silent
        squares = float(np.square(weight).sum())
        return float(weight.sum()) ** 2 / squares if squares else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """An estimate and what each row moves it by: `parts` float64[N], whose mean is 0."""

    mean: float
    parts: Column

    def minus(self, other: Linear) -> Linear:
        return Linear(self.mean - other.mean, self.parts - other.parts)


@dataclass(frozen=True, slots=True)
class Interval:
    mean: float
    low: float
    high: float


def snips(log: LoggedRows, policy: PolicyRows) -> Linear:
    known = policy.weight + policy.silent
    total = float(known.sum())
    if total <= 0.0:
        return Linear(0.0, np.zeros(known.size))
    mean = float((policy.weight * log.reward).sum()) / total
    return Linear(mean, (policy.weight * log.reward - mean * known) * (known.size / total))


def doubly_robust(log: LoggedRows, policy: PolicyRows) -> Linear:
    terms = policy.direct + (policy.weight + policy.untried) * (log.reward - log.expected)
    mean = float(terms.mean())
    return Linear(mean, terms - mean)


def interval(estimate: Linear, person: Rows, sampled: float = 0.0) -> Interval:
    """Without two persons everything is possible. `sampled`: as that of deviation_of."""
    if sampled >= 1.0:
        return Interval(estimate.mean, estimate.mean, estimate.mean)
    deviation, persons = deviation_of(estimate.parts, person, sampled)
    if persons < 2:
        return Interval(estimate.mean, -np.inf, np.inf)
    reach = float(stdtrit(persons - 1, (1.0 + CONFIDENCE) / 2)) * deviation
    return Interval(estimate.mean, estimate.mean - reach, estimate.mean + reach)


def deviation_of(parts: Column, person: Rows, sampled: float = 0.0) -> tuple[float, int]:
    """The standard error of a mean whose rows are `parts` from it, by person; and how many persons there are.
    `sampled`: their share of those whose mean is asked for, which leaves so much less to chance (Cochran 1977, section
    2.6); 0 where it is asked of others like these."""
    if not parts.size:
        return np.inf, 0
    _, index = np.unique(person, return_inverse=True)
    sums = np.bincount(index, parts)
    persons = sums.size
    if persons < 2:
        return np.inf, persons
    variance = persons / (persons - 1) * float(np.square(sums).sum()) / parts.size**2 * (1.0 - sampled)
    return float(np.sqrt(variance)), persons
