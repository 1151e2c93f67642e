"""What one replica knows of pressure: the estimates of what all replicas learnt, in memory, off the decision path.

A store that does not answer leaves the last known estimate in force: prices go on as they were.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from services.orchestrator.app.active_policies import ActivePolicies, ActivePolicy, PolicyUnreadable
from services.orchestrator.app.pressure.fold import FoldPressure
from services.orchestrator.app.pressure.learning import learning_key
from services.orchestrator.app.pressure.store import PressureStore
from services.orchestrator.app.telemetry import Telemetry
from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate, estimate
from services.orchestrator.domain.pressure.tally import BUCKETS, EMPTY, PressureTally
from shared.background import end_if_cancelled
from shared.clock import Clock
from shared.errors import TandemError

BEAT_S = 1.0
"""Between two looks at whether another policy, which learns something else, became the active one."""
ROUND_MS = 30_000
"""Between two rounds of learning."""
FOLD_MS = 20_000
"""Of a round: after a large campaign the estimate is refreshed meanwhile, too."""
KEPT = 16
"""Estimates of the last active policies: rolling back, and comparing with one of them, finds its own."""

_log = logging.getLogger("tandem.orchestrator.pressure")


@dataclass(frozen=True, slots=True)
class Learnt:
    """An estimate, and when its sums were read."""

    estimate: PressureEstimate
    time_ms: int


class LearntPressure:
    """Implements PressureEstimates."""

    def __init__(self, store: PressureStore, policies: ActivePolicies, telemetry: Telemetry, clock: Clock) -> None:
        self._store = store
        self._policies = policies
        self._telemetry = telemetry
        self._clock = clock
        self._learnt: dict[str, Learnt] = {}

    def current(self, policy: ActivePolicy) -> PressureEstimate:
        learnt = self.known(policy)
        return NO_ESTIMATE if learnt is None else learnt.estimate

    def known(self, policy: ActivePolicy) -> Learnt | None:
        """None where nobody looked yet, and where the policy declares no pressure."""
        return None if policy.compiled.pressure is None else self._learnt.get(learning_key(policy))

    async def look(self) -> None:
        """Reads what the active policy learns, where nobody looked yet. Raises Unavailable."""
        policy = await self._policies.current()
        if policy is not None and self.known(policy) is None:
            await self.refresh()

    async def refresh(self) -> None:
        """What all replicas learnt until now, for what the active policy learns. Raises Unavailable."""
        policy = await self._policies.current()
        if policy is None or policy.compiled.pressure is None:
            return
        key, now_ms = learning_key(policy), self._clock()
        sums = await self._store.tallies(key)
        tallies = [PressureTally.from_floats(sums[each]) if each in sums else EMPTY for each in range(BUCKETS)]
        learnt = Learnt(await asyncio.to_thread(estimate, tallies), now_ms)
        self._keep(key, learnt)
        self._telemetry.pressure(learnt.estimate, learnt.time_ms)

    async def warm(self) -> None:
        """Before the first decision. What cannot be read now is read in the background."""
        try:
            await self.refresh()
        except (TandemError, PolicyUnreadable) as failure:
            _log.warning("pressure is not known yet", extra={"fields": {"cause": str(failure)}})

    def _keep(self, key: str, learnt: Learnt) -> None:
        """What was active longest ago is dropped."""
        self._learnt.pop(key, None)
        self._learnt[key] = learnt
        if len(self._learnt) > KEPT:
            del self._learnt[next(iter(self._learnt))]


class PressureCourier:
    """Folds what is due, then reads what all replicas learnt."""

    def __init__(self, fold: FoldPressure, learnt: LearntPressure, clock: Clock) -> None:
        self._fold = fold
        self._learnt = learnt
        self._clock = clock
        self._next_ms = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.beat()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                end_if_cancelled()
                cause = str(failure) or type(failure).__name__
                _log.warning("pressure is not learnt", extra={"fields": {"cause": cause}})
            await asyncio.sleep(BEAT_S)

    async def beat(self) -> None:
        """A round, where it is time for one; else only what nobody looked at yet. Raises Unavailable."""
        if self._clock() < self._next_ms:
            await self._learnt.look()
            return
        now_ms = self._clock()
        self._next_ms = now_ms + ROUND_MS
        try:
            await self._fold(now_ms + FOLD_MS)
        finally:
            # Also where nothing could be folded: other replicas may have.
            await self._learnt.refresh()
