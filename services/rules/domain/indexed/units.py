"""What falls, as bits: units are the actions and, behind them, the treatments that have rules of their own.

    bit            stage_place * count + unit       stage_place: place of the stage among those that have rules
    unit           0 .. A-1 an action, A .. count-1 a treatment

One Python int holds all stages, so that one OR per look-up decides for every stage at once. Without rules of treatments
and channels there are no bits for treatments: they cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.indexed.members import members_of
from services.rules.domain.rule_set import Stage

Bits = tuple[int, ...]

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
    def width(self) -> int:
        return self.count * len(self.stages)

    def bits(self, stage: Stage, units: Sequence[int]) -> Bits:
        offset = self.stages.index(stage) * self.count
        return tuple(offset + unit for unit in units)

    def split(self, fallen: int) -> tuple[int, Mapping[Stage, int]]:
        """The units that are left, and those that fell by the stage at which they fell first."""
        alive = (1 << self.count) - 1
        by_stage = _NONE.copy()
        for stage in self.stages:
            by_stage[stage] = dropped = fallen & alive
            alive ^= dropped
            fallen >>= self.count
        return alive, by_stage

    def actions_in(self, mask: int) -> int:
        return mask & ((1 << self.actions) - 1) if self.treatments else mask

    def treatments_in(self, mask: int) -> NDArray[np.int64]:
        """Places among the treatments."""
        return members_of(mask >> self.actions, len(self.treatments))

    def dropped_treatments(self, alive: int, eligible: NDArray[np.int64]) -> tuple[str, ...]:
        """The treatments that fell although their action did not."""
        return self.treatments_without(self.treatments_in(alive), eligible) if self.treatments else ()

    def treatments_without(self, alive: NDArray[np.int64], eligible: NDArray[np.int64]) -> tuple[str, ...]:
        """The same; `alive` holds the places of the treatments that are left."""
        of_eligible = np.zeros(self.actions, dtype=np.bool_)
        of_eligible[eligible] = True
        fell = of_eligible[self.treatment_action]
        fell[alive] = False
        return tuple(self.treatments[place] for place in np.flatnonzero(fell).tolist())
