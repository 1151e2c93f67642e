"""The one random draw of a slot: a number that depends on the slot alone, and what it picks from a recorded vector.

A slot whose contact the ledger refused is drawn again, by another number: the one that led to the refusal is no longer
uniform, given that it did.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_BITS = 53


def uniform(decision_id: str, placement_id: str, slot: int, refusals: int = 0) -> float:
    """A number in [0, 1), the same whenever the same slot of the same decision asks: 53 bits of BLAKE2b.

    `refusals`: how many contacts the ledger had refused this decision before.
    """
    again = f"\x1f{refusals}" if refusals else ""
    seed = f"{decision_id}\x1f{placement_id}\x1f{slot}{again}".encode()
    digest = hashlib.blake2b(seed, digest_size=8).digest()
    return float((int.from_bytes(digest) >> (64 - _BITS)) / 2.0**_BITS)


def pick(probabilities: NDArray[np.float64], number: float) -> int:
    """The index whose share of [0, 1) holds `number`; shares lie in the order of the vector."""
    edges = np.cumsum(probabilities)
    drawn = int(np.searchsorted(edges, number * edges[-1], side="right"))
    return min(drawn, int(np.flatnonzero(probabilities)[-1]))
