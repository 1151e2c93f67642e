"""The store of accounts, and of what outcomes say of the units that decisions took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.domain.volume.account import Account, AccountKey


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of the units that one proposition took: really used, or given back. That they were used counts, in
    whatever order it is told: a message that bounced may have arrived all the same."""

    proposition_id: str
    resource_id: str
    period_ms: int
    used: int
    """In millionths."""
    is_realised: bool
    takes_back: bool = False
    """Realised after all: its account has them as given back."""

    @property
    def key(self) -> str:
        return f"{self.proposition_id}/{self.resource_id}"

    @property
    def account(self) -> AccountKey:
        return AccountKey(self.resource_id, self.period_ms)


class ResourceBank(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def read(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        """Those that there are, as the last `put` of any replica left them."""
        ...

    async def latest(self, resource_id: str) -> Account | None:
        """Of the newest period."""
        ...

    async def put(self, account: Account, settled: Sequence[Settlement] = ()) -> bool:
        """Stores the account as the revision after its own, and that the settlements wait no longer; both or nothing.
        False, and nothing stored, where another one was stored since, or a settlement no longer waits as it is."""
        ...

    async def waiting(self, limit: int) -> tuple[Settlement, ...]:
        """Settlements that no account has. Captures put them there (OutcomeStore.append), each key once; and once more
        where it is realised after it was given back."""
        ...

    async def count_waiting(self) -> int: ...
