"""The append-only log of decisions."""

from __future__ import annotations

from typing import Protocol

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.gone_decisions import GoneDecision


class DecisionLog(Protocol):
    """Records never change. Every method raises Unavailable (STORE_UNAVAILABLE) when the store does not answer."""

    async def append(self, record: DecisionRecord) -> bool:
        """Durable when it returns. False, and nothing stored, when the request id has a decision already."""
        ...

    async def get(self, decision_id: str) -> DecisionRecord | None: ...

    async def get_by_request(self, request_id: str) -> DecisionRecord | None: ...

    async def gone(self, decision_id: str) -> GoneDecision | None:
        """What is left of a decision that was erased or pruned."""
        ...
