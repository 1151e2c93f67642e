"""`tandem demo` on the first visits of the real log: the promise of the README, at a size for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import ROOT

VISITS = 300
KEYS = {"decisions", "decisions_per_s", "p50_ms", "p99_ms", "outcomes", "clicks", "drops", "value", "sample_decision"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run in a folder of its own; the data set is fetched once for all runs, by the cache of the project."""
    folder = tmp_path_factory.mktemp("demo")
    (ROOT / ".cache").mkdir(exist_ok=True)
    (folder / ".cache").symlink_to(ROOT / ".cache")
    paths = os.pathsep.join((str(ROOT), str(ROOT / "shared/gen")))
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "demo", "--visits", str(VISITS)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "TANDEM_LISTEN_ADDRESS": "not of the demo", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def report(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((finished[0] / ".demo/report.json").read_text())
    return document


@pytest.mark.timeout(300)
def test_report_has_the_figures_of_every_visit(report: dict[str, Any]) -> None:
    assert report.keys() >= KEYS
    assert report["decisions"] == VISITS
    assert report["outcomes"] == VISITS
    assert report["clicks"] == 0
    assert report["outbound_decisions"] == VISITS // 20
    assert report["decisions_per_s"] > 0
    assert 0 < report["p50_ms"] <= report["p99_ms"]


def test_drops_are_counted_at_the_stages_of_rules_and_consent(report: dict[str, Any]) -> None:
    assert report["drops"].keys() >= {"ELIGIBILITY", "SUITABILITY", "CONSENT", "ARBITRATION"}
    assert all(count > 0 for count in report["drops"].values())


def test_value_of_each_policy_comes_with_its_uncertainty(report: dict[str, Any]) -> None:
    assert report["value"].keys() == {"tandem", "uniform", "best_single_action"}
    for estimators in report["value"].values():
        assert estimators.keys() == {"snips", "dr"}
        for estimate in estimators.values():
            assert estimate.keys() == {"mean", "low", "high", "ess", "positives", "verdict"}
            assert 0.0 <= estimate["low"] <= estimate["mean"] <= estimate["high"] <= 1.0
            assert estimate["high"] > 0.0
            assert 0.0 <= estimate["ess"] <= VISITS / 2 * (1 + 1e-9)
            assert estimate["verdict"] == "the data cannot tell"
    assert report["value"]["uniform"]["snips"]["ess"] == pytest.approx(VISITS / 2)


def test_sample_decision_tells_why_and_why_not(report: dict[str, Any]) -> None:
    response = report["sample_decision"]["response"]
    (result,) = response["placement_results"]
    (item,) = result["propositions"]["items"]
    worth = item["lever"] * item["propensity"] * item["context_weight"] * item["business_value"] - item.get("cost", 0)
    assert item["priority"] == pytest.approx(worth)
    assert sum(candidate["choice_probability"] for candidate in response["candidates"]) == pytest.approx(1.0)
    reasons = {dropped["rule_id"] for dropped in response["dropped"] if dropped["stage"] != "DROP_STAGE_ARBITRATION"}
    assert reasons & {"line_fits", "for_the_common_second_feature", "mainstream_only", "not_for_the_rare"}


def test_silence_for_want_of_consent_is_shown(report: dict[str, Any]) -> None:
    response = report["no_consent_decision"]["response"]
    assert response["placement_results"][0]["no_action"]["reason"] == "NO_ACTION_REASON_NO_CONSENT"
    assert "DROP_STAGE_CONSENT" in {dropped["stage"] for dropped in response["dropped"]}


def test_people_read_the_figures_and_two_decisions(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, err = finished[1].stdout, finished[1].stderr
    for text in (
        "visits decided        300",
        "the data cannot tell",
        "95 % interval",
        "no action: NO_CONSENT",
        "Why not",
    ):
        assert text in out
    assert f"visits: {VISITS} of {VISITS}" in err
    assert "Traceback" not in err


def test_run_leaves_only_its_report(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    assert [path.name for path in (finished[0] / ".demo").iterdir()] == ["report.json"]
