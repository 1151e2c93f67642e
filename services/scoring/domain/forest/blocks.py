"""Cuts trees into blocks, and says what each split leaves possible in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.forest.kernels import (
    BLOCK,
    CATEGORY,
    MISSING_LEFT,
    MISSING_OR_ZERO_LEFT,
    MISSING_OR_ZERO_RIGHT,
    MISSING_RIGHT,
    NAN_IS_ZERO,
    READINGS,
)
from services.scoring.domain.forest.layout import Blocks, Splits
from services.scoring.domain.forest.model import Missing, Tree

MAX_SPLITS = 2_000_000
"""Over all blocks. A tree that is one long branch has each of its splits in many of them."""

_BELOW = np.array([2**position - 1 for position in range(BLOCK + 1)], np.uint64)
"""The bits below a position."""

_SPLIT = np.dtype(
    [
        ("column", np.int64),  # feature within the side * READINGS + reading
        ("threshold", np.float64),
        ("if_left", np.uint64),
        ("if_right", np.uint64),
        ("first_word", np.int64),
        ("words", np.int64),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """A tree with its leaves counted from left to right: those on the left of split s are start[s] to middle[s], those
    on its right middle[s] to end[s]."""

    tree: Tree
    leaves: NDArray[np.int32]
    """Index in the tree of the leaf at each position."""
    start: NDArray[np.int64]
    middle: NDArray[np.int64]
    end: NDArray[np.int64]

    @property
    def block_starts(self) -> range:
        return range(0, self.tree.leaves, BLOCK)


def ordered(tree: Tree) -> Ordered:
    """Two passes: leaves under each split, from the last split up; then positions, from the root down."""
    splits = tree.leaves - 1
    children = list(zip(tree.left.tolist(), tree.right.tolist(), strict=True))
    under = [0] * splits
    for split in range(splits - 1, -1, -1):
        under[split] = sum(1 if child < 0 else under[child] for child in children[split])
    leaves = [0] * tree.leaves
    start, middle, end = [0] * splits, [0] * splits, [0] * splits
    for split, (left, right) in enumerate(children):
        middle[split] = start[split] + (1 if left < 0 else under[left])
        end[split] = start[split] + under[split]
        for child, position in ((left, start[split]), (right, middle[split])):
            if child < 0:
                leaves[position] = ~child
            else:
                start[child] = position
    return Ordered(tree, np.array(leaves, np.int32), *(np.array(each, np.int64) for each in (start, middle, end)))


def blocks_of(trees: Sequence[Ordered]) -> Blocks:
    sizes = np.array([min(tree.tree.leaves - first, BLOCK) for tree in trees for first in tree.block_starts], np.int64)
    counts = [len(tree.block_starts) for tree in trees]
    return Blocks(
        full=_BELOW[sizes],
        is_whole=np.repeat(np.array(counts, np.int64) == 1, counts),
        tree=np.repeat(np.arange(len(trees)), counts),
    )


def by_block(trees: Sequence[Ordered], of_leaves: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """What leaves have, [B, 65]: by block and bit, and 0 at the end for no leaf of the block."""
    table = np.zeros((sum(len(tree.block_starts) for tree in trees), BLOCK + 1), np.result_type(*of_leaves, np.int32))
    block = 0
    for tree, of_leaf in zip(trees, of_leaves, strict=True):
        for first in tree.block_starts:
            chosen = tree.leaves[first : first + BLOCK]
            table[block, : chosen.size] = of_leaf[chosen]
            block += 1
    return table


def splits_on(trees: Sequence[Ordered], features: Sequence[int]) -> Splits:
    """The splits on the features at these places of the model, in this order on their side."""
    parts, starts, words = [np.empty(0, _SPLIT)], [0], [np.empty(0, np.uint32)]
    word_count = 0
    for tree in trees:
        chosen, splits = _chosen(tree.tree, features)
        words += [tree.tree.categories[split] for split in chosen]
        splits["first_word"] += word_count
        word_count += int(splits["words"].sum())
        for first in tree.block_starts:
            parts.append(_in_block(tree, first, chosen, splits))
            starts.append(starts[-1] + parts[-1].size)
        if starts[-1] > MAX_SPLITS:
            raise ValueError(f"the trees are too large and too lopsided: more than {MAX_SPLITS} splits in their blocks")
    found = np.concatenate(parts)
    codes, column = np.unique(found["column"], return_inverse=True)
    categorical = np.flatnonzero(found["words"])
    set_of = np.full(found.size, -1)
    set_of[categorical] = np.arange(categorical.size)
    first_word = found["first_word"][categorical]
    return Splits(
        columns=np.stack([codes // READINGS, codes % READINGS], axis=1),
        column=column.astype(np.uint64),
        threshold=found["threshold"].copy(),
        remaining=np.stack([found["if_left"], found["if_right"]]),
        starts=np.array(starts),
        categorical=np.stack([categorical, first_word, first_word + found["words"][categorical]], axis=1),
        set_of=set_of,
        words=np.concatenate(words),
    )


def _chosen(tree: Tree, features: Sequence[int]) -> tuple[NDArray[np.intp], NDArray[np.void]]:
    """The indexes of the tree's splits on these features, and what is the same of them in all blocks."""
    place = {feature: place for place, feature in enumerate(features)}
    places = np.array([place.get(feature, -1) for feature in tree.feature.tolist()], np.int64)
    chosen = np.flatnonzero(places >= 0)
    splits = np.zeros(chosen.size, _SPLIT)
    splits["column"] = places[chosen] * READINGS + _readings(tree)[chosen]
    splits["threshold"] = np.where(tree.is_categorical, np.nan, tree.threshold)[chosen]
    splits["words"] = [tree.categories[split].size for split in chosen]
    splits["first_word"] = np.cumsum(splits["words"]) - splits["words"]
    return chosen, splits


def _in_block(tree: Ordered, first: int, chosen: NDArray[np.intp], splits: NDArray[np.void]) -> NDArray[np.void]:
    """Those of the splits that have leaves in the block from position `first`."""
    start, middle, end = (np.clip(each[chosen] - first, 0, BLOCK) for each in (tree.start, tree.middle, tree.end))
    found = splits.copy()
    found["if_left"] = ~(_BELOW[end] ^ _BELOW[middle])
    found["if_right"] = ~(_BELOW[middle] ^ _BELOW[start])
    return found[end > start]


def _readings(tree: Tree) -> NDArray[np.int64]:
    is_left = tree.is_default_left
    with_zero = np.where(is_left, MISSING_OR_ZERO_LEFT, MISSING_OR_ZERO_RIGHT)
    with_nan = np.where(is_left, MISSING_LEFT, MISSING_RIGHT)
    numerical = np.select(
        [tree.missing == Missing.NAN, tree.missing == Missing.ZERO], [with_nan, with_zero], NAN_IS_ZERO
    )
    return np.where(tree.is_categorical, CATEGORY, numerical)
