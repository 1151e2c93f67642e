"""Whatever comes together and is parted again, nothing is lost, doubled or mixed up.

Random lives against a plain reference, on every store; then two server processes on one store that record, reserve,
merge and un-merge the same people at once, with and without kills.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import event_pb2, identity_graph_pb2, profile_service_pb2, trait_pb2

from services.profile.app.application import ProfileApplication
from services.profile.settings import ProfileSettings
from shared.settings import ServiceSettings, StoreKind
from tests.support.identity_machine import IdentityMachine
from tests.support.identity_world import SCHEMA, World
from tests.support.profile_fleet import Callers, cap, fresh, profile_fleet, somebody
from tests.support.profiles import SteppingClock, open_stores, publish
from tests.support.promises import Promise, is_full_strength
from tests.support.servers import ServerProcess
from tests.support.storages import StorageOf

STEPS = 35
SEQUENCES = {StoreKind.SQLITE: (10, 2_000), StoreKind.MONGO: (3, 2_000)}

EVENTS = 40
"""Of one round, over all identities."""
CHANGES = 3
"""How often they are merged and un-merged meanwhile."""


def store_settings(kind: StoreKind, request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    if kind is StoreKind.SQLITE:
        return ProfileSettings(data_dir=tmp_path)
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
    return ProfileSettings(store=StoreKind.MONGO, mongo_uri=uri, mongo_database=name)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [StoreKind.SQLITE, StoreKind.MONGO])
def test_random_lives_are_as_a_plain_reference_says(
    kind: StoreKind, request: pytest.FixtureRequest, tmp_path: Path, promise: Promise
) -> None:
    reduced, full = SEQUENCES[kind]
    sequences = promise.strength(reduced=reduced, full=full)
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        derandomize=not is_full_strength(),
        suppress_health_check=list(HealthCheck),
        print_blob=is_full_strength(),
    )
    clock, stack = SteppingClock(), AsyncExitStack()
    with asyncio.Runner() as runner:
        stores = runner.run(open_stores(store_settings(kind, request, tmp_path), stack))
        try:
            app = ProfileApplication(stores, clock=clock)
            runner.run(publish(app, SCHEMA))
            world = World(app, stores, clock, runner)
            run_state_machine_as_test(type("Lives", (IdentityMachine,), {"world": world}), settings=chosen)
        finally:
            runner.run(stack.aclose())
    promise.figure(f"{kind.value}: sequences", sequences)
    promise.figure(f"{kind.value}: calls", world.steps)


@pytest.fixture(scope="module", params=["sqlite", "mongo"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def servers(
    storage_of: StorageOf, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ServerProcess]]:
    with storage_of(kind) as storage, profile_fleet(2, storage, tmp_path_factory.mktemp("logs")) as running:
        yield running


@asynccontextmanager
async def calling(servers: list[ServerProcess], *, retries: bool) -> AsyncIterator[Callers]:
    callers = Callers(servers, retries)
    measure = trait_pb2.AggregateDeclaration(name="views", measure=trait_pb2.MEASURE_COUNT, event="view")
    age = trait_pb2.TraitDeclaration(name="age", type="ATTRIBUTE_TYPE_INT")
    schema = trait_pb2.TraitSchema(traits=[age], aggregates=[measure], contact_limits=[cap(1_000)])
    request = profile_service_pb2.PublishTraitSchemaRequest(request_id=fresh("publish"), schema=schema, activate=True)
    await callers.call(0, "PublishTraitSchema", request)
    yield callers
    await callers.close()


@dataclass
class Round:
    """Two people whom the servers take for one now and then."""

    callers: Callers
    one: subject_pb2.Subject = field(default_factory=lambda: somebody("crm", "cookie"))
    other: subject_pb2.Subject = field(default_factory=lambda: somebody("loyalty", "device"))
    ids: list[str] = field(default_factory=list)
    recorded: Counter[int] = field(default_factory=Counter)
    """Events by side, as they were acknowledged."""
    reserved: Counter[int] = field(default_factory=Counter)

    async def run(self) -> None:
        self.ids = [await self.callers.create(self.one), await self.callers.create(self.other)]
        work = [self._record(number) for number in range(EVENTS)]
        work += [self._reserve(number) for number in range(EVENTS // 4)]
        await asyncio.gather(self._merge_and_unmerge(), *work)

    async def check(self) -> None:
        """Each side has its own; together they have both."""
        for side, person in enumerate((self.one, self.other)):
            for identity in person.identities:
                await self._check(identity, self.ids[side], self.recorded[side], self.reserved[side])
        await self._merge()
        for identity in (*self.one.identities, *self.other.identities):
            await self._check(identity, self.ids[0], self.recorded.total(), self.reserved.total())
        for profile_id in self.ids:
            by_id = subject_pb2.Identity(namespace="profile", value=profile_id)
            await self._check(by_id, self.ids[0], self.recorded.total(), self.reserved.total())

    async def _record(self, number: int) -> None:
        await asyncio.sleep(random.uniform(0, 0.3))
        side, person = number % 2, (self.one, self.other)[number % 2]
        identity = person.identities[number // 2 % 2]
        event = event_pb2.Event(event_id=fresh("e"), subject=_only(identity), type="view")
        request = profile_service_pb2.RecordEventsRequest(request_id=fresh("r"), events=[event])
        answer = await self.callers.call(number // 4, "RecordEvents", request)
        assert answer.results[0].profile_id in self.ids
        self.recorded[side] += 1

    async def _reserve(self, number: int) -> None:
        await asyncio.sleep(random.uniform(0, 0.3))
        person = (self.one, self.other)[number % 2]
        assert (await self.callers.reserve(number, person)).reservation_id
        self.reserved[number % 2] += 1

    async def _merge(self) -> str:
        request = identity_graph_pb2.MergeProfilesRequest(
            request_id=fresh("merge"), survivor=_only(self.one.identities[0]), merged=_only(self.other.identities[0])
        )
        return str((await self.callers.call(random.randrange(2), "MergeProfiles", request)).merge_id)

    async def _merge_and_unmerge(self) -> None:
        for _ in range(CHANGES):
            merge_id = await self._merge()
            await asyncio.sleep(random.uniform(0, 0.05))
            request = identity_graph_pb2.UnmergeProfilesRequest(request_id=fresh("unmerge"), merge_id=merge_id)
            await self.callers.call(random.randrange(2), "UnmergeProfiles", request)

    async def _check(self, identity: subject_pb2.Identity, profile_id: str, views: int, contacts: int) -> None:
        request = profile_service_pb2.GetProfileRequest(subject=_only(identity))
        profile = (await self.callers.call(random.randrange(2), "GetProfile", request)).profile
        found = (profile.profile_id, profile.aggregates["views"].value.int_value, len(profile.contacts))
        assert found == (profile_id, views, contacts), identity


def _only(identity: subject_pb2.Identity) -> subject_pb2.Subject:
    return subject_pb2.Subject(identities=[identity])


@pytest.mark.timeout(300)
async def test_what_two_servers_record_around_merges_counts_once_and_comes_back(
    promise: Promise, servers: list[ServerProcess], kind: str
) -> None:
    rounds = promise.strength(reduced=1, full=100)
    async with calling(servers, retries=False) as callers:
        for _ in range(rounds):
            life = Round(callers)
            await life.run()
            await life.check()
    promise.figure(f"{kind}: rounds of merges under way", rounds)
    promise.figure(f"{kind}: events and contacts around each merge", EVENTS + EVENTS // 4)


@pytest.mark.timeout(300)
async def test_a_kill_in_the_middle_of_merges_leaves_nothing_half_done(
    promise: Promise, servers: list[ServerProcess], kind: str
) -> None:
    rounds = promise.strength(reduced=1, full=50)
    async with calling(servers, retries=True) as callers:
        for number in range(rounds):
            victim, life = servers[number % 2], Round(callers)
            running = asyncio.create_task(life.run())
            await asyncio.sleep(random.uniform(0.05, 0.4))
            victim.kill()
            await running
            await life.check()
            victim.start()
            await asyncio.to_thread(victim.wait_until_serving)
    promise.figure(f"{kind}: rounds with a kill among merges", rounds)
