"""The compiled forest answers what LightGBM answers: the same doubles and the same leaves, for any model and any row.

Random models of many objectives, with categories, with every kind of missing value, from one leaf to 200 and more; rows
on, beside and far from the thresholds. Each row by itself, and as a candidate of a customer.
"""

from __future__ import annotations

import time

from services.scoring.domain.forest.text import read_model
from tests.support.forest_checks import check_identical
from tests.support.promises import Promise
from tests.support.random_forests import random_forest


def test_every_score_and_leaf_is_that_of_lightgbm(promise: Promise) -> None:
    models = promise.strength(reduced=12, full=100)
    rows = promise.strength(reduced=2_000, full=10_000)
    most_leaves = trees = categorical = splits = 0
    started = time.monotonic()
    for seed in range(models):
        forest = random_forest(seed)
        model = read_model(forest.text)
        check_identical(forest, seed, rows)
        most_leaves = max([most_leaves, *(tree.leaves for tree in model.trees)])
        trees += len(model.trees)
        splits += sum(tree.feature.size for tree in model.trees)
        categorical += sum(int(tree.is_categorical.sum()) for tree in model.trees)
    promise.figure("models", models)
    promise.figure("rows of each, by themselves and again as candidates", rows)
    promise.figure("trees", trees)
    promise.figure("splits", splits)
    promise.figure("splits on categories", categorical)
    promise.figure("leaves of the largest tree", most_leaves)
    promise.figure("seconds of comparing", round(time.monotonic() - started, 1))
    assert most_leaves > 64
    assert 0 < categorical < splits
