"""The append-only log of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.gone_decisions import GoneDecision


class DecisionLog(Protocol):
    """Records never change. Every method raises Unavailable (STORE_UNAVAILABLE) when the store does not answer."""

    async def append(self, record: DecisionRecord) -> bool:
        """Durable when it returns. False, and nothing stored, when the request id has a decision already, or the
        campaign has one for the person."""
        ...

    async def append_all(self, records: Sequence[DecisionRecord]) -> Sequence[bool]:
        """The same for each, in their order: of two that exclude each other the first one is kept. All of them are
        durable when it returns; when it raises, some may be."""
        ...

    async def get(self, decision_id: str) -> DecisionRecord | None: ...

    async def get_by_request(self, request_id: str) -> DecisionRecord | None: ...

    async def get_by_requests(self, request_ids: Sequence[str]) -> Mapping[str, DecisionRecord]:
        """Of those that have a decision, by request id."""
        ...

    async def gone(self, decision_id: str) -> GoneDecision | None:
        """What is left of a decision that was erased or pruned."""
        ...
