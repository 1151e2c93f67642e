"""One process at a time works through what happened: whoever holds the lease.

A step that does not get through is dropped with everything in memory, and the work begins again from the store.
"""

from __future__ import annotations

import asyncio
import logging

from services.rules.app.triggers.bell import wait
from services.rules.app.triggers.caution import Caution
from services.rules.app.triggers.courier import TraitCourier
from services.rules.app.triggers.leader import Leader
from services.rules.app.triggers.lease import Lease
from services.rules.app.triggers.world import TriggerWorld
from shared.background import end_if_cancelled
from shared.errors import Aborted, TandemError
from shared.ids import new_id

IDLE_S = 0.2
"""How late what another process recorded is noticed, at most."""
RETRY_S = 1.0

_log = logging.getLogger("tandem.rules.triggers")


class Consumer:
    def __init__(self, world: TriggerWorld) -> None:
        self._world = world
        self._lease = Lease(world.stores.leases, new_id("consumer"), world.options.lease_ms, world.clock)
        self._courier = TraitCourier(world)
        self._caution = Caution(world.options.batch)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                pause_s = await self._try()
                await asyncio.sleep(pause_s)
        finally:
            await asyncio.shield(self._lease.release())

    async def _try(self) -> float:
        """As long as nothing fails; answers after how many seconds to try again."""
        try:
            async with self._lease.held() as fence:
                if fence is not None:
                    async with self._courier.running():
                        await self._lead(fence)
        except Aborted as failure:
            _log.info("triggers begin again from the store", extra={"fields": {"cause": failure.message}})
            return 0
        except TandemError as failure:
            _log.warning("triggers wait", extra={"fields": {"cause": failure.message}})
        except Exception:  # noqa: BLE001 - the top of a background loop
            self._caution.fell()
            _log.exception("a step of the triggers failed")
        end_if_cancelled()
        return RETRY_S

    async def _lead(self, fence: int) -> None:
        """Until something fails, somebody else takes over, or another rule set is activated."""
        leader = await Leader.start(self._world, fence, self._caution)
        while leader is not None:
            self._lease.check()
            ring = self._world.bell.next_ring()
            is_busy = await leader.step()
            self._caution.stood()
            if not is_busy:
                await wait(ring, IDLE_S)
