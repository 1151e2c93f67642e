"""What falls, as bits: units are the actions and, behind them, the treatments that have rules of their own.

    bit            stage_place * stride + unit      stage_place: place of the stage among those that have rules
    unit           0 .. A-1 an action, A .. count-1 a treatment
    stride         count, rounded up to whole words of WORD_BITS

One Python int, or one row of words, holds all stages, so that one OR per look-up decides for every stage at once.
Without rules of treatments and channels there are no bits for treatments: they cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.indexed.kernel import survivors
from services.rules.domain.indexed.members import WORD_BITS, members_of
from services.rules.domain.rule_set import Stage

Bits = tuple[int, ...]

_NOTHING = np.empty(0, np.int64)
_NONE = dict.fromkeys(Stage, 0)


@dataclass(frozen=True, slots=True)
class Units:
    """`treatments` holds the names of the units behind the actions, `treatment_action` int64[T] their actions."""

    actions: int
    treatments: tuple[str, ...]
    treatment_action: NDArray[np.int64]
    stages: tuple[Stage, ...]

    @property
    def count(self) -> int:
        return self.actions + len(self.treatments)

    @property
    def stride(self) -> int:
        return -(-self.count // WORD_BITS) * WORD_BITS

    @property
    def width(self) -> int:
        return self.stride * len(self.stages)

    def bits(self, stage: Stage, units: Sequence[int]) -> Bits:
        offset = self.stages.index(stage) * self.stride
        return tuple(offset + unit for unit in units)

    def split(self, fallen: int) -> Mapping[Stage, int]:
        """The units that fell, by the stage at which they fell first."""
        alive = (1 << self.count) - 1
        by_stage: dict[Stage, int] = {}
        for stage in self.stages:
            by_stage[stage] = dropped = fallen & alive
            alive ^= dropped
            fallen >>= self.stride
        return by_stage

    def left(self, fallen: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64], Mapping[Stage, int]]:
        """Ascending the actions that are left, the places of the treatments that are; how many actions fell first at
        which stage. `fallen` is uint64[width / WORD_BITS]."""
        dropped = np.empty(len(self.stages), np.int64)
        units = survivors(fallen, self.count, self.actions, dropped)
        by_stage = _NONE | dict(zip(self.stages, dropped.tolist(), strict=True))
        if not self.treatments:
            return units, _NOTHING, by_stage
        actions = int(np.searchsorted(units, self.actions))
        return units[:actions], units[actions:] - self.actions, by_stage

    def actions_in(self, mask: int) -> NDArray[np.int64]:
        return members_of(mask & ((1 << self.actions) - 1), self.actions)

    def treatments_in(self, mask: int) -> NDArray[np.int64]:
        """Places among the treatments."""
        return members_of(mask >> self.actions, len(self.treatments))

    def dropped_treatments(self, alive: NDArray[np.int64], eligible: NDArray[np.int64]) -> tuple[str, ...]:
        """Those that fell although their action did not; `alive` holds the places of the treatments that are left."""
        if not self.treatments:
            return ()
        of_eligible = np.zeros(self.actions, dtype=np.bool_)
        of_eligible[eligible] = True
        fell = of_eligible[self.treatment_action]
        fell[alive] = False
        return tuple(self.treatments[place] for place in np.flatnonzero(fell).tolist())
