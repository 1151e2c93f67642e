"""States of subjects in memory: right while this process holds the lease and nobody else writes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from services.rules.domain.triggers.state import SubjectState


class StateCache:
    """The most recently used ones; None for a subject that has none."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._states: OrderedDict[str, SubjectState | None] = OrderedDict()

    def __contains__(self, profile_id: str) -> bool:
        return profile_id in self._states

    def get(self, profile_id: str) -> SubjectState | None:
        self._states.move_to_end(profile_id)
        return self._states[profile_id]

    def put(self, states: Mapping[str, SubjectState | None]) -> None:
        for profile_id, state in states.items():
            self._states[profile_id] = state
            self._states.move_to_end(profile_id)
        while len(self._states) > self._capacity:
            self._states.popitem(last=False)

    def clear(self) -> None:
        self._states.clear()
