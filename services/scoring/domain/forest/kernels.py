"""The loops over splits, blocks and candidates; `layout.py` explains the arrays.

Kernels, what they call and constants are in this one file, as numba's cache on disk notices a change of the file that a
kernel is in, and of no other. Types are for the reader: numba compiles for what it is given. They know nothing of a
model, so that activating one compiles nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.forest.jit import inlined, kernel, lowest_bit
from services.scoring.domain.forest.layout import Bound, Classes, Splits

BLOCK = 64
"""Leaves at most."""

NAN_IS_ZERO, MISSING_LEFT, MISSING_RIGHT, MISSING_OR_ZERO_LEFT, MISSING_OR_ZERO_RIGHT, CATEGORY = range(6)
READINGS = 6
"""Of a feature: a missing value is replaced such that `x <= threshold` sends it the right way."""

ZERO = float(np.float32(1e-35))
"""LightGBM takes |x| up to this (kZeroThreshold) for zero."""

Floats = NDArray[np.float64]
Masks = NDArray[np.uint64]
Rows = NDArray[np.intp]

NONE = np.uint64(0)
ONE = np.uint64(1)
LEFT, RIGHT = 0, 1
FEW = 4
"""Candidates up to this number are scored one by one."""
TILE, TILE_VALUES = 1024, 16_384
"""Candidates at a time, and values of theirs: as many as stay in the nearest cache."""


@inlined
def read_value(value: float, reading: int) -> float:
    """As the splits of a column compare it. LightGBM takes (int)x for a category: -0.5 is category 0."""
    if reading == CATEGORY:
        return float(int(value)) if -1.0 < value < 2147483648.0 else -1.0
    if abs(value) <= ZERO:
        value = 0.0
    if reading == NAN_IS_ZERO:
        return 0.0 if np.isnan(value) else value
    if not np.isnan(value) and (value != 0.0 or reading < MISSING_OR_ZERO_LEFT):
        return value
    return -np.inf if reading in (MISSING_LEFT, MISSING_OR_ZERO_LEFT) else np.nan


@inlined
def is_in_set(category: float, start: int, end: int, words: NDArray[np.uint32]) -> bool:
    if category < 0.0:
        return False
    word = start + (int(category) >> 5)
    return word < end and bool((words[word] >> np.uint32(int(category) & 31)) & np.uint32(1))


@kernel
def narrow(values: Floats, splits: Splits, masks: Masks) -> None:
    """Leaves in `masks` uint64[B] what one row of features leaves possible; two passes, the first without branches."""
    read = np.empty(len(splits.columns))
    for c in range(read.size):
        read[c] = read_value(values[splits.columns[c, 0]], splits.columns[c, 1])
    remaining = np.empty(splits.threshold.size, np.uint64)
    for s in range(remaining.size):
        is_left = read[splits.column[s]] <= splits.threshold[s]
        remaining[s] = splits.remaining[LEFT, s] if is_left else splits.remaining[RIGHT, s]
    for k in range(len(splits.categorical)):
        s, start, end = splits.categorical[k]
        if is_in_set(read[splits.column[s]], start, end, splits.words):
            remaining[s] = splits.remaining[LEFT, s]
    for b in range(masks.size):
        mask = masks[b]
        for s in range(splits.starts[b], splits.starts[b + 1]):
            mask &= remaining[s]
        masks[b] = mask


@kernel
def narrow_each(values: Floats, splits: Splits, masks: Masks) -> None:
    """The same for many: values float64[m, features], masks uint64[m, B]."""
    for i in range(len(masks)):
        narrow(values[i], splits, masks[i])


@kernel
def read_columns(values: Floats, start: int, n: int, splits: Splits, read: Floats) -> None:
    """n rows of values float64[., features] to read float64[C, >= n]."""
    for c in range(len(splits.columns)):
        feature, reading = splits.columns[c, 0], splits.columns[c, 1]
        for i in range(n):
            read[c, i] = read_value(values[start + i, feature], reading)


@inlined
def is_open(mask: np.uint64, split: int, splits: Splits) -> bool:
    """Whether the split tells leaves of the mask apart: from one another, or from those in other blocks."""
    return bool(mask & ~(splits.remaining[LEFT, split] & splits.remaining[RIGHT, split]))


@inlined
def any_open(block: int, mask: np.uint64, splits: Splits) -> bool:
    found = False
    for s in range(splits.starts[block], splits.starts[block + 1]):
        found |= is_open(mask, s, splits)
    return found


@inlined
def narrow_block(
    block: int,
    mask: np.uint64,
    n: int,
    places: NDArray[np.uint32],
    classes: Classes,
    read: Floats,
    splits: Splits,
    possible: Masks,
) -> None:
    """possible[i]: what of the block's `mask` the i-th candidate's action and crosses leave."""
    first = classes.starts[block]
    for i in range(n):
        possible[i] = mask & classes.remaining[first + classes.of[block, places[i]]]
    for s in range(splits.starts[block], splits.starts[block + 1]):
        if not is_open(mask, s, splits):
            continue
        left, right, threshold = splits.remaining[LEFT, s], splits.remaining[RIGHT, s], splits.threshold[s]
        column = splits.column[s]
        if splits.set_of[s] < 0:
            for i in range(n):
                possible[i] &= left if read[column, i] <= threshold else right
        else:
            _, start, end = splits.categorical[splits.set_of[s]]
            for i in range(n):
                possible[i] &= left if is_in_set(read[column, i], start, end, splits.words) else right


@kernel
def narrow_candidate(row: int, crosses: Floats, classes: Classes, of_crosses: Splits, masks: Masks) -> None:
    """Leaves in `masks` uint64[B], of a customer, the one leaf of each tree."""
    narrow(crosses, of_crosses, masks)
    for b in range(masks.size):
        masks[b] &= classes.remaining[classes.starts[b] + classes.of[b, row]]


@kernel
def tile_size(columns: int, candidates: int) -> int:
    return max(1, min(TILE, max(64, TILE_VALUES // max(1, columns)), candidates))


@kernel
def are_within(rows: Rows, actions: int) -> bool:
    found = True
    for i in range(rows.size):
        found &= 0 <= rows[i] < actions
    return found


@kernel
def score(customer: Floats, rows: Rows, crosses: Floats, bound: Bound, values: Floats, out: Floats) -> bool:
    """Adds to out float64[n] the leaf values of all trees, in their order: block by block for some candidates, whose
    sums stay in cache. Answers false, and adds nothing, where a row is no action."""
    blocks, of_customer, classes, of_crosses = bound
    if not are_within(rows, classes.of.shape[1]):
        return False
    masks = blocks.full.copy()
    narrow(customer, of_customer, masks)
    if rows.size <= FEW:
        for i in range(rows.size):
            possible = masks.copy()
            narrow_candidate(rows[i], crosses[i], classes, of_crosses, possible)
            for b in range(masks.size):
                out[i] += values[b, lowest_bit(possible[b])]
        return True
    size = tile_size(len(of_crosses.columns), rows.size)
    read, places = np.empty((len(of_crosses.columns), size)), np.empty(size, np.uint32)
    possible = np.empty(size, np.uint64)
    of_class = np.empty(size)
    for start in range(0, rows.size, size):
        n = min(size, rows.size - start)
        for i in range(n):
            places[i] = rows[start + i]
        read_columns(crosses, start, n, of_crosses, read)
        for b in range(masks.size):
            mask = masks[b]
            if mask == NONE:
                continue
            first = classes.starts[b]
            count = classes.starts[b + 1] - first
            if blocks.is_whole[b] and mask & (mask - ONE) == NONE:
                value = values[b, lowest_bit(mask)]
                for i in range(n):
                    out[start + i] += value
                continue
            if count <= n and not any_open(b, mask, of_crosses):
                for c in range(count):
                    of_class[c] = values[b, lowest_bit(mask & classes.remaining[first + c])]
                for i in range(n):
                    out[start + i] += of_class[classes.of[b, places[i]]]
            else:
                narrow_block(b, mask, n, places, classes, read, of_crosses, possible)
                for i in range(n):
                    out[start + i] += values[b, lowest_bit(possible[i])]
    return True


@kernel
def find_leaves(
    customer: Floats, rows: Rows, crosses: Floats, bound: Bound, leaves: NDArray[np.int32], out: NDArray[np.int32]
) -> bool:
    """Adds to out int32[trees, n] the index of each tree's leaf. Answers as `score`."""
    blocks, of_customer, classes, of_crosses = bound
    if not are_within(rows, classes.of.shape[1]):
        return False
    masks = blocks.full.copy()
    narrow(customer, of_customer, masks)
    if rows.size <= FEW:
        for i in range(rows.size):
            possible = masks.copy()
            narrow_candidate(rows[i], crosses[i], classes, of_crosses, possible)
            for b in range(masks.size):
                out[blocks.tree[b], i] += leaves[b, lowest_bit(possible[b])]
        return True
    size = tile_size(len(of_crosses.columns), rows.size)
    read, places = np.empty((len(of_crosses.columns), size)), np.empty(size, np.uint32)
    possible = np.empty(size, np.uint64)
    for start in range(0, rows.size, size):
        n = min(size, rows.size - start)
        for i in range(n):
            places[i] = rows[start + i]
        read_columns(crosses, start, n, of_crosses, read)
        for b in range(masks.size):
            if masks[b] != NONE:
                narrow_block(b, masks[b], n, places, classes, read, of_crosses, possible)
                for i in range(n):
                    out[blocks.tree[b], start + i] += leaves[b, lowest_bit(possible[i])]
    return True
