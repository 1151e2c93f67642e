"""The store of contacts that pressure is learnt from, and of the sums of what they taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

Sums = tuple[float, ...]
"""Of domain.pressure.tally, by its order."""


class TallyKey(NamedTuple):
    """What is learnt (`app.pressure.learning`), and a bucket of the people it is learnt from."""

    learning: str
    bucket: int


class PressureStore(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer.

    A decision waits from the moment it is recorded (DecisionLog.append), and no longer when it is erased or pruned.
    """

    async def due(self, now_ms: int, limit: int) -> tuple[str, ...]:
        """Decisions that wait and whose time is over (`learning.due_ms`), longest ago first."""
        ...

    async def fold(self, decision_ids: Sequence[str], sums: Mapping[TallyKey, Sums]) -> bool:
        """Adds the sums, and these decisions wait no longer; both or nothing. False, and nothing stored, where one of
        them no longer waits: another replica folded it, or it is gone."""
        ...

    async def tallies(self, learning: str) -> Mapping[int, Sums]:
        """By bucket, those that there are."""
        ...

    async def count_waiting(self, learning: str | None = None) -> int:
        """Due or not; with `learning` only those whose contacts are added to its sums."""
        ...
