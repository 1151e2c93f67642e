"""All resources of the active policy, as one replica has them, and the loop that keeps them in step with the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.orchestrator.app.active_policies import ActivePolicies, ActivePolicy
from services.orchestrator.app.telemetry import Telemetry
from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.holding import Holding
from services.orchestrator.app.volume.quotas import Shortage, Taken
from services.orchestrator.domain.trouble import cause_of
from services.orchestrator.domain.volume.account import Account, AccountKey
from services.orchestrator.domain.volume.pacing import inherited
from services.orchestrator.domain.volume.resources import Period, Resource, VolumeTable
from services.orchestrator.domain.volume.standing import ResourceStanding, ResourceUse, VolumeStanding
from shared.background import end_if_cancelled
from shared.clock import MAX_CLOCK_SKEW_MS, Clock
from shared.deadline import until
from shared.errors import TandemError

BEAT_MS = 1_000
BANK_MS = 2_000
"""How long a beat waits for one account: decisions that need it wait behind."""
GRACE_MS = 10_000
"""How long after its period a holding is kept for the decisions that are under way."""
NO_PERIOD = -1
"""In the place of a period where the resource has none now."""

_log = logging.getLogger("tandem.orchestrator.volume")


class VolumeDesk:
    """Implements Quotas."""

    def __init__(self, bank: ResourceBank, policies: ActivePolicies, telemetry: Telemetry, clock: Clock) -> None:
        self._bank = bank
        self._policies = policies
        self._telemetry = telemetry
        self._clock = clock
        self._holdings: dict[AccountKey, Holding] = {}
        self._opening = asyncio.Lock()

    async def standing(self, policy: ActivePolicy, now_ms: int, *, deadline_ms: int) -> VolumeStanding | None:
        table = policy.compiled.volume
        if table.is_empty:
            return None
        resources = [await self._stands(table, index, now_ms, deadline_ms) for index in range(len(table.resources))]
        return VolumeStanding(table, tuple(resources))

    async def take(
        self,
        uses: tuple[ResourceUse, ...],
        place: int,  # noqa: ARG002 whatever it is for
        slot: int,  # noqa: ARG002
        *,
        deadline_ms: int,
    ) -> Taken | Shortage:
        leases: list[str] = []
        try:
            for use in uses:
                drawn = await self._draw(use, deadline_ms)
                if isinstance(drawn, Shortage):
                    self.give_back(Taken(uses[: len(leases)], tuple(leases)))
                    return drawn
                leases.append(drawn)
        except BaseException:
            self.give_back(Taken(uses[: len(leases)], tuple(leases)))
            raise
        return Taken(uses, tuple(leases))

    async def _draw(self, use: ResourceUse, deadline_ms: int) -> str | Shortage:
        """The lease that it was drawn from."""
        holding = self._holdings.get(_key(use))
        if holding is None:
            return Shortage(use.resource_id, 0)
        try:
            async with until(deadline_ms, self._clock):
                lease_id = await holding.take(use.used, self._clock())
        except TandemError as failure:
            _log.warning("no units", extra={"fields": {"resource": use.resource_id, "cause": failure.message}})
            return Shortage(use.resource_id, 0, cause_of(failure))
        return lease_id or Shortage(use.resource_id, holding.room)

    def give_back(self, taken: Taken) -> None:
        for use, lease_id in zip(taken.uses, taken.lease_ids, strict=True):
            holding = self._holdings.get(_key(use))
            if holding is not None:
                holding.give_back(use.used, lease_id)

    def saw(self, standing: VolumeStanding, at_stake: Sequence[bool], bids: Mapping[str, float]) -> None:
        for each, is_at_stake in zip(standing.resources, at_stake, strict=True):
            holding = self._holdings.get(AccountKey(each.resource_id, each.period_ms))
            if holding is not None and is_at_stake:
                holding.saw(bids.get(each.resource_id))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(BEAT_MS / 1_000)
            try:
                await self.beat()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop
                end_if_cancelled()
                _log.warning("quotas are not kept", extra={"fields": {"cause": str(failure) or type(failure).__name__}})

    async def beat(self) -> None:
        policy, now_ms = await self._policies.current(), self._clock()
        if policy is None or (policy.compiled.volume.is_empty and not self._holdings):
            return
        await self._declare(policy.compiled.volume, now_ms)
        accounts = await self._bank.read(list(self._holdings))
        for key, holding in list(self._holdings.items()):
            is_over = now_ms >= min(holding.end_ms, 2**62) + GRACE_MS
            try:
                async with until(self._clock() + BANK_MS, self._clock):
                    if is_over or key.resource_id not in policy.compiled.volume.index:
                        await holding.close()
                        del self._holdings[key]
                        continue
                    await holding.beat(accounts.get(key, holding.account), now_ms)
            except TandemError as failure:
                # The leases of the others must not run out because of it.
                _log.warning("no beat", extra={"fields": {"resource": key.resource_id, "cause": failure.message}})
                continue
            self._telemetry.volume(holding.account)

    async def close(self) -> None:
        """Gives back what was not used. What cannot be given back comes back when its lease is over."""
        for holding in self._holdings.values():
            try:
                await holding.close()
            except TandemError as failure:
                _log.warning("a lease is left", extra={"fields": {"cause": failure.message}})
        self._holdings.clear()

    async def _stands(self, table: VolumeTable, index: int, now_ms: int, deadline_ms: int) -> ResourceStanding:
        resource = table.resources[index]
        period = resource.period_at(now_ms)
        if period is None:
            return ResourceStanding(resource.resource_id, NO_PERIOD, 0, 0.0)
        holding = self._holdings.get(AccountKey(resource.resource_id, period.key_ms))
        if holding is None:
            try:
                async with until(deadline_ms, self._clock):
                    if not self._is_running(period):
                        return _told(resource, await open_account(self._bank, resource, period, now_ms))
                    holding = await self._open(resource, table.largest_use(index), period, now_ms)
            except TandemError as failure:
                _log.warning(
                    "no account", extra={"fields": {"resource": resource.resource_id, "cause": failure.message}}
                )
                return ResourceStanding(resource.resource_id, period.key_ms, 0, 0.0, cause_of(failure))
        return holding.standing()

    def _is_running(self, period: Period) -> bool:
        """Or as good as: clocks differ. Of any other, which a simulation asks for, nothing is held."""
        now_ms = self._clock()
        return period.start_ms <= now_ms + MAX_CLOCK_SKEW_MS and now_ms < min(period.end_ms, 2**62) + GRACE_MS

    async def _open(self, resource: Resource, largest_use: int, period: Period, now_ms: int) -> Holding:
        key = AccountKey(resource.resource_id, period.key_ms)
        async with self._opening:
            if key not in self._holdings:
                account = await open_account(self._bank, resource, period, now_ms)
                holding = Holding(self._bank, resource, largest_use, account)
                self._holdings[key] = holding
            return self._holdings[key]

    async def _declare(self, table: VolumeTable, now_ms: int) -> None:
        """Also before anybody asks: a price falls while nothing is used."""
        for index, resource in enumerate(table.resources):
            period = resource.period_at(now_ms)
            if period is not None:
                async with until(self._clock() + BANK_MS, self._clock):
                    holding = await self._open(resource, table.largest_use(index), period, now_ms)
                holding.declared(resource, table.largest_use(index), period)


async def open_account(bank: ResourceBank, resource: Resource, period: Period, now_ms: int) -> Account:
    """As it is stored; else a new one, not stored yet, that begins with the price and the traffic of the one before."""
    key = AccountKey(resource.resource_id, period.key_ms)
    found = (await bank.read([key])).get(key)
    if found is not None:
        return found
    start_ms = period.start_ms or now_ms
    fresh = Account(key, resource.amount, start_ms, period.end_ms)
    before = await bank.latest(resource.resource_id)
    if before is None:
        return replace(fresh, pace=replace(fresh.pace, stepped_ms=now_ms))
    return replace(fresh, pace=inherited(before.pace, 0, now_ms), traffic=before.traffic)


def _told(resource: Resource, account: Account) -> ResourceStanding:
    """Of who holds nothing of it."""
    return ResourceStanding(resource.resource_id, account.key.period_ms, max(0, account.free), account.pace.price)


def _key(use: ResourceUse) -> AccountKey:
    return AccountKey(use.resource_id, use.period_ms)
