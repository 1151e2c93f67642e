"""Switches of the active policy that are under way, or that ended in the middle.

The services around follow before the pointer moves. Whoever fails or dies in between leaves them with a policy that
does not decide; what is kept of a switch until it is over says that somebody has to bring them back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from shared.background import end_if_cancelled
from shared.clock import Clock
from shared.errors import TandemError
from shared.ids import new_id

PAUSE_S = 5.0
LONGEST_MS = 60_000
"""A switch that is older will not go on by itself."""

_log = logging.getLogger("tandem.orchestrator.policies")


class PolicySwitches(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def begin_switch(self, switch_id: str, begin_ms: int) -> None: ...

    async def unfinished_switches(self, before_ms: int) -> Sequence[str]:
        """Those that began before a moment and were not ended."""
        ...

    async def end_switch(self, switch_id: str) -> bool:
        """False where somebody else ended it."""
        ...


Restore = Callable[[], Awaitable[None]]
"""Has the other services go by the policy that is active now. Idempotent."""


@asynccontextmanager
async def switching(switches: PolicySwitches, restore: Restore, clock: Clock) -> AsyncIterator[None]:
    """Around telling the others of a policy and moving the pointer to it. However that ends, they go by the active
    policy afterwards: at once, or as soon as they answer (FollowActivePolicy)."""
    switch_id = new_id("sw")
    await switches.begin_switch(switch_id, clock())
    try:
        yield
    except Exception:
        await _restored(switches, restore, switch_id)
        raise
    if not await switches.end_switch(switch_id):
        await restore()  # somebody took it for one that had ended, and may have told them of the policy before


async def _restored(switches: PolicySwitches, restore: Restore, switch_id: str) -> None:
    try:
        await restore()
        await switches.end_switch(switch_id)
    except TandemError as failure:
        _log.warning("services may go by another policy for a while", extra={"fields": {"cause": failure.message}})


class FollowActivePolicy:
    """Ends the switches that nobody ends. Any number of replicas may do so at once."""

    def __init__(self, switches: PolicySwitches, restore: Restore, clock: Clock) -> None:
        self._switches = switches
        self._restore = restore
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            try:
                await self.follow()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                end_if_cancelled()
                _log.warning("a switch of policies waits", extra={"fields": {"cause": str(failure)}})

    async def follow(self) -> None:
        """Brings the others to the active policy where a switch ended in the middle."""
        for switch_id in await self._switches.unfinished_switches(self._clock() - LONGEST_MS):
            await self._restore()
            await self._switches.end_switch(switch_id)
            _log.info("brought the services to the active policy after a switch that was not ended")
