"""A cap is exact: over all identities of a customer, over processes, through merges and crashes.

Four server processes on one store. A round has a customer of its own whose identities 200 callers use at once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import contact_ledger_pb2, contact_pb2, identity_graph_pb2

from tests.support.profile_fleet import Callers, Reserved, cap, fresh, profile_fleet, somebody
from tests.support.promises import Promise
from tests.support.servers import ServerProcess
from tests.support.storages import StorageOf

SERVERS = 4
CALLERS = 200
CAP = 3
IDENTITIES = ("crm", "loyalty", "email", "cookie", "device")
SPREAD_S = 0.4
"""Over which callers come where something else happens among them."""


@pytest.fixture(scope="module", params=["sqlite", "mongo"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def servers(
    storage_of: StorageOf, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ServerProcess]]:
    with storage_of(kind) as storage, profile_fleet(SERVERS, storage, tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture
async def callers(servers: list[ServerProcess]) -> AsyncIterator[Callers]:
    async with calling(servers) as callers:
        yield callers


@asynccontextmanager
async def calling(servers: list[ServerProcess], *, retries: bool = False) -> AsyncIterator[Callers]:
    callers = Callers(servers, retries)
    await callers.publish(cap(CAP))
    yield callers
    await callers.close()


async def ask(callers: Callers, person: subject_pb2.Subject, count: int, *, spread_s: float = 0.0) -> list[Reserved]:
    async def one(caller: int) -> Reserved:
        await asyncio.sleep(random.uniform(0, spread_s))
        return await callers.reserve(caller, person)

    return await asyncio.gather(*(one(caller) for caller in range(count)))


def granted(answers: list[Reserved]) -> list[Reserved]:
    return [answer for answer in answers if answer.reservation_id]


async def test_of_200_concurrent_callers_exactly_as_many_as_the_cap_are_granted(
    promise: Promise, callers: Callers, kind: str
) -> None:
    rounds = promise.strength(reduced=5, full=1_000)
    grants, started = [], time.monotonic()
    for _ in range(rounds):
        person = somebody(*IDENTITIES)
        await callers.create(person)
        grants.append(len(granted(await ask(callers, person, CALLERS))))
    seconds = time.monotonic() - started
    assert grants == [CAP] * rounds
    promise.figure(f"{kind}: rounds of {CALLERS} callers, {CAP} grants each", rounds)
    promise.figure(f"{kind}: reservations per second", round(rounds * CALLERS / seconds, 1))


async def test_a_merge_in_the_middle_never_lets_a_contact_too_many_through(
    promise: Promise, callers: Callers, kind: str
) -> None:
    rounds = promise.strength(reduced=4, full=200)
    before_merge, after_merge = 0, 0
    for number in range(rounds):
        one, other = somebody("crm", "cookie"), somebody("loyalty", "device")
        profiles = [await callers.create(one), await callers.create(other)]
        everyone = subject_pb2.Subject(identities=[*one.identities, *other.identities])
        # In half of the rounds few come before the merge, so that there are slots to fight for after it.
        is_calm = number % 2 == 0
        early = number // 2 % 6 if is_calm else CALLERS
        asking = asyncio.create_task(ask(callers, everyone, early, spread_s=0.0 if is_calm else SPREAD_S))
        await asyncio.sleep(random.uniform(0, SPREAD_S / 20))
        merged_s = await merge(callers, number, one, other)
        late = await ask(callers, everyone, CALLERS - early)
        grants = granted([*await asking, *late])
        check_merge(profiles, grants, merged_s)
        before_merge += sum(each.told_s < merged_s for each in grants)
        after_merge += sum(each.asked_s > merged_s for each in grants)
    promise.figure(f"{kind}: rounds with a merge in the middle", rounds)
    promise.figure(f"{kind}: grants before the merges", before_merge)
    promise.figure(f"{kind}: grants after the merges, all of them below the cap", after_merge)


async def merge(callers: Callers, caller: int, one: subject_pb2.Subject, other: subject_pb2.Subject) -> float:
    """Answers when it was acknowledged."""
    request = identity_graph_pb2.MergeProfilesRequest(request_id=fresh("merge"), survivor=one, merged=other)
    await callers.call(caller, "MergeProfiles", request)
    return asyncio.get_running_loop().time()


def check_merge(profiles: list[str], grants: list[Reserved], merged_s: float) -> None:
    for profile_id in profiles:
        assert sum(each.reservation_id.startswith(profile_id) and each.told_s < merged_s for each in grants) <= CAP
    for each in grants:
        if each.asked_s > merged_s:
            assert sum(other.told_s < each.asked_s for other in grants) < CAP
    assert CAP <= len(grants) <= 2 * CAP


async def test_a_killed_server_neither_loses_a_grant_nor_adds_one(
    promise: Promise, servers: list[ServerProcess], kind: str
) -> None:
    rounds = promise.strength(reduced=1, full=50)
    async with calling(servers, retries=True) as callers:
        for number in range(rounds):
            person, victim = somebody(*IDENTITIES), servers[number % SERVERS]
            await callers.create(person)
            asking = asyncio.create_task(ask(callers, person, CALLERS, spread_s=SPREAD_S * (number % 2)))
            await asyncio.sleep(random.uniform(0, SPREAD_S / 2))
            victim.kill()
            ids = {each.reservation_id for each in granted(await asking)}
            assert len(ids) == CAP
            assert ids == await entries(callers, number + 1, person)
            victim.start()
            await asyncio.to_thread(victim.wait_until_serving)
    promise.figure(f"{kind}: rounds with a killed server", rounds)


async def entries(callers: Callers, caller: int, person: subject_pb2.Subject) -> set[str]:
    request = contact_ledger_pb2.GetContactLedgerRequest(subject=person)
    answer = await callers.call(caller, "GetContactLedger", request)
    return {entry.reservation_id for entry in answer.entries}


async def test_a_hand_over_counts_when_its_reservation_would_have_expired(
    promise: Promise, callers: Callers, kind: str
) -> None:
    rounds = promise.strength(reduced=1, full=20)
    for number in range(rounds):
        person = somebody(*IDENTITIES)
        await callers.create(person)
        kept = granted(await asyncio.gather(*(callers.reserve(i, person, ttl={"seconds": 1}) for i in range(CAP))))
        assert len(kept) == CAP
        for index, each in enumerate(kept[1:]):
            request = contact_ledger_pb2.ConfirmContactRequest(
                request_id=fresh("confirm"),
                reservation_id=each.reservation_id,
                reached=contact_pb2.CONTACT_EVENT_ATTEMPTED,
            )
            await callers.call(number + index, "ConfirmContact", request)
        await asyncio.sleep(1.1)
        assert len(granted(await ask(callers, person, 20))) == 1, "only what was not handed over came free"
    promise.figure(f"{kind}: rounds with hand-overs beyond their expiry", rounds)
