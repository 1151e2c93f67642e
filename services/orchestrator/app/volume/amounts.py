"""A policy that grants less than the one before it: refused where more is committed already, and taken in exactly.

The amount falls in the accounts before the policy becomes active, and stays low for FIRM_MS: a replica that still goes
by the old policy can lease no more than the new one grants.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.holding import MAX_ATTEMPTS
from services.orchestrator.domain.policy_parts import Finding
from services.orchestrator.domain.volume.account import Account, AccountKey, lowered
from services.orchestrator.domain.volume.resources import Resource, VolumeTable, in_units
from shared.clock import Clock
from shared.errors import Aborted, FailedPrecondition

FIRM_MS = 10_000
CODE = "AMOUNT_BELOW_COMMITTED"


class Amounts:
    def __init__(self, bank: ResourceBank, clock: Clock) -> None:
        self._bank = bank
        self._clock = clock

    async def too_low(self, table: VolumeTable) -> list[Finding]:
        """An error for each resource of which more is committed than the table grants, where the amount is written."""
        return [
            Finding(resource.place, CODE, _words(resource, account))
            async for resource, account in self._accounts(table)
            if account.forbids(resource.amount) and resource.place is not None
        ]

    async def prepare(self, table: VolumeTable) -> None:
        """Raises FailedPrecondition (AMOUNT_BELOW_COMMITTED); then no amount was changed that is too low."""
        pairs = [each async for each in self._accounts(table)]
        for resource, account in pairs:
            if account.forbids(resource.amount):
                raise _refusal(resource, account)
        for resource, account in pairs:
            if resource.amount < account.amount:
                await self._lower(resource, account)

    async def _lower(self, resource: Resource, account: Account) -> None:
        for _ in range(MAX_ATTEMPTS):
            if account.bound > resource.amount:
                raise _refusal(resource, account)
            if await self._bank.put(lowered(account, resource.amount, self._clock() + FIRM_MS)):
                return
            account = (await self._bank.read([account.key]))[account.key]
        raise Aborted("CONCURRENT_CHANGE", "the account changes too fast: try again", metadata={})

    async def _accounts(self, table: VolumeTable) -> AsyncIterator[tuple[Resource, Account]]:
        """Of the resources of which something was used in the running period."""
        now_ms = self._clock()
        periods = ((resource, resource.period_at(now_ms)) for resource in table.resources)
        keys = {AccountKey(each.resource_id, period.key_ms): each for each, period in periods if period is not None}
        for key, account in (await self._bank.read(list(keys)) if keys else {}).items():
            yield keys[key], account


def _words(resource: Resource, account: Account) -> str:
    return (
        f'"{resource.resource_id}" grants {in_units(resource.amount):,g}, and {in_units(account.bound):,g} '
        "are committed already, or set aside for decisions of this moment"
    )


def _refusal(resource: Resource, account: Account) -> FailedPrecondition:
    figures = {"amount": f"{in_units(resource.amount):g}", "committed": f"{in_units(account.bound):g}"}
    place = resource.place
    where = {} if place is None else {"field": f"{place.file}:{place.line}:{place.column}"}
    return FailedPrecondition(
        "AMOUNT_BELOW_COMMITTED",
        _words(resource, account),
        metadata={"resource": resource.resource_id, **figures, **where},
    )
