"""Finding decisions: by whom they were for, by what they led to, by their time, or by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.domain.decision_results import DecisionResult, PlacementResult

Cursor = tuple[int, str]
"""Time and id of a decision: what follows it in a list comes after."""


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """What all decisions of a list have in common. Empty, 0 and None: whatever."""

    profile_ids: tuple[str, ...] | None = None
    """For one of these; an empty tuple is nobody."""
    action: str = ""
    channel: str = ""
    result: DecisionResult | None = None
    """With the action and the channel: of one and the same placement."""
    start_ms: int = 0
    end_ms: int | None = None
    """Before it."""

    @property
    def asks_for_results(self) -> bool:
        return bool(self.action or self.channel or self.result is not None)

    def meets(self, results: Sequence[PlacementResult]) -> bool:
        """Whether one of them is as asked for."""
        return not self.asks_for_results or any(
            (not self.action or each.action == self.action)
            and (not self.channel or each.channel == self.channel)
            and self.result in (None, each.result)
            for each in results
        )


@dataclass(frozen=True, slots=True)
class DecisionSummary:
    """A decision in a list."""

    decision_id: str
    profile_id: str
    decision_time_ms: int
    policy_version: str
    model_version: str
    """Empty where nothing was scored, and of decisions of before lists were kept."""
    results: tuple[PlacementResult, ...]
    """Likewise."""

    @property
    def cursor(self) -> Cursor:
        return self.decision_time_ms, self.decision_id


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """`after`: where the next page begins; None at the end. A page may be short, even empty, before the end: the work
    of one call is bounded."""

    decisions: tuple[DecisionSummary, ...]
    after: Cursor | None = None


class DecisionIndex(Protocol):
    """Every method raises Unavailable (STORE_UNAVAILABLE) when the store does not answer."""

    async def find(self, query: DecisionQuery, limit: int, after: Cursor | None = None) -> DecisionPage:
        """The newest first."""
        ...

    async def sample(self, start_id: str, limit: int) -> Sequence[DecisionSummary]:
        """The next ones from an id on, by id, and from the beginning again after the last: ids are hashes, so with an
        id that was drawn by chance it is a sample by chance."""
        ...

    async def prune(self, before_ms: int, limit: int) -> int:
        """Deletes the oldest decisions that were recorded before a moment, with their outcomes, and keeps what
        GoneDecision says; how many."""
        ...

    async def forget_gone(self, before_ms: int, limit: int) -> int:
        """Deletes what was kept of decisions that are gone and were recorded before a moment; how many."""
        ...
