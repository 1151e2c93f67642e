"""The reward log as presentations: the first entry of a key is one, what comes later is what became of it.

In the order of the log, which is the order in which outcomes became known. A failure comes into the log when it has
waited for as long as a success would have (the caller's work), so at every place of the log both are there at their
shares: nothing has to be left out at its end. Erased entries are not there any more, and neither is what they led to.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.base_model.shown_table import ShownRows, ShownTable
from services.scoring.domain.feature_set import ActionDeclaration, FeatureSet
from services.scoring.domain.logs.log import Column
from services.scoring.domain.rewards import LogEntry

MAX_PRESENTATIONS = 500_000
MAX_CELLS = 20_000_000
"""Presentations times features; the newest are kept. A training's memory grows by about 75 bytes a cell, the forest
included: 1.5 GB at most."""
_SLACK = 1.25


@dataclass(frozen=True, slots=True)
class Correction:
    """Since the entry at `position`, the presentation at `row` is worth `reward`; `value` is its amount, if any."""

    row: int
    position: int
    reward: float
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Presentations:
    """N of them. `position` int64[N]: of the first entry; `time_ms` int64[N]: of its reward; `first` float64[N]: the
    reward of it; `first_value` float64[N]: its amount, NaN where nobody says. `dropped`: how many older ones there were
    no room for."""

    table: ShownTable
    position: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    first: Column
    first_value: Column
    corrections: tuple[Correction, ...]
    dropped: int

    def __len__(self) -> int:
        return len(self.table)

    def rewards(self, through: int | None = None) -> Column:
        """float64[N], as they were after an entry of the log; default: the last one."""
        found = self.first.copy()
        for each in self.corrections:
            if through is None or each.position <= through:
                found[each.row] = each.reward
        return found

    def values(self, through: int | None = None) -> Column:
        """float64[N], what successes were worth, as `rewards` were; NaN where nobody says, and of what is none."""
        found = self.first_value.copy()
        for each in self.corrections:
            if through is None or each.position <= through:
                found[each.row] = each.value
        return found


class PresentationReader:
    """Takes the entries of one objective in their order."""

    def __init__(
        self, since_ms: int = 0, max_presentations: int = MAX_PRESENTATIONS, max_cells: int = MAX_CELLS
    ) -> None:
        self._since_ms = since_ms
        self._max_presentations = max_presentations
        self._max_cells = max_cells
        self._rows = ShownRows()
        self._row_of: dict[str, int] = {}
        self._keys: deque[str] = deque()
        self._position, self._time_ms = array("q"), array("q")
        self._first, self._first_value = array("d"), array("d")
        self._corrections: list[Correction] = []
        self._dropped = 0
        self._actions: dict[str, Mapping[str, ActionDeclaration]] = {}

    def add(self, entry: LogEntry, feature_set: FeatureSet) -> None:
        """`feature_set` is the reward's own."""
        reward, key = entry.reward, entry.reward.reward_key
        value = nan if reward.value is None else reward.value
        if entry.previous_reward is not None:
            if key in self._row_of:
                self._corrections.append(Correction(self._row_of[key], entry.position, reward.reward, value))
            return
        action = self._actions_of(feature_set).get(reward.action)
        time_ms = reward.reward_time_ms or 0
        if action is None or time_ms < self._since_ms:
            return
        self._row_of[key] = self._dropped + len(self._rows)
        self._keys.append(key)
        self._rows.add(Shown(reward.features, action, reward.channel, reward.placement_id))
        self._position.append(entry.position)
        self._time_ms.append(time_ms)
        self._first.append(reward.reward)
        self._first_value.append(value)
        if len(self._rows) > _SLACK * self._room():
            self._drop()

    def presentations(self) -> Presentations:
        self._drop()
        return Presentations(
            self._rows.table(),
            np.array(self._position, np.int64),
            np.array(self._time_ms, np.int64),
            np.array(self._first, np.float64),
            np.array(self._first_value, np.float64),
            tuple(replace(each, row=each.row - self._dropped) for each in self._corrections),
            self._dropped,
        )

    def _room(self) -> int:
        return min(self._max_presentations, self._max_cells // max(self._rows.names, 1))

    def _drop(self) -> None:
        count = len(self._rows) - self._room()
        if count <= 0:
            return
        self._rows.drop_first(count)
        for column in (self._position, self._time_ms, self._first, self._first_value):
            del column[:count]
        self._dropped += count
        for _ in range(count):
            key = self._keys.popleft()
            if self._row_of.get(key, self._dropped) < self._dropped:  # a key that was erased may have come again
                del self._row_of[key]
        self._corrections = [each for each in self._corrections if each.row >= self._dropped]

    def _actions_of(self, feature_set: FeatureSet) -> Mapping[str, ActionDeclaration]:
        found = self._actions.get(feature_set.version)
        if found is None:
            found = self._actions[feature_set.version] = {each.action: each for each in feature_set.actions}
        return found
