"""Going back to the former champion where the new one breaks a bound."""

from __future__ import annotations

import asyncio
import logging

from services.scoring.app.health import Checkup
from services.scoring.app.ports import HealthObserver, ModelStore
from services.scoring.domain.assignments import rolled_back
from services.scoring.domain.health.bounds import Bounds, reason_to_roll_back
from services.scoring.domain.models import Assignment
from shared.clock import Clock
from shared.ids import content_hash, new_id

_log = logging.getLogger("tandem.scoring")


class RollBack:
    """The use case; see `__call__`."""

    def __init__(self, store: ModelStore, observer: HealthObserver, bounds: Bounds, clock: Clock) -> None:
        self._store = store
        self._observer = observer
        self._bounds = bounds
        self._clock = clock

    async def __call__(self, checkup: Checkup) -> Assignment | None:
        """What is used now, where this call changed it: of several replicas one does.

        The former champion then has no former one: it is not gone back from.
        """
        assignment, presentations = checkup.report.assignment, checkup.judging
        now_ms = self._clock()
        reason = await asyncio.to_thread(reason_to_roll_back, presentations, assignment, self._bounds, now_ms)
        if reason is None:
            return None
        wanted = rolled_back(assignment, now_ms, f"rolled back: {reason}")
        stored = await self._store.assign(new_id("roll_back"), content_hash(wanted), wanted)
        if stored is None:
            return None  # somebody else changed it meanwhile; the next look is at what is used then
        self._observer.rolled_back(stored.objective)
        fields = {"objective": stored.objective, "from": assignment.champion, "to": stored.champion, "cause": reason}
        _log.warning("the champion was rolled back", extra={"fields": fields})
        return stored
