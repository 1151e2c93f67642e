"""What a replica does with its lease while the account is being told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from services.orchestrator.app.volume.bank import ResourceBank, Settlement
from services.orchestrator.app.volume.holding import Holding
from services.orchestrator.domain.volume.account import Account, AccountKey
from tests.support.volume import NOW, beat, holding, resource, units

Meanwhile = Callable[[], None]


class Bank:
    """A store in memory; `meanwhile` is what others do while it is asked to put, one each."""

    def __init__(self) -> None:
        self.accounts: dict[AccountKey, Account] = {}
        self.meanwhile: list[Meanwhile] = []

    async def read(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        return {key: self.accounts[key] for key in keys if key in self.accounts}

    async def latest(self, resource_id: str) -> Account | None:  # noqa: ARG002
        return None

    async def put(self, account: Account, settled: Sequence[Settlement] = ()) -> bool:  # noqa: ARG002
        if self.meanwhile:
            self.meanwhile.pop(0)()
        stored = self.accounts.get(account.key)
        if account.revision != (0 if stored is None else stored.revision):
            return False
        self.accounts[account.key] = replace(account, revision=account.revision + 1)
        return True

    async def waiting(self, limit: int) -> tuple[Settlement, ...]:  # noqa: ARG002
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


def at_once(asked: object) -> object:
    """What a coroutine answers that has nothing to wait for; None where it waits."""
    try:
        asked.send(None)  # type: ignore[attr-defined]
    except StopIteration as stop:
        return stop.value
    asked.close()  # type: ignore[attr-defined]
    return None


async def three_of(bank: ResourceBank) -> tuple[Holding, str]:
    """One that has used three units and told so, and its lease."""
    mine = await holding(bank, resource(10))
    leases = {await mine.take(units(1), NOW) for _ in range(3)}
    await beat(bank, mine, NOW + 1_000)
    (lease,) = leases
    return mine, lease


@pytest.mark.parametrize("tells", ["beat", "close"])
async def test_what_is_given_back_while_the_account_is_told_is_not_used_beside_it(tells: str) -> None:
    bank = Bank()
    mine, lease = await three_of(bank)
    used = 3

    def gives_back() -> None:
        nonlocal used
        mine.give_back(units(1), lease)
        used -= 1
        bank.somebody_changes_it()

    def takes() -> None:
        nonlocal used
        used += at_once(mine.take(units(1), NOW + 7_000)) is not None

    bank.meanwhile = [gives_back, takes]
    await (beat(bank, mine, NOW + 7_000) if tells == "beat" else mine.close())
    assert bank.meanwhile == []
    assert units(used) <= bank.spent


async def test_who_needs_much_is_not_refused_because_others_are_faster() -> None:
    """They take what was spent ahead, each time while the account is asked for more."""
    bank = Bank()
    mine = await holding(bank, resource(10_000))
    uses = [40, 40, 40, 40, 40, 1, 1, 1, 1, 1]
    for second, count in enumerate(uses, 1):
        for _ in range(count):
            assert await mine.take(units(1), NOW + 1_000 * second)
        await beat(bank, mine, NOW + 1_000 * second)
    now_ms, faster = NOW + 11_000, 0

    def others_take() -> None:
        nonlocal faster
        while at_once(mine.take(units(1), now_ms)):
            faster += 1

    bank.meanwhile = [others_take] * 12
    assert await mine.take(units(60), now_ms)
    assert bank.meanwhile == []
    assert faster
    assert units(sum(uses) + faster + 60) <= bank.spent
