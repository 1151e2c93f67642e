"""The units of resources that the draws of a decision take: each draw all that it uses, or it cannot stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from services.orchestrator.app.decide.budget import VOLUME_SHARE, Budget
from services.orchestrator.app.decide.choose import Choice
from services.orchestrator.app.volume.quotas import Quotas, Shortage, Taken
from services.orchestrator.domain.arbitration.slots import SILENCE, SlotDraw
from services.orchestrator.domain.refusals import Refusal
from services.orchestrator.domain.volume.resources import MILLIONTHS
from services.orchestrator.domain.volume.standing import VolumeStanding

Slot = tuple[int, int]


class Hold:
    """What one decision holds so far, by slot. `standing` None: nothing is limited."""

    def __init__(self, standing: VolumeStanding | None, quotas: Quotas, choice: Choice, budget: Budget) -> None:
        self._standing = standing
        self._quotas = quotas
        self._budget = budget
        self._option = choice.contest.option
        self.taken: dict[Slot, Taken] = {}

    async def first_refused(self, draws: Sequence[SlotDraw]) -> tuple[int, Refusal] | None:
        """Which of the draws cannot stand, and why; None where all can."""
        if self._standing is None:
            return None
        for index, draw in enumerate(draws):
            slot = (draw.place, draw.slot)
            if draw.row == SILENCE or slot in self.taken:
                continue
            uses = self._standing.uses_of(int(self._option[draw.row]), is_again=draw.sticky is not None)
            if not uses:
                continue
            deadline_ms = self._budget.share(VOLUME_SHARE)
            answer = await self._quotas.take(uses, draw.place, draw.slot, deadline_ms=deadline_ms)
            if isinstance(answer, Shortage):
                return index, _refusal(draw, answer)
            self.taken[slot] = answer
        return None

    def keep(self, slots: Collection[Slot]) -> None:
        """The others come to nothing."""
        for slot in [each for each in self.taken if each not in slots]:
            self._quotas.give_back(self.taken.pop(slot))


def _refusal(draw: SlotDraw, short: Shortage) -> Refusal:
    return Refusal(
        draw.place, draw.slot, draw.row, resource=short.resource_id, room=short.room, unreachable=short.unreachable
    )


def bids_of(choice: Choice, taken: Mapping[Slot, Taken], reserve: float) -> dict[str, float]:
    """Money per unit that the first draw of each resource brings beyond silence, the price of the unit left out."""
    bids: dict[str, float] = {}
    for draw in choice.draws:
        held = taken.get((draw.place, draw.slot))
        if held is None:
            continue
        gain = float(choice.priority[draw.row]) - reserve
        for use in held.uses:
            bids.setdefault(use.resource_id, gain * MILLIONTHS / use.used + use.price)
    return bids
