"""The compiled forest beside LightGBM: the same doubles and the same leaves, from every way to ask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.forest.compiled import Side, compile_forest
from services.scoring.domain.forest.text import read_model
from tests.support.random_forests import RandomForest, odd_rows

Floats = NDArray[np.float64]

CANDIDATES = (1, 40, 4, 5, 200, 1_300)
"""Of one customer after the other: few go one way through the kernels, many another, more than a tile in parts."""


def check_identical(forest: RandomForest, seed: int, rows: int) -> None:
    """By row, and as candidates of customers among 200 actions: as many each."""
    source = np.random.default_rng(seed)
    model = read_model(forest.text)
    compiled = compile_forest(model, forest.sides)
    together = odd_rows(source, forest, model, rows)
    check_rows(compiled.predict(together), compiled.predict_leaves(together), forest, together)
    at = {side: [place for place, each in enumerate(forest.sides) if each is side] for side in Side}
    actions = odd_rows(source, forest, model, 200)
    bound = compiled.bind(actions[:, at[Side.ACTION]])
    customers = 0
    while rows:
        count = min(CANDIDATES[customers % len(CANDIDATES)], rows)
        places = source.integers(0, len(actions), count).astype(np.intp)
        asked = odd_rows(source, forest, model, count)
        asked[:, at[Side.CUSTOMER]] = asked[0, at[Side.CUSTOMER]]
        asked[:, at[Side.ACTION]] = actions[places][:, at[Side.ACTION]]
        arguments = (asked[0, at[Side.CUSTOMER]], places, asked[:, at[Side.CROSS]])
        check_rows(bound.scores(*arguments), bound.leaves(*arguments), forest, asked)
        customers, rows = customers + 1, rows - count


def check_rows(scores: Floats, leaves: NDArray[np.int32], forest: RandomForest, rows: Floats) -> None:
    assert scores.tobytes() == forest.raw(rows).tobytes()
    assert np.array_equal(leaves, forest.leaves(rows))
