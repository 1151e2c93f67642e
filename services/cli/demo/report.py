"""The figures of a demo run, as `.demo/report.json` holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.orchestrator.v1.orchestrator_service_pb2 import ExplainDecisionResponse

from services.cli.demo.off_policy import Judged, PolicyValues
from services.cli.demo.tally import Tally
from services.cli.output import document_of


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run ends with."""

    policy_version: str
    tally: Tally
    values: PolicyValues
    best_action: str
    """Of the first half: what best_single_action always shows."""
    sample: ExplainDecisionResponse
    """A decision with why and why-not."""
    silent: ExplainDecisionResponse | None
    """One that ended in no-action because consent was missing; None when a short run met none."""
    total_s: float

    def document(self) -> dict[str, Any]:
        tally = self.tally
        return {
            "decisions": tally.decisions,
            "decisions_per_s": round(tally.decisions_per_s, 2),
            "p50_ms": round(tally.latency_ms(0.50), 3),
            "p99_ms": round(tally.latency_ms(0.99), 3),
            "outcomes": tally.impressions,
            "clicks": tally.clicks,
            "drops": dict(tally.drops),
            "value": {name: _kinds(kinds) for name, kinds in self.values.items()},
            "sample_decision": document_of(self.sample),
            "no_consent_decision": document_of(self.silent) if self.silent else None,
            "best_action": self.best_action,
            "outbound_decisions": tally.outbound_decisions,
            "policy_version": self.policy_version,
            "seconds": round(self.total_s, 1),
        }

    def write(self, file: Path) -> None:
        """Beside the target and renamed, so that nobody reads half a report."""
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(self.document(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        partial.replace(file)


def _kinds(kinds: Mapping[str, Judged]) -> dict[str, Any]:
    return {kind: _judged(judged) for kind, judged in kinds.items()}


def _judged(judged: Judged) -> dict[str, Any]:
    estimate = judged.estimate
    return {
        "mean": estimate.mean,
        "low": estimate.low,
        "high": estimate.high,
        "ess": estimate.effective_sample_size,
        "positives": estimate.weighted_positives,
        "verdict": judged.verdict,
    }
