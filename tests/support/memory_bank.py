"""A store of accounts for tests that look at what happens while it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from services.orchestrator.app.volume.bank import Settlement
from services.orchestrator.domain.volume.account import Account, AccountKey

Meanwhile = Callable[[], None]


class MemoryBank:
    """Implements ResourceBank in memory; `meanwhile` is what others do while it is asked to put, one each."""

    def __init__(self) -> None:
        self.accounts: dict[AccountKey, Account] = {}
        self.meanwhile: list[Meanwhile] = []

    async def read(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        return {key: self.accounts[key] for key in keys if key in self.accounts}

    async def latest(self, resource_id: str) -> Account | None:
        of_resource = [each for key, each in self.accounts.items() if key.resource_id == resource_id]
        return max(of_resource, key=lambda each: each.key.period_ms, default=None)

    async def put(self, account: Account, settled: Sequence[Settlement] = ()) -> bool:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        stored = self.accounts.get(account.key)
        if account.revision != (0 if stored is None else stored.revision):
            return False
        self.accounts[account.key] = replace(account, revision=account.revision + 1)
        return True

    async def waiting(self, limit: int) -> tuple[Settlement, ...]:
        return ()

    async def count_waiting(self) -> int:
        return 0

    def somebody_changes_it(self) -> None:
        for key, account in self.accounts.items():
            self.accounts[key] = replace(account, revision=account.revision + 1)

    @property
    def spent(self) -> int:
        (account,) = self.accounts.values()
        return account.bound
