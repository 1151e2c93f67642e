"""A forest made ready: what an action decides of each tree is worked out when it is published, what the customer
decides once a request; a candidate then costs about a look-up per tree, and a comparison per open split on crosses.

Answers are the doubles of `Booster.predict(raw_score=True)` and the integers of `pred_leaf=True`, bit by bit. Nothing
here changes after it was made, so a new model or catalogue is swapped in by one assignment. The loops hold no GIL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.forest import kernels
from services.scoring.domain.forest.blocks import blocks_of, by_block, ordered, splits_on
from services.scoring.domain.forest.layout import Bound, Classes, Splits
from services.scoring.domain.forest.model import ForestModel, Tree

Floats = NDArray[np.float64]
Leaves = NDArray[np.int32]
Rows = NDArray[np.intp]

T = TypeVar("T", np.float64, np.intp, np.int32)

MAX_ACTIONS = 2**16
"""Of one catalogue: a class is a uint16."""


class Side(Enum):
    """Whose a feature is. Sides keep the order that their features have in the model."""

    CUSTOMER = "customer"
    ACTION = "action"
    CROSS = "cross"
    """Of customer and action together: known per candidate."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundForest:
    """T trees for one catalogue of A actions, in B blocks."""

    trees: int
    values: Floats
    """Of leaves, float64[B, 65]."""
    leaf_indexes: Leaves
    """Of leaves, int32[B, 65]."""
    bound: Bound
    customer_features: int
    cross_features: int

    def scores(self, customer: Floats, rows: Rows, crosses: Floats) -> Floats:
        """Raw scores of n candidates of one customer, float64[n].

        customer float64[customer features]; rows intp[n], the candidates' places among the actions; crosses
        float64[n, cross features]. Missing values are NaN. ValueError for other shapes, IndexError for no such place.
        """
        out = np.zeros(len(rows))
        is_known = kernels.score(*self._checked(customer, rows, crosses), self.bound, self.values, out)
        return self._answer(out, is_known)

    def leaves(self, customer: Floats, rows: Rows, crosses: Floats) -> Leaves:
        """The leaf of each candidate in each tree, int32[n, T], laid out tree by tree (Fortran order)."""
        out = np.zeros((self.trees, len(rows)), np.int32)
        is_known = kernels.find_leaves(*self._checked(customer, rows, crosses), self.bound, self.leaf_indexes, out)
        return self._answer(out.T, is_known)

    def _answer(self, out: NDArray[T], is_known: bool) -> NDArray[T]:
        if not is_known:
            raise IndexError(f"rows must be from 0 to {self.bound.classes.of.shape[1] - 1}")
        return out

    def _checked(self, customer: Floats, rows: Rows, crosses: Floats) -> tuple[Floats, Rows, Floats]:
        return (
            _plain(customer, (self.customer_features,), np.float64),
            _plain(rows, (len(rows),), np.intp),
            _plain(crosses, (len(rows), self.cross_features), np.float64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class CompiledForest:
    by_row: BoundForest
    """With one action without features, and every feature a cross."""
    of_customer: Splits
    of_action: Splits
    of_crosses: Splits
    customer_features: int
    action_features: int
    cross_features: int

    def bind(self, actions: Floats) -> BoundForest:
        """For the actions with these features, float64[A, action features], A at most MAX_ACTIONS."""
        actions = _plain(actions, (len(actions), self.action_features), np.float64)
        if len(actions) > MAX_ACTIONS:
            raise ValueError(f"{len(actions)} actions are more than {MAX_ACTIONS}")
        masks = np.tile(self.by_row.bound.blocks.full, (len(actions), 1))
        kernels.narrow_each(actions, self.of_action, masks)
        return replace(
            self.by_row,
            bound=Bound(self.by_row.bound.blocks, self.of_customer, _classes(masks), self.of_crosses),
            customer_features=self.customer_features,
            cross_features=self.cross_features,
        )

    def predict(self, rows: Floats) -> Floats:
        """Raw scores of many subjects: float64[n, features] to float64[n]."""
        return self.by_row.scores(np.empty(0), np.zeros(len(rows), np.intp), rows)

    def predict_leaves(self, rows: Floats) -> Leaves:
        """The leaf of each subject in each tree: float64[n, features] to int32[n, T]."""
        return self.by_row.leaves(np.empty(0), np.zeros(len(rows), np.intp), rows)


def compile_forest(model: ForestModel, sides: Sequence[Side]) -> CompiledForest:
    """`sides` says of each feature of the model whose it is. ValueError for another length, or beyond MAX_SPLITS."""
    if len(sides) != len(model.feature_names):
        raise ValueError(f"the model has {len(model.feature_names)} features, not {len(sides)}")
    trees = [ordered(tree) for tree in model.trees]
    features = {side: [index for index, each in enumerate(sides) if each is side] for side in Side}
    of = {side: splits_on(trees, chosen) for side, chosen in features.items()}
    blocks = blocks_of(trees)
    by_row = BoundForest(
        trees=len(trees),
        values=by_block(trees, [tree.leaf_value for tree in model.trees]).astype(np.float64),
        leaf_indexes=by_block(trees, [np.arange(tree.leaves) for tree in model.trees]).astype(np.int32),
        bound=Bound(
            blocks, splits_on(trees, []), _classes(blocks.full[np.newaxis]), splits_on(trees, range(len(sides)))
        ),
        customer_features=0,
        cross_features=len(sides),
    )
    return CompiledForest(
        by_row,
        of[Side.CUSTOMER],
        of[Side.ACTION],
        of[Side.CROSS],
        *(len(features[side]) for side in (Side.CUSTOMER, Side.ACTION, Side.CROSS)),
    )


def warm_up() -> None:
    """Compiles the kernels, or takes them from numba's cache: seconds or a tenth of one; for a thread at the start."""
    stump = Tree(
        feature=np.zeros(1, np.int32),
        threshold=np.zeros(1),
        is_categorical=np.zeros(1, np.bool_),
        is_default_left=np.zeros(1, np.bool_),
        missing=np.zeros(1, np.int8),
        left=np.array([-1], np.int32),
        right=np.array([-2], np.int32),
        leaf_value=np.zeros(2),
        categories=(np.empty(0, np.uint32),),
    )
    compiled = compile_forest(ForestModel(("x",), (0,), "", (stump,)), (Side.ACTION,))
    compiled.bind(np.zeros((1, 1)))
    compiled.predict(np.zeros((1, 1)))
    compiled.predict_leaves(np.zeros((1, 1)))


def _classes(masks: NDArray[np.uint64]) -> Classes:
    """Of masks uint64[A, B]."""
    actions, blocks = masks.shape
    of, remaining = np.empty((blocks, actions), np.uint16), []
    for block in range(blocks):
        different, of[block] = np.unique(masks[:, block], return_inverse=True)
        remaining.append(different)
    starts = np.cumsum([0, *map(len, remaining)])
    return Classes(of, starts, np.concatenate([np.empty(0, np.uint64), *remaining]))


def _plain(array: NDArray[T], shape: tuple[int, ...], dtype: type[T]) -> NDArray[T]:
    """In the layout that the kernels are compiled for: for another one they would be, in the midst of a call."""
    if array.shape != shape:
        raise ValueError(f"an array of {shape} expected, not of {array.shape}")
    array = np.ascontiguousarray(array, dtype)
    return array if array.flags.carray else array.copy()
