"""Decisions side by side: what they ask of the other services is asked for all of them together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from services.orchestrator.app.batch.desks import RoundCampaigns, RoundLog, RoundProfiles, RoundRules, RoundScorer
from services.orchestrator.app.batch.round import Round
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.surroundings import Surroundings
from shared.errors import Internal, TandemError

SIDE_BY_SIDE = 64
"""More gain little, and keep everybody else waiting."""

_log = logging.getLogger("tandem.orchestrator.decide")

T = TypeVar("T")
Work = Callable[[Surroundings, DecideCommand], Awaitable[T]]


async def side_by_side(world: Surroundings, commands: Sequence[DecideCommand], work: Work[T]) -> list[T | TandemError]:
    """What the work makes of each command, in their order, in a world where its questions wait for those of the others;
    or the error that it raised."""
    round_ = Round(len(commands))
    together = _in_round(world, round_)

    async def done(command: DecideCommand) -> T | TandemError:
        try:
            return await work(together, command)
        except TandemError as failure:
            return failure
        except Exception:  # noqa: BLE001  a fault in one of them is not the others'
            _log.exception("a decision of a batch", extra={"fields": {"decide_request_id": command.request_id}})
            return Internal("INTERNAL", "the decision failed; the log has why", metadata={"service": "orchestrator"})

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(round_.member(done(command))) for command in commands]
    finally:
        await round_.close()
    return [task.result() for task in tasks]


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
