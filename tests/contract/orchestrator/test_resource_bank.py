"""What every ResourceBank promises, on SQLite and on MongoDB; and what captures put into it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from services.orchestrator.app.outcome_store import Capture
from services.orchestrator.app.volume.bank import ResourceBank, Settlement
from services.orchestrator.app.volume.settle import settlements_of, volume_courier
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.decision import Proposition
from services.orchestrator.domain.outcome import Effect, Outcome
from services.orchestrator.domain.volume.account import Account, AccountKey, Claim, claimed
from services.orchestrator.domain.volume.pacing import Pace
from services.orchestrator.domain.volume.standing import ResourceUse
from tests.support.decisions import captured, record
from tests.support.volume import NOW, Ticking, account, beat, holding, resource, units

KEY = AccountKey("offer", 0)
USED = ResourceUse("offer", 0, units(1), 0.0)
PROPOSITION = replace(record().answer.placements[0].propositions[0], uses=(USED,))
FULL = replace(
    claimed(account(10), Claim("a", 0, NOW, NOW + 1, units(3))), pace=Pace(1.5, 2.5, 3, 0.5, NOW, 7, 8, 9, 0.25)
)


@pytest.fixture
def bank(stores: Stores) -> ResourceBank:
    return stores.bank


@pytest.fixture
def other_bank(other_stores: Stores) -> ResourceBank:
    return other_stores.bank


async def test_an_account_comes_back_as_it_was_put(bank: ResourceBank, other_bank: ResourceBank) -> None:
    assert await bank.read([KEY]) == {}
    assert await bank.put(FULL)
    assert await other_bank.read([KEY, AccountKey("offer", 5)]) == {KEY: replace(FULL, revision=1)}


async def test_an_account_is_swapped_only_for_the_one_that_was_read(
    bank: ResourceBank, other_bank: ResourceBank
) -> None:
    assert await bank.put(FULL)
    assert not await other_bank.put(FULL), "somebody else created it"
    read = (await bank.read([KEY]))[KEY]
    assert await bank.put(replace(read, amount=5))
    assert not await other_bank.put(replace(read, amount=6))
    assert (await bank.read([KEY]))[KEY].amount == 5


async def test_the_latest_period_is_found(bank: ResourceBank) -> None:
    for period_ms in (1, 3, 2):
        await bank.put(replace(FULL, key=AccountKey("calls", period_ms)))
    latest = await bank.latest("calls")
    assert latest is not None
    assert latest.key.period_ms == 3
    assert await bank.latest("offer") is None


async def test_concurrent_swaps_lose_nothing(bank: ResourceBank, other_bank: ResourceBank) -> None:
    await bank.put(replace(FULL, spent=0))

    async def add(one: ResourceBank) -> None:
        while True:
            read = (await one.read([KEY]))[KEY]
            if await one.put(replace(read, spent=read.spent + 1)):
                return

    await asyncio.gather(*(add(each) for each in (bank, other_bank) * 10))
    assert (await bank.read([KEY]))[KEY].spent == 20


def said(proposition: str, *, is_realised: bool, used: float = 1) -> Settlement:
    return Settlement(proposition, "offer", 0, units(used), is_realised)


def capture(request_id: str, *settlements: Settlement) -> Capture:
    outcomes = [captured(request_id, Effect.NOTHING)]
    said_of = {request_id: settlements}
    return Capture("CaptureOutcomes", request_id, "body", outcomes, {}, lambda _: b"", settlements=said_of)


async def test_what_outcomes_say_is_settled_once(stores: Stores, other_stores: Stores) -> None:
    await stores.bank.put(replace(FULL, spent=units(5), leases=()))
    await stores.outcomes.append(capture("o_1", said("p_1", is_realised=True), said("p_2", is_realised=False, used=2)))
    await stores.outcomes.append(capture("o_2", said("p_1", is_realised=False), said("p_1", is_realised=True)))
    assert await stores.bank.waiting(10) == (said("p_1", is_realised=True), said("p_2", is_realised=False, used=2))
    couriers = [volume_courier(each.bank, Ticking()) for each in (stores, other_stores)]
    await asyncio.gather(*(courier.deliver_now(5_000) for courier in couriers * 2))
    settled = (await stores.bank.read([KEY]))[KEY]
    assert (settled.realised, settled.released, settled.committed) == (units(1), units(2), units(3))
    assert await stores.bank.count_waiting() == 0


async def test_what_is_realised_after_it_was_given_back_is_taken_back_once(
    stores: Stores, other_stores: Stores
) -> None:
    await stores.bank.put(replace(FULL, spent=units(5), leases=()))
    couriers = [volume_courier(each.bank, Ticking()) for each in (stores, other_stores)]
    words = [False, False, True, True, False, True]
    after = [(0, 1), (0, 1), (1, 0), (1, 0), (1, 0), (1, 0)]
    for number, (is_realised, figures) in enumerate(zip(words, after, strict=True)):
        await stores.outcomes.append(capture(f"o_{number}", said("p_1", is_realised=is_realised)))
        await asyncio.gather(*(courier.deliver_now(5_000) for courier in couriers))
        settled = (await stores.bank.read([KEY]))[KEY]
        assert (settled.realised, settled.released) == tuple(map(units, figures)), number


async def test_what_is_realised_before_it_was_given_back_to_the_account_is_realised_alone(stores: Stores) -> None:
    await stores.bank.put(replace(FULL, spent=units(5), leases=()))
    await stores.outcomes.append(capture("o_1", said("p_1", is_realised=False)))
    waiting = await stores.bank.waiting(10)
    await stores.outcomes.append(capture("o_2", said("p_1", is_realised=True)))
    read = (await stores.bank.read([KEY]))[KEY]
    assert not await stores.bank.put(replace(read, released=units(1)), waiting), "it was told of otherwise meanwhile"
    assert await stores.bank.waiting(10) == (said("p_1", is_realised=True),)
    await volume_courier(stores.bank, Ticking()).deliver_now(5_000)
    settled = (await stores.bank.read([KEY]))[KEY]
    assert (settled.realised, settled.released) == (units(1), 0)


SAYING = tuple(each for each in Outcome if settlements_of(PROPOSITION, each))


@pytest.mark.parametrize("seed", range(6))
async def test_accounts_go_by_what_was_told_in_whatever_order_and_however_often(
    stores: Stores, other_stores: Stores, seed: int
) -> None:
    """Replicas capture and settle beside each other; one stops at any moment in between, and the other goes on."""
    chance, replicas = random.Random(seed), (stores, other_stores)
    propositions = [replace(PROPOSITION, proposition_id=f"p_{number}") for number in range(8)]
    told = {each.proposition_id: chance.sample(SAYING, chance.randint(0, 4)) for each in propositions}
    told |= {"p_0": [Outcome.BOUNCED, Outcome.DELIVERED], "p_1": [Outcome.FAILED, Outcome.NOT_PRESENTED]}
    words = [(each, outcome) for each in propositions for outcome in told[each.proposition_id]]
    words += chance.sample(words, 4)
    chance.shuffle(words)
    await stores.bank.put(replace(FULL, spent=units(40), leases=()))
    couriers = [volume_courier(each.bank, Ticking()) for each in replicas]

    async def tell(number: int, proposition: Proposition, outcome: Outcome) -> None:
        said_of_it = settlements_of(proposition, outcome)
        await chance.choice(replicas).outcomes.append(capture(f"o_{number}", *said_of_it))

    for start in range(0, len(words), 3):
        some = [tell(number, *word) for number, word in enumerate(words[start : start + 3], start)]
        settling = [each.deliver_now(5_000) for each in couriers if chance.random() < 0.5]
        await asyncio.gather(*some, *settling)
    await asyncio.gather(*(each.deliver_now(5_000) for each in couriers))
    assert await stores.bank.count_waiting() == 0
    settled = (await stores.bank.read([KEY]))[KEY]
    back = {Outcome.BOUNCED, Outcome.FAILED, Outcome.NOT_PRESENTED}
    realised = sum(1 for said in told.values() if set(said) - back)
    released = sum(1 for said in told.values() if said and not set(said) - back)
    assert (settled.realised, settled.released) == (units(realised), units(released))
    assert settled.committed == units(40 - released)


async def test_a_settlement_that_waits_no_longer_changes_nothing(bank: ResourceBank, stores: Stores) -> None:
    await bank.put(FULL)
    await stores.outcomes.append(capture("o_1", said("p_1", is_realised=True)))
    waiting = await bank.waiting(10)
    assert await bank.put(replace(FULL, revision=1, realised=1), waiting)
    assert not await bank.put(replace(FULL, revision=2, realised=2), waiting)
    assert (await bank.read([KEY]))[KEY].realised == 1


async def test_replicas_together_use_exactly_what_there_is(bank: ResourceBank, other_bank: ResourceBank) -> None:
    offer = resource(50)
    holdings = [await holding(each, offer) for each in (bank, other_bank, bank)]

    async def ask(number: int) -> bool:
        return bool(await holdings[number % 3].take(units(1), NOW))

    granted = await asyncio.gather(*(ask(number) for number in range(90)))
    for each in holdings:
        await beat(bank, each, NOW + 1_000)
    granted += await asyncio.gather(*(ask(number) for number in range(30)))
    assert sum(granted) == 50
    for each in holdings:
        await each.close()
    account_after = (await bank.read([KEY]))[KEY]
    assert (account_after.committed, account_after.free, account_after.leases) == (units(50), 0, ())


async def test_what_is_given_back_can_be_had_by_another(bank: ResourceBank, other_bank: ResourceBank) -> None:
    one, other = await holding(bank, resource(1)), await holding(other_bank, resource(1))
    lease = await one.take(units(1), NOW)
    assert lease
    assert not await other.take(units(1), NOW)
    one.give_back(units(1), lease)
    await beat(bank, one, NOW + 1_000)
    await beat(bank, one, NOW + 2_000)
    assert await other.take(units(1), NOW + 2_000)


async def test_a_silent_replica_cannot_spend_what_was_taken_back(bank: ResourceBank, other_bank: ResourceBank) -> None:
    silent, other = await holding(bank, resource(10)), await holding(other_bank, resource(10))
    taken = [await silent.take(units(1), NOW) for _ in range(3)]
    later = NOW + 60_000
    while await other.take(units(1), later):
        taken.append("other")
    while await silent.take(units(1), later):
        taken.append("silent")
    assert len(taken) <= 10
    lost = next(lease for lease in taken if lease)
    silent.give_back(units(1), lost)
    assert not await silent.take(units(1), later), "of a lost lease nothing comes back"
    stored: Account = (await bank.read([KEY]))[KEY]
    assert stored.committed <= units(10)
