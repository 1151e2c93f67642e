"""What reports of performance read: narrow rows beside the decisions, and the outcomes of some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.domain.arms import ArmStanding
from shared.values import Feature

Cursor = tuple[int, str]
"""Time and id of a decision."""


@dataclass(frozen=True, slots=True)
class Contacted:
    """One proposition."""

    placement_id: str
    action: str
    channel: str
    treatment: str


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """One decision. `profile_id` is empty for nobody."""

    decision_id: str
    profile_id: str
    decision_time_ms: int
    policy_version: str
    standing: ArmStanding
    campaign_id: str = ""
    segments: tuple[str, ...] = ()
    contacts: tuple[Contacted, ...] = ()

    @property
    def cursor(self) -> Cursor:
        return self.decision_time_ms, self.decision_id


class PerformanceStore(Protocol):
    """Written with decisions (DecisionLog.append), and gone with them. Every method raises Unavailable when the store
    does not answer."""

    async def rows(self, from_ms: int, to_ms: int, after: Cursor | None, limit: int) -> Sequence[PerformanceRow]:
        """Decisions from a moment until before another, the oldest first, behind a cursor."""
        ...

    async def outcomes(self, decision_ids: Sequence[str]) -> Sequence[CapturedOutcome]:
        """All there are of these decisions, in any order."""
        ...

    async def features(self, decision_ids: Sequence[str], name: str) -> Mapping[str, Feature]:
        """One attribute as each of these decisions read it; those that are gone are left out."""
        ...
