"""Where a term's weight lives: a stable hash of names and values into a fixed table (Weinberger et al. 2009).

A slot depends on names and values only, never on a feature set or on the process, so that what was learnt survives a
new policy and every replica finds it in the same place.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

TABLE_BITS = 18
TABLE_SIZE = 1 << TABLE_BITS

Hashes = npt.NDArray[np.uint64]
Slots = npt.NDArray[np.int64]

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: multiplicative hashing, Knuth TAOCP 3, §6.4
_REMEMBERED_LENGTH = 128  # longer texts would fill the memory
_SHIFT = np.uint64(64 - TABLE_BITS)


def token(kind: str, name: str, value: str = "") -> int:
    """64 bits for one token. `kind` and `name` hold no unit separator, so that no two tokens share a text."""
    return _remembered(kind, name, value) if len(value) <= _REMEMBERED_LENGTH else _hash(kind, name, value)


def _hash(kind: str, name: str, value: str) -> int:
    text = f"{kind}\x1f{name}\x1f{value}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


_remembered = lru_cache(maxsize=1 << 16)(_hash)


def slots(hashes: Hashes) -> Slots:
    """The slots of single tokens; any shape."""
    return ((hashes * _ODD) >> _SHIFT).view(np.int64)


def cross_slots(rows: Hashes, columns: Hashes) -> Slots:
    """The slots of the crosses of every row token with every column token: (R,) and (C,) give (R, C)."""
    crossed: Hashes = rows[:, None] ^ columns[None, :]
    crossed *= _ODD
    crossed >>= _SHIFT
    return crossed.view(np.int64)
