"""What successes were worth, tallied: how many amounts of each size an objective, its issues, groups and actions had.

    counts  (N, BUCKETS) float64   how many, by power of two
    sums    (N, BUCKETS) float64   their mantissas added up, in units of 2^-24

An amount m 2^e with 1/2 <= m < 1 is in the bucket of e, an amount of 0 in the first. Both tables hold whole numbers, so
amounts are added and taken away again without a trace, in whatever order, and amounts of all sizes are exact to a
ten-millionth. With the sizes the mean can be read so that one huge order does not outweigh all others (`severity`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.scoring.domain.hashing import Hashes, token

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

MAX_VALUE = 1e12
"""Of a success, in whatever currency."""
MEMORY = 10_000.0
"""Of whoever had twice as many amounts, all count half from then on: what is old gives way to what is new."""
OBJECTIVE = token("amounts", "")
"""The name of all actions together."""
ABSENT = -1
_LEAST, _MOST = -24, 48
"""Exponents: what is smaller counts as nothing, what is greater as the greatest."""
BUCKETS = _MOST - _LEAST + 2
_UNIT = 2.0**24
SIZES: Floats = np.concatenate(([0.0], 2.0 ** np.arange(_LEAST, _MOST + 1)))
"""(BUCKETS,) what amounts of a bucket are below."""
_ROOM = 64
_FAR = 30.0
"""Logarithms beyond this are of no amount."""


def _room(count: int) -> Floats:
    return np.zeros((count, BUCKETS))


@dataclass(slots=True)
class Amounts:
    """Mutable. `rows` are those of the tables that belong to a name, by its token; the tables have room for more. No
    amount was ever in a bucket outside `used`."""

    rows: dict[int, int] = field(default_factory=dict)
    counts: Floats = field(default_factory=lambda: _room(0))
    sums: Floats = field(default_factory=lambda: _room(0))
    used: slice = field(default_factory=lambda: slice(0, 0))

    def add(self, names: Sequence[int], amount: float) -> None:
        """One more amount, finite and at least 0, of everybody whose token is named, each once."""
        bucket, mantissa = _place(amount)
        self.used = _with(self.used, bucket)
        for row in map(self._row, names):
            self.counts[row, bucket] += 1.0
            self.sums[row, bucket] += mantissa
            if self.counts[row].sum() >= 2.0 * MEMORY:
                self.counts[row] *= 0.5
                self.sums[row] *= 0.5

    def take_away(self, names: Sequence[int], amount: float) -> None:
        """An amount that was added does not count any more. What is not there, or was forgotten, is let be."""
        bucket, mantissa = _place(amount)
        for row in (self.rows[name] for name in names if name in self.rows):
            if self.counts[row, bucket] > 1.0:
                self.counts[row, bucket] -= 1.0
                self.sums[row, bucket] = max(self.sums[row, bucket] - mantissa, 0.0)
            else:
                self.counts[row, bucket] = self.sums[row, bucket] = 0.0

    def find(self, names: Hashes) -> Rows:
        """Rows by token, ABSENT for those that had no amount; any shape."""
        get = self.rows.get
        found = np.fromiter((get(name, ABSENT) for name in names.ravel().tolist()), np.intp, names.size)
        return found.reshape(names.shape)

    def copy(self) -> Amounts:
        return Amounts(dict(self.rows), self.counts.copy(), self.sums.copy(), self.used)

    def _row(self, name: int) -> int:
        row = self.rows.setdefault(name, len(self.rows))
        if row == len(self.counts):
            more = _room(max(_ROOM, row))
            self.counts, self.sums = np.concatenate((self.counts, more)), np.concatenate((self.sums, more))
        return row


def amounts_of(raw: Floats, log_scale: float) -> Floats:
    """What a forest of amounts expects, of its raw scores."""
    expected: Floats = np.exp(np.clip(raw + log_scale, -_FAR, _FAR))
    return expected


def money(sums: Floats, used: slice) -> Floats:
    """Of sums by bucket, (n, B) of those used: what they are in money, in each bucket."""
    return sums * (SIZES[used] / _UNIT)


def _with(used: slice, bucket: int) -> slice:
    if used.start == used.stop:
        return slice(bucket, bucket + 1)
    return slice(min(used.start, bucket), max(used.stop, bucket + 1))


def _place(amount: float) -> tuple[int, float]:
    """The bucket, and the mantissa in units."""
    mantissa, exponent = math.frexp(amount)
    if amount <= 0.0 or exponent < _LEAST:
        return 0, 0.0
    if exponent > _MOST:
        mantissa, exponent = 1.0, _MOST
    return exponent - _LEAST + 1, float(round(mantissa * _UNIT))
