"""What a person is served again: by profile, sticky key and placement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.orchestrator.domain.sticky import StickyProposition


class StickyStore(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def get(self, profile_id: str, sticky_key: str, now_ms: int) -> tuple[StickyProposition, ...]:
        """Those that have not expired, placement by placement, in the order of their ranks."""
        ...

    async def put(
        self, profile_id: str, sticky_key: str, propositions: Sequence[StickyProposition], now_ms: int
    ) -> None:
        """In place of all that the placements named in them had. Whatever expired may go."""
        ...

    async def forget(self, profile_ids: Sequence[str]) -> None:
        """All of these profiles."""
        ...
