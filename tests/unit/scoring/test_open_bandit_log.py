"""The first 10,000 real visits of a fashion store: 38 clicks, features that are nearly noise.

Predicting each visit before learning it must not cost more than the running click rate does, and the predictions must
sum to the clicks.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration, FeatureSet
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.scoring import ScoreQuery
from shared.values import AttributeType, present

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "obd"
FEATURES = [f"user_feature_{index}" for index in range(4)]


def rows(name: str) -> list[dict[str, str]]:
    path = FOLDER / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"THE REAL LOG IS NOT HERE: {path.name}")
    with gzip.open(path, "rt") as lines:
        return list(csv.DictReader(lines))


def feature_set() -> FeatureSet:
    actions = tuple(
        ActionDeclaration(
            f"item_{row['item_id']}",
            "items",
            "sell",
            {"price": float(row["item_feature_0"]), **{f"kind_{i}": row[f"item_feature_{i}"] for i in (1, 2, 3)}},
        )
        for row in rows("item_context_all")
    )
    return FeatureSet(tuple(FeatureDeclaration(name, AttributeType.STRING) for name in FEATURES), actions)


def prequential() -> tuple[np.ndarray, ...]:
    """Index, prediction, click, and how many visits it stands for: every click, and every fifth of the others."""
    scorer, declared = BayesianScorer(), feature_set()
    compiled = scorer.compile(declared)
    seen = []
    for index, row in enumerate(sorted(rows("random_all"), key=lambda row: row["timestamp"])):
        features = {name: present(row[name]) for name in FEATURES}
        action, place, click = f"item_{row['item_id']}", f"slot_{row['position']}", float(row["click"])
        if click or index % 5 == 0:
            query = ScoreQuery(declared.version, features, [action], ["WEB"], [place])
            seen.append((index, scorer.score(compiled, query).means[0], click, 1 if click else 5))
        reward = Reward(f"k{index}", declared.version, action, "WEB", place, features, click, 0)
        scorer.fold(compiled, LogEntry(index + 1, reward, None))
    return tuple(np.array(column) for column in zip(*seen, strict=True))


def test_predictions_cost_no_more_than_the_running_click_rate_and_sum_to_the_clicks() -> None:
    visits, said, clicks, weights = prequential()
    clicks_before = np.cumsum(clicks) - clicks
    running = (1 + clicks_before) / (20 + visits)
    excess = np.log(np.where(clicks == 1, running / said, (1 - running) / (1 - said))) * weights
    assert excess.sum() - 1.96 * np.sqrt((excess**2).sum()) < 0
    assert excess.sum() < 0.02 * 253  # nats that the running rate costs
    late = visits > 2_500
    expected = (said * weights)[late].sum()
    assert expected == pytest.approx(clicks[late].sum(), abs=2 * np.sqrt(clicks[late].sum()))
