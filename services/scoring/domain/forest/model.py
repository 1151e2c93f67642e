"""A boosted forest as arrays: what LightGBM's model file says, checked, and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Missing(IntEnum):
    """Which values of a numerical split are missing ones: they go its default way. Numbers as in the file."""

    NONE = 0
    """None: NaN counts as 0."""
    ZERO = 1
    """Zero and NaN."""
    NAN = 2


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """N splits and N + 1 leaves. Split 0 is the root, and a split comes before those under it; a child c >= 0 is split
    c, a child c < 0 is leaf ~c. Numerical: left where x <= threshold. Categorical: left where the category is in the
    set."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    """May be infinite, never NaN; of no meaning at a categorical split."""
    is_categorical: NDArray[np.bool_]
    is_default_left: NDArray[np.bool_]
    missing: NDArray[np.int8]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    leaf_value: NDArray[np.float64]
    """Finite, float64[N + 1]."""
    categories: tuple[NDArray[np.uint32], ...]
    """Per split the set as bits: category c is bit c % 32 of word c // 32. Empty at a numerical split."""

    @property
    def leaves(self) -> int:
        return self.leaf_value.size


@dataclass(frozen=True, slots=True, eq=False)
class ForestModel:
    """The raw score of a row is the sum of one leaf value per tree, added in the order of the trees."""

    feature_names: tuple[str, ...]
    vocabulary_sizes: tuple[int, ...]
    """Per feature one more than the highest category known in training; 0 for a numerical or unused feature."""
    objective: str
    """As in the file, such as `binary sigmoid:1`; empty where the objective was the caller's own."""
    trees: tuple[Tree, ...]
