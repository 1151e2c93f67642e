"""The figures of a demo run, and how its progress is told."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tandem.common.v1.stage_pb2 import DropStage, StageCount
from tandem.orchestrator.v1.orchestrator_service_pb2 import ExplainDecisionResponse

from services.cli.demo.off_policy import policy_values
from services.cli.demo.progress import progress
from services.cli.demo.recorded import Recorded
from services.cli.demo.report import Report
from services.cli.demo.tally import Tally
from services.cli.demo.view import report_view
from services.cli.demo.visits import ITEM_COUNT, Visit


def report() -> Report:
    tally = Tally(
        decisions=4, outbound_decisions=1, impressions=4, clicks=1, decide_ms=[4.0, 1.0, 2.0, 3.0], walk_s=0.5
    )
    tally.add_drops([StageCount(stage=DropStage.DROP_STAGE_CONSENT, count=3)])
    tally.add_drops([StageCount(stage=DropStage.DROP_STAGE_CONSENT, count=2)])
    visits = [Visit(i, 0, 1, i, 1 / ITEM_COUNT, i == 3, ("a",), ()) for i in range(4)]
    recorded = Recorded(np.full((2, ITEM_COUNT), 1 / ITEM_COUNT), np.full((2, ITEM_COUNT), np.nan))
    sample = ExplainDecisionResponse()
    sample.response.decision_id = "d_1"
    values = policy_values(visits[:2], visits[2:], recorded)
    return Report("policy_1", tally, values, "item_00", sample, None, total_s=1.26)


def test_document_has_the_figures_under_their_agreed_names() -> None:
    document = report().document()
    assert document["decisions"] == 4
    assert document["decisions_per_s"] == 8.0
    assert (document["p50_ms"], document["p99_ms"]) == (2.5, pytest.approx(3.97))
    assert (document["outcomes"], document["clicks"]) == (4, 1)
    assert document["drops"] == {"CONSENT": 5}
    assert document["value"]["tandem"]["snips"].keys() == {"mean", "low", "high", "ess", "positives", "verdict"}
    assert document["value"]["tandem"]["snips"]["mean"] == pytest.approx(0.5)
    assert document["sample_decision"]["response"]["decision_id"] == "d_1"
    assert document["no_consent_decision"] is None


def test_file_holds_the_document_and_no_half_written_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    report().write(file)
    assert json.loads(file.read_text()) == json.loads(json.dumps(report().document()))
    assert list(tmp_path.iterdir()) == [file]


def test_people_read_the_same_figures() -> None:
    console = Console(width=100, file=io.StringIO())
    with console.capture() as captured:
        console.print(report_view(report()))
    text = captured.get()
    for figure in ("4  (and 1 outbound decisions)", "p50 2.5 ms, p99 4.0 ms", "CONSENT 5", "500.00", "cannot tell"):
        assert figure in text


def test_progress_without_a_terminal_is_ten_plain_lines() -> None:
    output = io.StringIO()
    with progress(Console(file=output), "visits", 50) as advance:
        for _ in range(50):
            advance()
    lines = output.getvalue().splitlines()
    assert len(lines) == 10
    assert (lines[0], lines[-1]) == ("visits: 5 of 50", "visits: 50 of 50")


def test_progress_on_a_terminal_is_a_bar() -> None:
    output = io.StringIO()
    with progress(Console(file=output, force_terminal=True), "visits", 3) as advance:
        for _ in range(3):
            advance()
    assert "3/3" in output.getvalue()
