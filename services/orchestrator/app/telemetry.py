"""What the service tells operators about itself."""

from __future__ import annotations

from typing import Protocol

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.outcome import Outcome


class Telemetry(Protocol):
    """Called once for what happened once: never for an answer given again, never for a simulation."""

    def decided(self, record: DecisionRecord, log_ns: int) -> None:
        """`log_ns`: how long recording the decision took."""
        ...

    def captured(self, outcome: Outcome) -> None:
        """An outcome was taken for the first time."""
        ...

    def rewards_pending(self, count: int) -> None:
        """How many rewards wait for the scoring service."""
        ...
