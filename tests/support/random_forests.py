"""Random LightGBM models, and rows that lie on, beside and far from what their splits compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.forest.model import ForestModel

Floats = NDArray[np.float64]

OBJECTIVES = ("binary", "regression", "regression_l1", "huber", "quantile", "poisson", "tweedie", "cross_entropy")
ODD_NUMBERS = (0.0, -0.0, np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324, 1e-36, -1e-36, 1e-35, -1e-35, 1.1e-35)
ODD_CATEGORIES = (
    -1.0,
    -0.5,
    -1e300,
    0.0,
    0.9,
    2.5,
    31.0,
    32.0,
    999.0,
    2.0**31 - 1,
    2.0**31,
    1e300,
    np.inf,
    -np.inf,
    np.nan,
)


@dataclass(frozen=True, slots=True, eq=False)
class RandomForest:
    booster: Any
    sides: tuple[Side, ...]
    categorical: tuple[int, ...]

    @property
    def text(self) -> str:
        return str(self.booster.model_to_string())

    def raw(self, rows: Floats) -> Floats:
        return np.asarray(self.booster.predict(rows, raw_score=True, num_threads=1), np.float64)

    def leaves(self, rows: Floats) -> NDArray[np.int32]:
        answer = np.asarray(self.booster.predict(rows, pred_leaf=True, num_threads=1))
        return answer.reshape(len(rows), -1).astype(np.int32)


def random_forest(seed: int, *, most_leaves: int = 255, most_trees: int = 40, rows: int = 3_000) -> RandomForest:
    """Every fourth has more than 64 leaves to a tree, if it may; some trees have one leaf."""
    source = np.random.default_rng(seed)
    features = int(source.integers(3, 20))
    categorical = tuple(np.flatnonzero(source.random(features) < 0.3).tolist())
    values = _training_rows(source, rows, features, categorical)
    parameters = _parameters(source, seed, features, categorical, most_leaves)
    target = _target(source, values, parameters["objective"])
    data = lightgbm.Dataset(values, target, categorical_feature=list(categorical), free_raw_data=True)
    booster = lightgbm.train(parameters, data, int(source.integers(1, most_trees + 1)))
    sides = tuple(np.array(list(Side), dtype=object)[source.integers(0, 3, features)])
    return RandomForest(booster, sides, categorical)


def odd_rows(source: np.random.Generator, forest: RandomForest, model: ForestModel, count: int) -> Floats:
    """A third of the values are thresholds or their neighbours, or what is odd; the rest like those trained on."""
    features = len(model.feature_names)
    rows = _training_rows(source, count, features, forest.categorical)
    for feature in range(features):
        splits = [tree.threshold[tree.feature == feature] for tree in model.trees]
        near = np.concatenate([np.zeros(1), *splits])
        odd = np.array(ODD_NUMBERS)
        if feature in forest.categorical:
            near, odd = source.integers(-2, 400, 50).astype(np.float64), np.array(ODD_CATEGORIES)
        beside = source.choice(np.concatenate([near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf)]), count)
        chosen = source.random(count)
        rows[:, feature] = np.where(chosen < 0.2, beside, rows[:, feature])
        rows[:, feature] = np.where(chosen > 0.87, source.choice(odd, count), rows[:, feature])
    return rows


def _training_rows(source: np.random.Generator, count: int, features: int, categorical: tuple[int, ...]) -> Floats:
    rows = source.normal(size=(count, features))
    rows[:, ::3] = np.round(rows[:, ::3] * 2)
    for feature in categorical:
        rows[:, feature] = np.minimum(source.geometric(0.02, count) - 1, 300)
    rows[source.random(rows.shape) < 0.1] = 0.0
    rows[source.random(rows.shape) < 0.1] = np.nan
    return rows


def _target(source: np.random.Generator, rows: Floats, objective: str) -> Floats:
    known = np.nan_to_num(rows)
    signal = known @ source.normal(size=rows.shape[1]) * 0.3 + np.sin(known[:, 0] * known[:, -1])
    signal += (known[:, 0].astype(np.int64) % 3 == 1) + source.normal(size=len(rows)) * 0.3
    if objective in ("binary", "cross_entropy"):
        return np.asarray(signal > np.median(signal), np.float64)
    return np.asarray(np.abs(signal) if objective in ("poisson", "tweedie") else signal, np.float64)


def _parameters(
    source: np.random.Generator, seed: int, features: int, categorical: tuple[int, ...], most_leaves: int
) -> dict[str, Any]:
    few = int(source.integers(2, 65))
    found: dict[str, Any] = {
        "objective": OBJECTIVES[seed % len(OBJECTIVES)],
        "boosting": source.choice(["gbdt", "gbdt", "dart"]),
        "num_leaves": min(most_leaves, int(source.integers(65, 256)) if seed % 4 == 3 else few),
        "min_data_in_leaf": int(source.choice([1, 5, 20, 400])),
        "learning_rate": float(source.choice([0.05, 0.3])),
        "boost_from_average": bool(source.random() < 0.5),
        "use_missing": bool(source.random() < 0.8),
        "zero_as_missing": bool(source.random() < 0.3),
        "max_cat_to_onehot": int(source.choice([1, 4, 400])),
        "min_data_per_group": int(source.choice([1, 50])),
        "cat_smooth": 1.0,
        "extra_trees": bool(source.random() < 0.2),
        "min_gain_to_split": float(source.choice([0.0, 0.0, 1.0])),
        "seed": seed,
        "num_threads": 1,
        "verbose": -1,
    }
    if source.random() < 0.3 and found["objective"] not in ("regression_l1", "quantile"):
        found["monotone_constraints"] = [
            0 if each in categorical else int(source.integers(-1, 2)) for each in range(features)
        ]
    return found
