"""The arrays that the kernels read.

A tree is cut into blocks of at most 64 leaves, in their order from left to right: a set of a block's leaves is a mask,
one uint64. A split is in every block that has leaves under it, and says which of them its two outcomes leave possible:
over all splits of a tree one leaf remains, in one of its blocks (after QuickScorer: Lucchese et al., SIGIR 2015, whose
masks leave several and take the lowest, which would not tell what a customer has decided).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Blocks(NamedTuple):
    """B blocks in the order of their trees. Tuples with names, here and below: numba knows no dataclasses."""

    full: NDArray[np.uint64]
    """All leaves of each block, uint64[B]."""
    is_whole: NDArray[np.bool_]
    """Whether the block is all of its tree, bool[B]."""
    tree: NDArray[np.int64]
    """Index of its tree, int64[B]."""


class Splits(NamedTuple):
    """S splits on the features of one side, in C columns: a column is a feature in one reading."""

    columns: NDArray[np.int64]
    """Feature within the side, and reading, int64[C, 2]."""
    column: NDArray[np.uint64]
    """Of each split, uint64[S]; unsigned, as numba tests what is signed for being negative."""
    threshold: NDArray[np.float64]
    """float64[S]; NaN at a categorical split."""
    remaining: NDArray[np.uint64]
    """What stays possible where the value goes left, and right, uint64[2, S]."""
    starts: NDArray[np.int64]
    """Block b has the splits from starts[b] to starts[b + 1], int64[B + 1]."""
    categorical: NDArray[np.int64]
    """The categorical splits: index, start and end of the set's words, int64[K, 3]."""
    set_of: NDArray[np.int64]
    """Of each split the index in `categorical`; -1 at a numerical one, int64[S]."""
    words: NDArray[np.uint32]
    """The sets as bits."""


class Classes(NamedTuple):
    """What A actions decide of B blocks: those of one class leave the same leaves possible."""

    of: NDArray[np.uint16]
    """Class of each action within each block, uint16[B, A]."""
    starts: NDArray[np.int64]
    """Block b has the classes from starts[b] to starts[b + 1], int64[B + 1]."""
    remaining: NDArray[np.uint64]
    """Of all classes."""


class Bound(NamedTuple):
    """All that decides on leaves."""

    blocks: Blocks
    of_customer: Splits
    classes: Classes
    of_crosses: Splits
