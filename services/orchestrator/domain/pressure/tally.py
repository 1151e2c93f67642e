"""All that the estimate needs of samples, as sums: stores only add numbers, in any order.

People are spread over buckets by a hash of their profile id, so that all samples of a person are in one: buckets are
independent of each other, samples are not. A tally is one bucket's, or a part of it.

    sums float64[K] over samples; instruments w = (1, p, z), regressors x = (1, p, l)

    0..8     w xᵀ, row by row: 1 p l, p pp pl, z zp zl
    9..11    w y             responses
    12..14   w u             unsubscribes
    15       z z
    16       p v             value per response, by the propensity of one

p propensity, z deviation, l level, y responded, u unsubscribed, v value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.pressure.sample import PressureSample

BUCKETS = 64
SIZE = 17
CROSS, RESPONSES, UNSUBSCRIBES = slice(0, 9), slice(9, 12), slice(12, 15)
INSTRUMENT_SQUARED, VALUE = 15, 16


@dataclass(frozen=True, slots=True, eq=False)
class PressureTally:
    """`sums` float64[K], as drawn above."""

    sums: NDArray[np.float64]

    @classmethod
    def of(cls, sample: PressureSample) -> PressureTally:
        p, z, level = sample.propensity, sample.deviation, sample.level
        y, u = float(sample.responded), float(sample.unsubscribed)
        cross = (1.0, p, level, p, p * p, p * level, z, z * p, z * level)
        outcomes = (y, p * y, z * y, u, p * u, z * u)
        return cls(np.array((*cross, *outcomes, z * z, p * sample.value)))

    def plus(self, other: PressureTally) -> PressureTally:
        return PressureTally(self.sums + other.sums)

    def to_floats(self) -> tuple[float, ...]:
        return tuple(self.sums.tolist())

    @classmethod
    def from_floats(cls, floats: Sequence[float]) -> PressureTally:
        """Raises ValueError where these are sums of something else."""
        if len(floats) != SIZE:
            raise ValueError(f"a tally has {SIZE} sums, not {len(floats)}")
        return cls(np.array(floats, dtype=np.float64))


EMPTY = PressureTally(np.zeros(SIZE))


def bucket_of(profile_id: str) -> int:
    return blake2b(f"pressure\0{profile_id}".encode(), digest_size=1).digest()[0] % BUCKETS
