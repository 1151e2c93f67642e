"""GetVolume: how much of each resource is committed and realised, what is left, its price, and where it is going."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.desk import VolumeDesk, open_account
from services.orchestrator.domain.volume.account import Account
from services.orchestrator.domain.volume.forecast import Forecast, forecast
from services.orchestrator.domain.volume.resources import Resource
from shared.clock import Clock
from shared.errors import FailedPrecondition, InvalidArgument


@dataclass(frozen=True, slots=True)
class Volume:
    """What keeps volume in this replica."""

    desk: VolumeDesk
    bank: ResourceBank


@dataclass(frozen=True, slots=True)
class ResourceVolume:
    """`account` None: the resource has no period now. `forecast` None: its period has no end."""

    resource: Resource
    account: Account | None
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class VolumeReport:
    resources: tuple[ResourceVolume, ...]
    currency: str


class GetVolume:
    def __init__(self, bank: ResourceBank, policies: ActivePolicies, clock: Clock) -> None:
        self._bank = bank
        self._policies = policies
        self._clock = clock

    async def __call__(self, resource_ids: Sequence[str]) -> VolumeReport:
        """In the order of the policy; none named: all.

        Raises FailedPrecondition (NO_ACTIVE_POLICY), InvalidArgument.
        """
        policy = await self._policies.current()
        if policy is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        table = policy.compiled.volume
        for position, name in enumerate(resource_ids):
            if name not in table.index:
                raise InvalidArgument.field(f"resource_ids[{position}]", f"the active policy declares no {name!r}")
        wanted = set(resource_ids)
        resources = tuple(
            [
                await self._of(resource, table.largest_use(index))
                for index, resource in enumerate(table.resources)
                if not wanted or resource.resource_id in wanted
            ]
        )
        return VolumeReport(resources, policy.settings.currency)

    async def _of(self, resource: Resource, largest_use: int) -> ResourceVolume:
        now_ms = self._clock()
        period = resource.period_at(now_ms)
        if period is None:
            return ResourceVolume(resource, None, None)
        account = await open_account(self._bank, resource, period, now_ms)
        return ResourceVolume(resource, account, forecast(account, now_ms, largest_use))
