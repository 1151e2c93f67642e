"""Tallies of amounts as bytes, within snapshots and base models: only the part of the tables that was used."""

from __future__ import annotations

import msgspec
import numpy as np

from services.scoring.domain.amounts import BUCKETS, Amounts, Floats


class EncodedAmounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`names` are tokens in the order of their rows; `first` is the first bucket that the tables have."""

    names: tuple[int, ...]
    first: int
    counts: bytes
    sums: bytes


def encode_amounts(amounts: Amounts) -> EncodedAmounts | None:
    """None where there are none."""
    if not amounts.rows:
        return None
    part = np.s_[: len(amounts.rows), amounts.used]
    first: int = amounts.used.start
    return EncodedAmounts(tuple(amounts.rows), first, _bytes(amounts.counts[part]), _bytes(amounts.sums[part]))


def decode_amounts(encoded: EncodedAmounts | None) -> Amounts:
    """The same tallies, bit by bit. Raises ValueError where they are none."""
    if encoded is None:
        return Amounts()
    rows = {name: row for row, name in enumerate(encoded.names)}
    counts, sums = _floats(encoded.counts, len(rows)), _floats(encoded.sums, len(rows))
    used = slice(encoded.first, encoded.first + counts.shape[1])
    if counts.shape != sums.shape or len(rows) != len(encoded.names) or not 0 <= used.start < used.stop <= BUCKETS:
        raise ValueError("its amounts do not fit")
    whole = Amounts(rows, np.zeros((len(rows), BUCKETS)), np.zeros((len(rows), BUCKETS)), used)
    whole.counts[:, used], whole.sums[:, used] = counts, sums
    return whole


def _bytes(table: Floats) -> bytes:
    return table.astype("<f8").tobytes()


def _floats(content: bytes, rows: int) -> Floats:
    """(rows, B)."""
    if not rows or not content or len(content) % (8 * rows):
        raise ValueError("its amounts do not fit")
    table = np.frombuffer(content, "<f8").astype(np.float64).reshape(rows, -1)
    if not (np.isfinite(table).all() and (table >= 0.0).all()):
        raise ValueError("its amounts are no numbers")
    return table
