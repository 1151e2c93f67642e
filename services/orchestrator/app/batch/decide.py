"""A batch of decisions: the flow of one decision, side by side for many, asking everybody for all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.orchestrator.app.batch.side_by_side import SIDE_BY_SIDE, side_by_side
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.flow import Decide
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.decision import Answer
from shared.errors import InvalidArgument, TandemError

PATIENCE = 5
"""How much longer a service may take for all of them than for one."""

Item = DecideCommand | InvalidArgument
"""What was asked, or why it cannot be read."""
Outcome = Answer | TandemError


class DecideBatch:
    def __init__(self, world: Surroundings) -> None:
        self._world = replace(world, budget_ms=world.budget_ms * PATIENCE)

    async def __call__(self, items: Sequence[Item], deadline_ms: int | None = None) -> list[Outcome]:
        """In the order of the items: what Decide would answer or raise for each. Those that come later have as much
        of the time as those that come first."""
        outcomes: list[Outcome] = []
        starts = range(0, len(items), SIDE_BY_SIDE)
        for number, start in enumerate(starts):
            own_ms = self._part_of(deadline_ms, len(starts) - number)
            outcomes += await self._side_by_side(items[start : start + SIDE_BY_SIDE], own_ms)
        return outcomes

    def _part_of(self, deadline_ms: int | None, groups: int) -> int | None:
        """By when the next of so many must be done."""
        if deadline_ms is None:
            return None
        now_ms = self._world.clock()
        return now_ms + (deadline_ms - now_ms) // groups

    async def _side_by_side(self, items: Sequence[Item], deadline_ms: int | None) -> list[Outcome]:
        commands, arrival_ms = [item for item in items if isinstance(item, DecideCommand)], self._world.clock()

        async def decided(world: Surroundings, command: DecideCommand) -> Answer:
            return await Decide(world)(command, deadline_ms, arrival_ms)

        answers = iter(await side_by_side(self._world, commands, decided))
        return [next(answers) if isinstance(item, DecideCommand) else item for item in items]
