"""Every contact that was made, one small row each: what conversions are matched with, and what attribution counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Contact:
    """One presentation. `cost` in millionths of the policy's currency."""

    presentation: str
    """As its reward is called where there are no objectives."""
    decision_id: str
    profile_id: str
    """The person's when it was decided; empty for nobody."""
    time_ms: int
    """That was decided for."""
    channel: str
    action: str
    campaign: str
    cost: int
    is_shown: bool
    """Whether it is known to have been seen, or delivered to somebody."""
    matching_ms: int | None = None
    """Conversions of the person until then may be its success; None: none."""


@dataclass(frozen=True, slots=True)
class CostShare:
    """What the contacts of one kind cost."""

    channel: str
    action: str
    campaign: str
    contacts: int
    cost: int


class ContactHistory(Protocol):
    """Written with outcomes (OutcomeStore.append). Every method raises Unavailable when the store does not answer."""

    async def shown(self, profile_ids: Sequence[str], from_ms: int, to_ms: int) -> tuple[Contact, ...]:
        """Contacts with these profiles that were seen, from a moment until another, both included, in their order."""
        ...

    async def costs(self, from_ms: int, to_ms: int) -> tuple[CostShare, ...]:
        """Of all contacts from a moment until before another, seen or not."""
        ...
