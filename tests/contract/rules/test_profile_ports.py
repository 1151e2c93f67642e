"""What triggers ask of the profile service is answered the same in one process and over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.local.trigger_ports import local_profile_ports
from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import MergeProfiles
from services.profile.app.requests import (
    EventWrite,
    ProfileQuery,
    PublishTraitSchema,
    RecordEvents,
    TraitWrite,
    UpsertTraits,
)
from services.profile.app.rights_requests import EraseSubject
from services.profile.bootstrap import bootstrap
from services.profile.settings import ProfileSettings
from services.rules.adapters.erasure_feed_client import GrpcErasureFeed
from services.rules.adapters.event_feed_client import GrpcEventFeed
from services.rules.adapters.fact_reader_client import GrpcFactReader
from services.rules.adapters.trait_writer_client import GrpcTraitWriter
from services.rules.app.trigger_ports import HappeningBatch, InferredTrait, ProfilePorts
from shared.clock import system_clock
from shared.errors import InvalidArgument
from shared.ids import new_id
from shared.values import AttributeType, FeatureStatus, Value
from tests.support.grpc_server import loopback
from tests.support.profiles import person, schema_of

TYPES = {"vip": AttributeType.BOOL, "tags": AttributeType.STRING_LIST, "score": AttributeType.INT}


@dataclass(frozen=True, slots=True)
class Profiles:
    """The service, and the ports of one kind to it."""

    app: ProfileApplication
    ports: ProfilePorts

    async def records(self, who: str, *kinds: str, is_machine: bool = False, **properties: Value) -> str:
        now_ms = system_clock()
        writes = tuple(
            EventWrite(new_id("e"), person(who), kind, now_ms, properties, is_machine=is_machine) for kind in kinds
        )
        return (await self.app.record_events(RecordEvents(new_id("r"), writes))).results[0].profile_id

    async def knows(self, who: str, **traits: Value) -> str:
        writes = tuple(TraitWrite(name, value) for name, value in traits.items())
        return (await self.app.upsert_traits(UpsertTraits(new_id("r"), person(who), writes))).profile_id

    async def whole_log(self, *types: str, limit: int = 3) -> list[HappeningBatch]:
        batches = [await self.ports.feed.read("0", types, limit)]
        while not batches[-1].is_end:
            batches.append(await self.ports.feed.read(batches[-1].position, types, limit))
        return batches


@pytest.fixture(params=["local", "grpc"])
async def profiles(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Profiles]:
    async with AsyncExitStack() as stack:
        profile = await bootstrap(ProfileSettings(data_dir=tmp_path), stack)
        await profile.app.publish_trait_schema(PublishTraitSchema("s", schema_of(TYPES), activate=True))
        ports = local_profile_ports(profile.app)
        if request.param == "grpc":
            served = await stack.enter_async_context(loopback(profile.binding.descriptor, profile.binding.servicer))
            feed = GrpcEventFeed(served.channel)
            stack.push_async_callback(feed.close)
            channel = served.channel
            ports = ProfilePorts(feed, GrpcFactReader(channel), GrpcTraitWriter(channel), GrpcErasureFeed(channel))
        yield Profiles(profile.app, ports)


async def test_an_empty_log_ends_where_it_begins(profiles: Profiles) -> None:
    assert await profiles.ports.feed.end() == "0"
    assert await profiles.ports.feed.read("0", ["view"], 10) == HappeningBatch((), "0", is_end=True)


async def test_the_log_is_read_in_batches_to_its_end_whatever_the_last_event_is(profiles: Profiles) -> None:
    ann = await profiles.records("crm:ann", *["view"] * 7, "buy", sku="tea", tags=("a", "b"), price=1.5)
    batches = await profiles.whole_log("view")
    assert [len(batch.logged) for batch in batches if batch.logged] == [3, 3, 1]
    assert batches[-1].position == await profiles.ports.feed.end() == "8"
    seen = [logged for batch in batches for logged in batch.logged]
    assert [logged.position for logged in seen] == [str(number) for number in range(1, 8)]
    happening = seen[0].happening
    assert (happening.profile_id, happening.type) == (ann, "view")
    assert repr(dict(sorted(happening.properties.items()))) == "{'price': 1.5, 'sku': 'tea', 'tags': ('a', 'b')}"
    assert abs(seen[0].recorded_ms - system_clock()) < 60_000
    await profiles.records("crm:ann", "view")
    assert [each.position for each in (await profiles.ports.feed.read("8", ["view"], 10)).logged] == ["9"]


async def test_long_logs_are_read_whole(profiles: Profiles) -> None:
    for _ in range(3):
        await profiles.records("crm:ann", *["view", "buy"] * 300)
    batches = await profiles.whole_log("view", "buy", limit=700)
    positions = [int(logged.position) for batch in batches for logged in batch.logged]
    assert positions == list(range(1, 1_801))


async def test_what_machines_did_is_passed_over(profiles: Profiles) -> None:
    await profiles.records("crm:ann", "view", "view", is_machine=True)
    await profiles.records("crm:ann", "view")
    batches = await profiles.whole_log("view", limit=1)
    assert [logged.position for batch in batches for logged in batch.logged] == ["3"]
    assert batches[-1].position == "3"


async def test_facts_are_those_that_are_asked_for(profiles: Profiles) -> None:
    ann = await profiles.knows("crm:ann", vip=True, score=3)
    bob = await profiles.knows("crm:bob", vip=None, tags=("a",))
    found = await profiles.ports.facts.facts([ann, bob, "nobody"], ["vip", "tags"])
    assert set(found) == {ann, bob}
    known = {name: feature for name, feature in found[ann].attributes.items() if feature.is_known}
    assert {name: feature.value for name, feature in known.items()} == {"vip": True}
    assert found[bob].attributes["vip"].status is FeatureStatus.NULL_VALUE
    assert found[bob].attributes["tags"].value == ("a",)


async def test_of_merged_profiles_the_survivor_answers_and_names_them(profiles: Profiles) -> None:
    ann, cookie = await profiles.knows("crm:ann", score=1), await profiles.knows("cookie:c", score=2)
    merge = MergeProfiles(new_id("r"), person("crm:ann"), person("cookie:c"))
    await profiles.app.merge_profiles(merge)
    found = await profiles.ports.facts.facts([cookie, ann], ["score"])
    assert found[cookie] == found[ann]
    assert (found[ann].profile_id, found[ann].former_ids) == (ann, (cookie,))


async def test_subjects_are_found_page_by_page(profiles: Profiles) -> None:
    everyone = sorted([await profiles.knows(f"crm:{number}", vip=number % 2 == 0, score=1) for number in range(9)])
    found: list[str] = []
    after = ""
    while True:
        page = await profiles.ports.facts.subjects_where("vip", after, 2)
        found += page.profile_ids
        after = page.through
        if not after:
            break
    assert len(found) == 5
    assert found == [each for each in everyone if each in found]
    # The cursor is not the condition's: another one goes on at the same place.
    rest = await profiles.ports.facts.subjects_where("true", everyone[6], 10)
    assert (rest.profile_ids, rest.through) == (tuple(everyone[7:]), "")
    with pytest.raises(InvalidArgument):
        await profiles.ports.facts.subjects_where("nonsense ==", "", 2)


async def test_inferred_traits_are_written_or_refused_one_by_one(profiles: Profiles) -> None:
    ann, bob = await profiles.knows("crm:ann", score=1), await profiles.knows("crm:bob", score=1)
    now_ms = system_clock()
    traits = [
        InferredTrait(ann, "vip", True, now_ms),
        InferredTrait("nobody", "vip", True, now_ms),
        InferredTrait(bob, "vip", False, now_ms),
    ]
    refusals = await profiles.ports.traits.write("r1", traits)
    assert [refusal and refusal.reason for refusal in refusals] == [None, "PROFILE_NOT_FOUND", None]
    assert len(await profiles.ports.traits.write("r1", traits)) == 3
    answer = await profiles.app.get_profile(ProfileQuery(person("crm:ann")))
    assert answer.profile.features["vip"].value is True
    assert answer.profile.traits["vip"].source.name == "COMPUTED"


async def test_erasures_are_told_from_a_position_on(profiles: Profiles) -> None:
    assert await profiles.ports.erasures.erasures("") == []
    ids = []
    for name in ("ann", "bob"):
        ids.append(await profiles.knows(f"crm:{name}", score=1))
        await profiles.app.erase_subject(EraseSubject(new_id("r"), person(f"crm:{name}")))
    first, second = await profiles.ports.erasures.erasures("")
    assert [first.profile_ids, second.profile_ids] == [(ids[0],), (ids[1],)]
    assert await profiles.ports.erasures.erasures(first.position) == [second]
    assert await profiles.ports.facts.facts(ids, ["score"]) == {}
