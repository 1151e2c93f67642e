"""Budgets, stock and capacity as the state of a simulation over a sample of an audience.

A person of the sample stands for `weight` persons of the audience, who draw as they do. So a slot uses of a resource

    weight × Σ_o probability(o) × use(o)        of its options o,

as far as there is as much: of the last one the same part of each option, and its rest is drawn once more without what
is short by then. Together never more than the resource has. Amounts are whole millionths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import DecisionRecord, SlotVector
from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.desk import NO_PERIOD, open_account
from services.orchestrator.app.volume.quotas import Shortage, Taken
from services.orchestrator.domain.diff.off_policy import Column
from services.orchestrator.domain.volume.resources import Resource, VolumeTable
from services.orchestrator.domain.volume.standing import ResourceStanding, ResourceUse, VolumeStanding

Short = NDArray[np.bool_]


class SampledVolume:
    """Of one policy. Implements Quotas: what it gives is nobody's."""

    def __init__(self, table: VolumeTable, standing: Sequence[ResourceStanding], weight: float) -> None:
        self._table = table
        self._standing = list(standing)
        self._weight = weight
        self.used: Counter[str] = Counter()
        """By the audience, in millionths."""

    @classmethod
    async def of(cls, policy: ActivePolicy, bank: ResourceBank, now_ms: int, weight: float) -> SampledVolume:
        """What the policy grants, less what decisions have used, at the prices of now. Raises Unavailable."""
        table = policy.compiled.volume
        return cls(table, [await _stands(bank, each, now_ms) for each in table.resources], weight)

    async def standing(
        self,
        policy: ActivePolicy,  # noqa: ARG002  it is of one
        now_ms: int,  # noqa: ARG002
        *,
        deadline_ms: int,  # noqa: ARG002 nobody is asked
    ) -> VolumeStanding | None:
        return None if self._table.is_empty else VolumeStanding(self._table, tuple(self._standing))

    async def take(
        self,
        uses: tuple[ResourceUse, ...],  # noqa: ARG002
        place: int,  # noqa: ARG002
        slot: int,  # noqa: ARG002
        *,
        deadline_ms: int,  # noqa: ARG002
    ) -> Taken | Shortage:
        raise AssertionError("a simulation takes nothing")

    def give_back(self, taken: Taken) -> None:  # noqa: ARG002
        raise AssertionError("a simulation takes nothing")

    def saw(self, standing: VolumeStanding, at_stake: Sequence[bool], bids: Mapping[str, float]) -> None:
        """Nothing is learnt of it."""

    def short(self) -> Short:
        """bool[O, R]: which options a resource has no room for. All that a decision goes by, besides prices."""
        short: Short = self._table.use > self._room()
        return short

    def granted(self, made: DecisionRecord) -> DecisionRecord:
        """The decision with what is really to be had, and that much less for the next one."""
        if self._table.is_empty:
            return made
        return replace(made, slots=tuple(self._granted(made, slot) for slot in made.slots))

    def filled(self, granted: DecisionRecord, instead: DecisionRecord, lost: Sequence[float]) -> DecisionRecord:
        """With what comes in place of what was not to be had: `lost` of each slot is drawn as the decision `instead`,
        which is that of the same person without what is short."""
        others = {(each.place, each.slot): each for each in instead.slots}
        slots = []
        for slot, share in zip(granted.slots, lost, strict=True):
            other = others.get((slot.place, slot.slot))
            chances = slot.probabilities[:-1].copy()
            if other is not None and share > 0.0:
                rows, drawn = _beside(_options(granted, slot), instead, other)
                chances[rows] += self._given(_options(granted, slot)[rows], share * drawn)
            slots.append(_with(slot, chances))
        return replace(granted, slots=tuple(slots))

    def _granted(self, made: DecisionRecord, slot: SlotVector) -> SlotVector:
        return _with(slot, self._given(_options(made, slot), slot.probabilities[:-1]))

    def _given(self, options: NDArray[np.int32], chances: Column) -> Column:
        """As much of the chances as there is room for, and that much is taken."""
        use = self._table.use[options]
        demand = self._weight * (chances @ use)
        room = self._room()
        parts = np.divide(room, demand, out=np.ones(room.size), where=demand > room)
        given: Column = chances * np.where(use > 0, parts, 1.0).min(axis=1, initial=1.0)
        self._take(np.minimum(np.floor(self._weight * (given @ use)), room).astype(np.int64))
        return given

    def _take(self, taken: NDArray[np.int64]) -> None:
        for index, units in enumerate(taken.tolist()):
            if units:
                was = self._standing[index]
                self._standing[index] = replace(was, room=was.room - units)
                self.used[was.resource_id] += units

    def _room(self) -> Column:
        room: Column = np.array([each.room for each in self._standing], dtype=np.float64)
        return room


def lost(made: DecisionRecord, granted: DecisionRecord) -> list[float]:
    """Of each slot: the chance of a contact that was drawn and not to be had."""
    return [
        max(0.0, float(then.probabilities[:-1].sum() - now.probabilities[:-1].sum()))
        for then, now in zip(made.slots, granted.slots, strict=True)
    ]


def _options(made: DecisionRecord, slot: SlotVector) -> NDArray[np.int32]:
    first = int(made.candidates.starts[slot.place])
    return made.candidates.option[first : first + slot.probabilities.size - 1]


def _beside(options: NDArray[np.int32], instead: DecisionRecord, slot: SlotVector) -> tuple[NDArray[np.intp], Column]:
    """The chances of a slot of `instead`, and at which rows of `options` it has them."""
    rows = {option: row for row, option in enumerate(options.tolist())}
    found = [rows.get(option, -1) for option in _options(instead, slot).tolist()]
    there = np.array(found, dtype=np.intp)
    return there[there >= 0], slot.probabilities[:-1][there >= 0]


def _with(slot: SlotVector, chances: Column) -> SlotVector:
    return replace(slot, probabilities=np.append(chances, max(0.0, 1.0 - float(chances.sum()))))


async def _stands(bank: ResourceBank, resource: Resource, now_ms: int) -> ResourceStanding:
    period = resource.period_at(now_ms)
    if period is None:
        return ResourceStanding(resource.resource_id, NO_PERIOD, 0, 0.0)
    account = await open_account(bank, resource, period, now_ms)
    room = max(resource.amount - account.committed, 0)
    return ResourceStanding(resource.resource_id, period.key_ms, room, account.pace.price)
