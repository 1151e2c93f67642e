"""Small base models over the actions of `tests.support.scoring`, by LightGBM."""

from __future__ import annotations

from functools import cache

import lightgbm
import numpy as np

from services.scoring.domain.base_model.columns import Shown, columns_of
from services.scoring.domain.base_model.content import ModelContent
from services.scoring.domain.base_model.matrices import matrix_of
from services.scoring.domain.feature_set import CrossDeclaration, CrossKind, FeatureSet
from services.scoring.domain.training.calibration import Calibration
from shared.values import Feature, present
from tests.support.scoring import ACTIONS, FEATURES

CROSSES = (
    CrossDeclaration("likes_brand", CrossKind.CONTAINS, "brands", "brand"),
    CrossDeclaration("price_per_age", CrossKind.RATIO, "age", "price"),
)
CROSSED_SET = FeatureSet(FEATURES, ACTIONS, 0.1, crosses=CROSSES)
PLATT = Calibration("platt", 0.7, -0.2)
ISOTONIC = Calibration("isotonic", knots=((-4.0, -3.0), (-1.0, -2.0), (0.0, -0.5), (0.5, -0.5), (4.0, 3.0)))


def random_features(rng: np.random.Generator) -> dict[str, Feature]:
    """Some of them, of a customer."""
    drawn = {
        "age": present(int(rng.integers(1, 80))),
        "tier": present(("gold", "iron", "none")[rng.integers(3)]),
        "brands": present(tuple(brand for brand in ("acme", "bolt", "zest") if rng.random() < 0.5)),
        "context.weather": present(("rain", "sun")[rng.integers(2)]),
    }
    return {name: feature for name, feature in drawn.items() if rng.random() < 0.85}


@cache
def base_content(calibration: Calibration = PLATT, trees: int = 20) -> ModelContent:
    """Customers like what is of their brands, the more in a gold tier."""
    rng = np.random.default_rng(3)
    shown = [
        Shown(random_features(rng), ACTIONS[rng.integers(4)], ("EMAIL", "WEB")[rng.integers(2)], "home")
        for _ in range(2_000)
    ]
    columns = columns_of(CROSSED_SET, shown)
    matrix = matrix_of(columns, shown)
    likes = np.nan_to_num(matrix[:, [column.name for column in columns.columns].index("likes_brand")])
    gold = np.array([each.features.get("tier") == present("gold") for each in shown])
    outcome = rng.random(2_000) < 1.0 / (1.0 + np.exp(1.5 - 1.5 * likes - likes * gold))
    settings = {"objective": "binary", "num_leaves": 8, "verbosity": -1, "num_threads": 1, "deterministic": True}
    data = lightgbm.Dataset(matrix, outcome.astype(float), categorical_feature=list(columns.categorical))
    forest = lightgbm.train(settings, data, trees).model_to_string()
    return ModelContent("success", columns, -1.0, 0, forest, calibration)
