"""An observer of the scoring service that remembers."""

from __future__ import annotations

from collections.abc import Mapping

from services.scoring.domain.health.report import HealthReport
from services.scoring.domain.scoring import Floats


class Watcher:
    """`refused` by objective; `unusable` counts; `results` of rewards; `dropped` models, in order."""

    def __init__(self) -> None:
        self.results: dict[str, int] = {}
        self.position = -1
        self.refused: dict[str, bool] = {}
        self.dropped: list[str] = []
        self.unusable_scores = 0
        self.skipped: dict[str, int] = {}

    def scored(self, means: Floats) -> None: ...

    def rewarded(self, results: Mapping[str, int]) -> None:
        for name, count in results.items():
            self.results[name] = self.results.get(name, 0) + count

    def model_is(self, model_id: str, position: int, age_seconds: float) -> None:
        assert model_id
        assert age_seconds >= 0
        self.position = position

    def model_dropped(self, model_id: str) -> None:
        self.dropped.append(model_id)

    def assignment_is(self, objective: str, is_refused: bool) -> None:
        self.refused[objective] = is_refused

    def not_learnt(self, objective: str, count: int) -> None:
        self.skipped[objective] = self.skipped.get(objective, 0) + count

    def unusable(self, objective: str, count: int) -> None:
        assert objective
        self.unusable_scores += count

    def health_is(self, report: HealthReport) -> None: ...

    def rolled_back(self, objective: str) -> None: ...
