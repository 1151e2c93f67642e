"""The background loop that looks after the models: their health as metrics, and roll-back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from services.scoring.app.health import DEFAULT_WINDOW, ModelHealth
from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import HealthObserver, RewardLog
from services.scoring.app.roll_back import RollBack
from services.scoring.domain.health.bounds import Bounds
from shared.clock import Clock

_log = logging.getLogger("tandem.scoring")


@dataclass(frozen=True, slots=True)
class Watchfulness:
    """How often models are looked at, and what happens where one breaks a bound."""

    seconds: float = 60.0
    window: int = DEFAULT_WINDOW
    rolls_back: bool = True
    bounds: Bounds = field(default_factory=Bounds)


class HealthWatch:
    def __init__(
        self,
        log: RewardLog,
        objectives: Objectives,
        health: ModelHealth,
        roll_back: RollBack,
        observer: HealthObserver,
        watchfulness: Watchfulness,
        clock: Clock,
    ) -> None:
        self._log = log
        self._objectives = objectives
        self._health = health
        self._roll_back = roll_back
        self._observer = observer
        self._watchfulness = watchfulness
        self._clock = clock
        self._seen = (-1, 0)
        self._looked_ms = 0
        self._longest_ms = watchfulness.bounds.maturity_ms
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="scoring-health-watch")

    async def stop(self) -> None:
        """Ends the loop after what it is doing. Not by cancelling: see `follow`."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def look(self) -> None:
        """Once; nothing where nothing came since the rewards of before were final. While nothing comes and long windows
        end, it does so sixty times in the longest one."""
        position, now_ms = await self._log.last_position(), self._clock()
        if position != self._seen[0]:
            self._seen = position, now_ms
        elif self._may_rest(now_ms):
            return
        self._looked_ms = now_ms
        checkups = await self._health.checkups(await self._objectives.known(), self._watchfulness.window)
        for checkup in checkups.values():
            self._longest_ms = max(self._longest_ms, checkup.recent.window_ms)
            self._observer.health_is(checkup.report)
            if self._watchfulness.rolls_back:
                await self._roll_back(checkup)

    def _may_rest(self, now_ms: int) -> bool:
        """Where nothing came."""
        is_settled = now_ms - self._seen[1] > self._longest_ms + 2_000 * self._watchfulness.seconds
        return is_settled or now_ms - self._looked_ms < (self._longest_ms - self._watchfulness.bounds.maturity_ms) // 60

    async def _run(self) -> None:
        while not await self._pause():
            try:
                await self.look()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                _log.warning("the models are not looked after", extra={"fields": {"cause": str(failure)}})

    async def _pause(self) -> bool:
        """Waits for the next round; True where there is none."""
        try:
            await asyncio.wait_for(self._stopping.wait(), self._watchfulness.seconds)
        except TimeoutError:
            return False
        return True
