"""How many propositions of a group or an issue one request may get, as columns over the actions.

A *counter* is what is counted together: a group, or an issue. A actions, L declarations, K counters:

    counter  int32[A, L]    ENDLESS = K where the declaration is not about the action
    most     int64[K + 1]   the last one is endless

They join the room that contact limits leave (arbitration.slots.ContactRoom): what has none is not drawn, so that
probabilities stay exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.slots import ContactRoom
from services.orchestrator.domain.catalogue import Action

GROUP, ISSUE = "GROUP", "ISSUE"
_PLENTY = 2**40


@dataclass(frozen=True, slots=True)
class AtMost:
    kind: str
    """GROUP or ISSUE."""
    count: int
    name: str = ""
    """Empty: of each."""

    def counted(self, action: Action) -> str | None:
        """What it counts the action as; None where it does not count it."""
        own = action.group if self.kind == GROUP else action.issue
        return own if self.name in ("", own) else None

    @property
    def rule_id(self) -> str:
        return f"at_most.{self.name or self.kind.lower()}"


@dataclass(frozen=True, slots=True, eq=False)
class AtMostTable:
    """The columns drawn above, made once per policy version."""

    declared: tuple[AtMost, ...]
    counter: NDArray[np.int32]
    most: NDArray[np.int64]
    counter_declared: NDArray[np.int32]
    """int32[K] -> declared"""

    def room(self, action: NDArray[np.int32]) -> ContactRoom:
        """Of the candidates with these actions."""
        return ContactRoom(self.counter[action], self.most)


def at_most_table(actions: Sequence[Action], declared: tuple[AtMost, ...]) -> AtMostTable | None:
    """None where nothing is declared."""
    if not declared:
        return None
    counters: dict[tuple[int, str], int] = {}
    rows = np.full((len(actions), len(declared)), -1, dtype=np.int32)
    for row, action in enumerate(actions):
        for column, each in enumerate(declared):
            counted = each.counted(action)
            if counted is not None:
                rows[row, column] = counters.setdefault((column, counted), len(counters))
    rows[rows < 0] = len(counters)
    most = np.array([*(declared[column].count for column, _ in counters), _PLENTY], dtype=np.int64)
    return AtMostTable(declared, rows, most, np.array([column for column, _ in counters], dtype=np.int32))
