"""A batch of decisions: the flow of one decision, side by side for many, asking everybody for all of them together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from services.orchestrator.app.batch.desks import RoundCampaigns, RoundLog, RoundProfiles, RoundRules, RoundScorer
from services.orchestrator.app.batch.round import Round
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.flow import Decide
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.decision import Answer
from shared.errors import Internal, InvalidArgument, TandemError

SIDE_BY_SIDE = 64
"""More gain little, and keep everybody else waiting."""
PATIENCE = 5
"""How much longer a service may take for all of them than for one."""

_log = logging.getLogger("tandem.orchestrator.decide")

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
        commands = [item for item in items if isinstance(item, DecideCommand)]
        round_, arrival_ms = Round(len(commands)), self._world.clock()
        decide = Decide(_in_round(self._world, round_))

        async def decided(command: DecideCommand) -> Outcome:
            try:
                return await decide(command, deadline_ms, arrival_ms)
            except TandemError as failure:
                return failure
            except Exception:  # noqa: BLE001  a fault in one of them is not the others'
                _log.exception("a decision of a batch", extra={"fields": {"decide_request_id": command.request_id}})
                return Internal(
                    "INTERNAL", "the decision failed; the log has why", metadata={"service": "orchestrator"}
                )

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(round_.member(decided(command))) for command in commands]
        finally:
            await round_.close()
        answers = (task.result() for task in tasks)
        return [next(answers) if isinstance(item, DecideCommand) else item for item in items]


def _in_round(world: Surroundings, round_: Round) -> Surroundings:
    together = world.together
    return replace(
        world,
        profiles=RoundProfiles(round_, world.profiles, together),
        rules=RoundRules(round_, together),
        scorer=RoundScorer(round_, together),
        campaigns=RoundCampaigns(round_, world.campaigns),
        log=RoundLog(round_, world.log),
    )
