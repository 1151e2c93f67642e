"""Sets of actions as Python ints: bit i is the action of index i. For the kernel, the same as words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

WORD_BITS = 64


def mask_of(indexes: Iterable[int], count: int) -> int:
    bits = np.zeros(count, dtype=np.uint8)
    bits[list(indexes)] = 1
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def members_of(mask: int, count: int) -> NDArray[np.int64]:
    """The indexes, ascending."""
    packed = np.frombuffer(mask.to_bytes((count + 7) // 8, "little"), dtype=np.uint8)
    # As bools, of which numpy finds the true ones many times faster than the non-zero ones of bytes.
    return np.flatnonzero(np.unpackbits(packed, bitorder="little", count=count).view(np.bool_))


def words_of(mask: int, width: int) -> NDArray[np.uint64]:
    """uint64[width / WORD_BITS], read-only; `width` is in whole words."""
    return np.frombuffer(mask.to_bytes(width // 8, "little"), np.uint64)
