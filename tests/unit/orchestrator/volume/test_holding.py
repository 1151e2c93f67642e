"""What a replica does with its lease while the account is being told of it."""

from __future__ import annotations

import pytest

from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.holding import Holding
from services.orchestrator.domain.volume.account import settled
from tests.support.memory_bank import MemoryBank
from tests.support.volume import NOW, beat, holding, resource, units


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
    bank = MemoryBank()
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
    bank = MemoryBank()
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


async def test_what_is_spent_ahead_makes_up_for_what_was_taken_back() -> None:
    """In the middle of its use too: what others used of the amount is not used again."""
    bank = MemoryBank()
    mine = await holding(bank, resource(200))
    for second in range(1, 6):
        assert all([await mine.take(units(1), NOW + 1_000 * second) for _ in range(30)])
        await beat(bank, mine, NOW + 1_000 * second)
    (before,) = bank.accounts.values()
    assert before.bound > before.committed + units(5), "much is spent ahead"
    assert await mine.take(units(1), NOW + 6_000)
    bank.accounts[before.key] = settled(before, units(60), -units(60))
    await beat(bank, mine, NOW + 6_000)
    assert mine.room == 0
    assert not await mine.take(units(1), NOW + 6_000)
    assert bank.spent == units(150 + 1 + 60)
