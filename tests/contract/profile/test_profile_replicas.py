"""A profile read with a token, where the replica set has just elected a primary that does not know the newest yet."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.requests import ProfileQuery, TraitWrite, UpsertTraits
from services.profile.settings import ProfileSettings
from shared.errors import NotFound, Unavailable
from shared.settings import StoreKind
from shared.values import AttributeType
from tests.support.profiles import open_stores, person, publish, schema_of
from tests.support.replica_set import ReplicaSet

ANN = person("crm:ann")


@pytest.fixture
async def apps(replica_set: ReplicaSet) -> AsyncIterator[list[ProfileApplication]]:
    """Two replicas, which know of one another only by what the store tells."""
    settings = ProfileSettings(
        store=StoreKind.MONGO, mongo_uri=replica_set.uri, mongo_database=f"replicas_{uuid.uuid4().hex[:12]}"
    )
    async with AsyncExitStack() as stack:
        yield [ProfileApplication(await open_stores(settings, stack)) for _ in range(2)]


async def write_then_elect_one_that_does_not_know(replica_set: ReplicaSet, app: ProfileApplication, age: int) -> str:
    """Answers the token of the write."""
    replica_set.blind_the_secondaries()
    written = await app.upsert_traits(UpsertTraits(f"age{age}", ANN, (TraitWrite("age", age),)))
    await asyncio.to_thread(replica_set.elect_another)
    return written.token


async def age_of(app: ProfileApplication, token: str = "") -> object:
    return (await app.get_profile(ProfileQuery(ANN, token=token))).profile.features["age"].value


async def test_a_token_makes_a_replica_wait_for_what_it_would_not_have_seen(
    replica_set: ReplicaSet, apps: list[ProfileApplication]
) -> None:
    writer, reader = apps
    await publish(writer, schema_of({"age": AttributeType.INT}))
    await writer.upsert_traits(UpsertTraits("r0", ANN, (TraitWrite("age", 1),)))
    assert await age_of(reader) == 1
    token = await write_then_elect_one_that_does_not_know(replica_set, writer, 2)
    assert await age_of(reader) == 1, "the new primary knows: this shows nothing"
    reading = [asyncio.create_task(age_of(reader, token)) for _ in range(8)]
    await asyncio.sleep(0.5)
    assert not any(task.done() for task in reading)
    replica_set.see_the_majority_again()
    assert await asyncio.gather(*reading) == [2] * 8


async def test_a_new_person_is_not_unknown_to_a_read_with_the_token(
    replica_set: ReplicaSet, apps: list[ProfileApplication]
) -> None:
    writer, reader = apps
    await publish(writer, schema_of({"age": AttributeType.INT}))
    token = await write_then_elect_one_that_does_not_know(replica_set, writer, 2)
    with pytest.raises(NotFound):
        await age_of(reader)
    with pytest.raises(Unavailable):
        await age_of(reader, token)
    replica_set.see_the_majority_again()
    assert await age_of(reader, token) == 2
