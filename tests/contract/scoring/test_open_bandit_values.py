"""Published values of the Open Bandit Dataset: what its production policy earns, from the log of the random one.

Saito et al. 2021. The policy's probabilities of every item at every position are those that 100,000 draws of its
priors gave. 38 and 46 clicks: every interval is wide.
"""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.evaluation.log_evaluation import LogEvaluation, evaluate
from tests.support.logs import log_of
from tests.support.real_data import real_file

SPEC = """\
action: item_id
reward: click
choice_probability: propensity_score
position: position
time: timestamp
features: {user_feature_0: categorical, user_feature_1: categorical, user_feature_2: categorical}
targets: {production: production}
"""
NAMES = ("timestamp", "item_id", "position", "click", "propensity_score", *(f"user_feature_{i}" for i in range(3)))
PUBLISHED = {"all": (0.004553, 0.004776, 0.0050), "men": (0.004534, 0.004604, 0.0067)}
"""IPS, SNIPS, and the click rate of the complete log of the production policy."""


def evaluation(folder: Path, policy: str, campaign: str) -> LogEvaluation:
    target = json.loads(real_file("obd/bts_action_dist.json").read_text())["dist"][campaign]
    with gzip.open(real_file(f"obd/{policy}_{campaign}.csv.gz"), "rt") as lines:
        rows = list(csv.DictReader(lines))
    columns = {name: [row[name] for row in rows] for name in NAMES}
    columns["production"] = [target[int(row["item_id"])][int(row["position"]) - 1] for row in rows]
    return evaluate(log_of(folder, columns, SPEC), LightGbmLearner(), 0.5, 0)


@pytest.mark.parametrize("campaign", PUBLISHED)
def test_published_values_are_reproduced(tmp_path: Path, campaign: str) -> None:
    found = evaluation(tmp_path, "random", campaign)
    by_ips, by_snips, rate = PUBLISHED[campaign]
    production = found.policies["production"].values
    assert production.estimates["ips"].mean == pytest.approx(by_ips, rel=0.02)
    assert production.estimates["snips"].mean == pytest.approx(by_snips, rel=0.02)
    for kind in ("ips", "snips"):
        assert production.estimates[kind].low < rate < production.estimates[kind].high
    assert found.inverse_probability.mean == pytest.approx(found.actions)
    for name in ("best_single_action", "tandem", "production"):
        assert found.policies[name].verdict.startswith("the data cannot tell: ")


def test_from_the_production_log_the_random_policy_is_hardly_known(tmp_path: Path) -> None:
    found = evaluation(tmp_path, "bts", "all")
    uniform = found.policies["uniform"].values
    assert uniform.effective_sample_size == pytest.approx(340, abs=5)
    assert uniform.estimates["snips"].low < 0.0038 < uniform.estimates["snips"].high
    assert uniform.estimates["snips"].high > 0.05
    assert found.policies["uniform"].verdict.startswith("the data cannot tell: ")
