"""The store ports, the same behaviours on every store."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from services.profile.app.ports import (
    MAX_PROFILE_BYTES,
    Commit,
    Conflict,
    EventRecorded,
    IdentityTaken,
    Look,
    ProfileTooLarge,
    RequestAnswered,
    SchemaCommit,
    Stores,
    VersionConflict,
)
from services.profile.app.requests import LoggedEvent
from services.profile.domain.aggregates.states import Decayed, Distinct, Latest, Series, Tally, Total
from services.profile.domain.identities import profile_key
from services.profile.domain.profile import Profile
from services.profile.domain.trait_source import TraitSource
from services.profile.domain.traits import Observation
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Value
from tests.support.profile_records import EVERY_VALUE, answer, change, event, profile, statement
from tests.support.profiles import schema_of, whole_log


async def create(stores: Stores, profile_id: str = "p1", *keys: str) -> Profile:
    created = profile(profile_id, 1, *(keys or (f"crm\x1f{profile_id}",)))
    await stores.profiles.commit(Commit((change(created, claims=created.identities),)))
    return created


def same_types(left: Value, right: Value) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return [type(item) for item in left] == [type(item) for item in right]
    return type(left) is type(right) and str(left) == str(right)


async def test_what_was_never_stored_is_missing(stores: Stores) -> None:
    assert await stores.profiles.find(["crm\x1f1"]) == {}
    assert await stores.profiles.find([]) == {}
    assert await stores.profiles.answer("UpsertTraits", "r1") is None
    assert await stores.events.recorded(["e1"]) == {}
    assert await stores.events.history("p1", "view", "", 10) == []
    assert await stores.events.tail(0, (), 10) == []
    assert await stores.events.last_position() == 0
    assert await stores.consents.statements(["p1"], None, 10) == []
    assert await stores.schemas.active_version() == ""
    assert await stores.schemas.schema("t1") is None


async def test_values_of_every_type_come_back_as_they_were(stores: Stores) -> None:
    key = "crm\x1f1"
    stored = replace(
        profile("p1", 1, key),
        traits={name: Observation(value, TraitSource.THIRD_PARTY, -1_000) for name, value in EVERY_VALUE.items()},
        ahead=(event("e9", properties=EVERY_VALUE),),
        states={name: Latest(1, "e1", value) for name, value in EVERY_VALUE.items()},
    )
    await stores.profiles.commit(Commit((change(stored, (key,), (event("e1", properties=EVERY_VALUE),)),)))
    found = (await stores.profiles.find([key]))[key]
    assert found == stored
    (logged,) = await stores.events.tail(0, (), 10)
    assert logged.event == event("e1", properties=EVERY_VALUE)
    for name, value in EVERY_VALUE.items():
        assert same_types(found.traits[name].value, value), name
        assert same_types(found.ahead[0].properties[name], value), name
        assert same_types(logged.event.properties[name], value), name


async def test_a_whole_profile_comes_back_as_it_was(stores: Stores) -> None:
    stored = replace(
        profile("p1", 1, "crm\x1f1", "cookie\x1fa b"),
        states={
            "tally": Tally(3, 9),
            "total": Total((0.1, 1e16), 9),
            "latest": Latest(),
            "distinct": Distinct({-5: 3, INT64_MIN: 4, INT64_MAX: 5}, 5),
            "decayed": Decayed((1.5,), 12, 99),
            "series": Series([1, 2, 2], [0.5, 1.0, 2.0], [1, 7, 1], 0),
        },
        event_types=("view", "buy"),
        consents=(statement("c1", 5),),
    )
    await stores.profiles.commit(Commit((change(stored, stored.identities),)))
    owners = await stores.profiles.find([*stored.identities, "cookie\x1funknown"])
    assert dict(owners) == dict.fromkeys(stored.identities, stored)
    assert owners["crm\x1f1"] is owners["cookie\x1fa b"]


async def test_many_identities_are_found_in_one_read(stores: Stores) -> None:
    made = [profile(f"p{index}", 1, f"crm\x1f{index}", f"cookie\x1f{index}") for index in range(700)]
    await stores.profiles.commit(Commit(tuple(change(each, each.identities) for each in made)))
    keys = [key for each in made for key in each.identities] + ["crm\x1fnobody"]
    owners = await stores.profiles.find(keys)
    assert {key: owner.profile_id for key, owner in owners.items()} == {
        key: each.profile_id for each in made for key in each.identities
    }


async def test_a_profile_that_exists_cannot_be_created(stores: Stores) -> None:
    created = await create(stores)
    with pytest.raises(VersionConflict):
        await stores.profiles.commit(Commit((change(replace(created, updated_ms=99)),)))
    assert (await stores.profiles.find(created.identities))[created.identities[0]] == created


async def test_a_profile_that_does_not_exist_cannot_be_changed(stores: Stores) -> None:
    with pytest.raises(VersionConflict):
        await stores.profiles.commit(Commit((change(profile("p1", 2), ("crm\x1f1",)),)))
    assert await stores.profiles.find(["crm\x1f1"]) == {}


async def test_a_stale_version_writes_nothing(stores: Stores) -> None:
    created = await create(stores)
    await stores.profiles.commit(Commit((change(replace(created, version=2)),)))
    stale = change(replace(created, version=2, updated_ms=999), ("crm\x1fnew",), (event("e1"),), (statement("c1", 1),))
    with pytest.raises(VersionConflict):
        await stores.profiles.commit(Commit((stale,), answer("r1")))
    await nothing_more_than(stores, replace(created, version=2))


async def nothing_more_than(stores: Stores, expected: Profile) -> None:
    """The store holds this profile, and of a commit that failed nothing at all."""
    owners = await stores.profiles.find([*expected.identities, "crm\x1fnew"])
    assert dict(owners) == dict.fromkeys(expected.identities, expected)
    assert await stores.events.recorded(["e1"]) == {}
    assert await stores.events.tail(0, (), 10) == []
    assert await stores.consents.statements(["p1"], None, 10) == []
    assert await stores.profiles.answer("UpsertTraits", "r1") is None


async def test_one_stale_profile_among_many_stores_none_of_them(stores: Stores) -> None:
    created = await create(stores)
    fresh = change(profile("p2", 1, "crm\x1fnew"), ("crm\x1fnew",), (event("e1"),))
    stale = change(replace(created, version=3))
    for changes in ((fresh, stale), (stale, fresh)):
        with pytest.raises(VersionConflict):
            await stores.profiles.commit(Commit(changes, answer("r1")))
    await nothing_more_than(stores, created)


async def test_an_identity_belongs_to_one_profile_and_a_second_claim_stores_nothing(stores: Stores) -> None:
    created = await create(stores)
    late = change(profile("p2", 1), ("crm\x1fnew", created.identities[0]), (event("e1"),), (statement("c1", 1),))
    with pytest.raises(IdentityTaken):
        await stores.profiles.commit(Commit((late,), answer("r1")))
    await nothing_more_than(stores, created)


async def test_an_event_id_is_recorded_once_and_a_second_time_stores_nothing(stores: Stores) -> None:
    created = await create(stores)
    first = change(replace(created, version=2), events=(event("e0"),))
    await stores.profiles.commit(Commit((first,)))
    again = change(replace(created, version=3), ("crm\x1fnew",), (event("e1"), event("e0")))
    with pytest.raises(EventRecorded):
        await stores.profiles.commit(Commit((again,)))
    assert await stores.events.recorded(["e0", "e1"]) == {"e0": "p1"}
    assert len(await stores.events.tail(0, (), 10)) == 1
    assert dict(await stores.profiles.find(["crm\x1fnew"])) == {}


async def test_a_request_is_answered_once_and_a_second_time_stores_nothing(stores: Stores) -> None:
    await stores.profiles.commit(Commit((), answer("r1")))
    assert await stores.profiles.answer("UpsertTraits", "r1") == answer("r1")
    with pytest.raises(RequestAnswered):
        await stores.profiles.commit(Commit((change(profile("p1", 1, "crm\x1f1"), ("crm\x1f1",)),), answer("r1")))
    assert await stores.profiles.find(["crm\x1f1"]) == {}
    await stores.profiles.commit(Commit((), answer("r1", rpc="SetConsent")))


async def test_a_profile_beyond_the_limit_is_refused_and_nothing_stored(stores: Stores) -> None:
    large = Observation("x" * (MAX_PROFILE_BYTES // 2), TraitSource.EXPLICIT, 0)
    fits = replace(profile("p1", 1, "crm\x1f1"), traits={"a": large})
    await stores.profiles.commit(Commit((change(fits, ("crm\x1f1",)),)))
    with pytest.raises(ProfileTooLarge):
        await stores.profiles.commit(
            Commit((change(replace(fits, version=2, traits={"a": large, "b": large}), (), (event("e1"),)),))
        )
    assert (await stores.profiles.find(["crm\x1f1"]))["crm\x1f1"] == fits
    assert await stores.events.recorded(["e1"]) == {}


async def test_events_are_read_in_the_order_of_their_positions_page_by_page(stores: Stores) -> None:
    first, second = await create(stores, "p1"), await create(stores, "p2")
    for step in range(1, 6):
        events = tuple(event(f"e{step}{index}", kind=("view", "buy")[index % 2]) for index in range(4))
        changes = (
            change(replace(first, version=step + 1), events=events[:2]),
            change(replace(second, version=step + 1), events=events[2:]),
        )
        await stores.profiles.commit(Commit(changes))
    everything = await stores.events.tail(0, (), 100)
    positions = [logged.position for logged in everything]
    assert positions == sorted(set(positions))
    assert [logged.event.event_id for logged in everything] == [f"e{s}{i}" for s in range(1, 6) for i in range(4)]
    assert await stores.events.last_position() == positions[-1]
    assert list(everything[7:10]) == await stores.events.tail(positions[6], (), 3)
    assert await stores.events.tail(positions[-1], (), 3) == []
    buys = [logged for logged in everything if logged.event.type == "buy"]
    assert await stores.events.tail(0, ("buy",), 100) == buys
    assert await stores.events.tail(buys[1].position, ("buy",), 2) == buys[2:4]
    assert await stores.events.tail(0, ("buy", "view", "buy"), 100) == everything
    mine = [logged.event for logged in buys if logged.profile_id == "p2"]
    assert await stores.events.history("p2", "buy", "", 100) == mine
    assert await stores.events.history("p2", "buy", mine[1].event_id, 2) == mine[2:4]
    assert await stores.events.history("p3", "buy", "", 100) == []


async def test_statements_are_read_newest_first_page_by_page(stores: Stores) -> None:
    created = await create(stores)
    places = [(5, 1, "c1"), (5, 1, "c2"), (5, 3, "c0"), (9, 1, "c3"), (-7, 8, "c4")]
    made = [statement(name, granted_ms, recorded_ms) for granted_ms, recorded_ms, name in places]
    await stores.profiles.commit(Commit((change(replace(created, version=2), statements=tuple(made)),)))
    expected = sorted(made, key=lambda each: each.place, reverse=True)
    assert await stores.consents.statements(["p1"], None, 10) == expected
    for index, each in enumerate(expected):
        assert await stores.consents.statements(["p1"], each.place, 2) == expected[index + 1 : index + 3]
    assert await stores.consents.statements(["p2"], None, 10) == []


async def test_a_look_finds_at_once_what_is_otherwise_read_one_by_one(stores: Stores) -> None:
    nothing = Look({}, "", None, {})
    assert await stores.profiles.look(["crm\x1f1"], ("UpsertTraits", "r1"), ["e1"]) == nothing
    schema = schema_of({"age": AttributeType.INT})
    await stores.schemas.commit(SchemaCommit(schema.version, schema, True, answer("r0", "PublishTraitSchema")))
    one, other = await create(stores, "p1", "crm\x1f1", "cookie\x1fa"), await create(stores, "p2")
    logged = replace(one, version=2)
    await stores.profiles.commit(Commit((change(logged, events=(event("e1"),)),), answer("r1")))
    keys, by_id = ["crm\x1f1", "cookie\x1fa", "crm\x1funknown"], profile_key(other.profile_id)
    look = await stores.profiles.look([*keys, by_id], ("UpsertTraits", "r1"), ["e1", "e2"])
    assert look == Look(
        {"crm\x1f1": logged, "cookie\x1fa": logged, by_id: other}, schema.version, answer("r1"), {"e1": "p1"}
    )
    assert await stores.profiles.look([by_id]) == Look({by_id: other}, schema.version, None, {})


async def test_each_of_many_who_look_at_once_is_told_what_it_asked_for(stores: Stores) -> None:
    created = [await create(stores, f"p{index}") for index in range(20)]
    for index, each in enumerate(created):
        logged = change(replace(each, version=2), events=(event(f"e{index}"),))
        await stores.profiles.commit(Commit((logged,), answer(f"r{index}")))
    looks = [stores.profiles.look([f"crm\x1fp{i}"], ("UpsertTraits", f"r{i}"), [f"e{i}"]) for i in range(20)]
    finds = [stores.profiles.find([f"crm\x1fp{index}"]) for index in range(20)]
    for index, look in enumerate(await asyncio.gather(*looks)):
        owner = replace(created[index], version=2)
        assert look == Look({f"crm\x1fp{index}": owner}, "", answer(f"r{index}"), {f"e{index}": f"p{index}"})
    for index, found in enumerate(await asyncio.gather(*finds)):
        assert found == {f"crm\x1fp{index}": replace(created[index], version=2)}


async def test_a_schema_is_kept_under_its_version_and_one_is_active(stores: Stores) -> None:
    first, second = schema_of({"age": AttributeType.INT}), schema_of({"size": AttributeType.STRING})
    await stores.schemas.commit(SchemaCommit(first.version, first, False, answer("r1", "PublishTraitSchema")))
    assert await stores.schemas.schema(first.version) == first
    assert await stores.schemas.active_version() == ""
    await stores.schemas.commit(SchemaCommit(second.version, second, True, answer("r2", "PublishTraitSchema")))
    assert await stores.schemas.active_version() == second.version
    await stores.schemas.commit(SchemaCommit(first.version, first, True, answer("r3", "PublishTraitSchema")))
    assert await stores.schemas.active_version() == first.version
    with pytest.raises(RequestAnswered):
        await stores.schemas.commit(SchemaCommit(second.version, second, True, answer("r3", "PublishTraitSchema")))
    assert await stores.schemas.active_version() == first.version
    assert await stores.profiles.answer("PublishTraitSchema", "r1") == answer("r1", "PublishTraitSchema")


async def test_concurrent_increments_from_two_replicas_lose_nothing(stores: Stores, other_stores: Stores) -> None:
    created = await create(stores)
    key = created.identities[0]

    async def increment(replica: Stores, name: str) -> int:
        for attempt in range(1, 500):
            held = (await replica.profiles.find([key]))[key]
            changed = replace(held, version=held.version + 1, created_ms=held.created_ms + 1)
            try:
                await replica.profiles.commit(Commit((change(changed, events=(event(name),)),)))
            except Conflict:
                continue
            return attempt
        raise AssertionError("never came first")

    async def work(worker: int) -> None:
        for step in range(15):
            await increment((stores, other_stores)[worker % 2], f"e{worker}.{step}")

    await asyncio.gather(*map(work, range(8)))
    held = (await stores.profiles.find([key]))[key]
    assert (held.created_ms, held.version) == (5 + 120, 121)
    assert len(await whole_log(stores)) == 120


async def test_a_commit_that_fails_leaves_those_beside_it_alone(stores: Stores) -> None:
    created = await create(stores)
    good = [profile(f"q{index}", 1, f"crm\x1fq{index}") for index in range(5)]
    large = Observation("x" * (MAX_PROFILE_BYTES + 1), TraitSource.EXPLICIT, 0)
    commits = [
        *(Commit((change(each, each.identities),)) for each in good),
        Commit((change(replace(created, version=7)),)),
        Commit((change(profile("q9", 1), created.identities),)),
        Commit((change(replace(profile("q8", 1), traits={"a": large})),)),
    ]
    results = await asyncio.gather(*map(stores.profiles.commit, commits), return_exceptions=True)
    assert results[:5] == [None] * 5
    assert [type(result) for result in results[5:]] == [VersionConflict, IdentityTaken, ProfileTooLarge]
    assert len(await stores.profiles.find([key for each in good for key in each.identities])) == 5


async def test_a_race_for_an_identity_has_one_winner_and_leaves_no_orphan(stores: Stores, other_stores: Stores) -> None:
    async def claim(index: int) -> bool:
        made = profile(f"p{index}", 1, "crm\x1fprize", f"cookie\x1f{index}")
        try:
            replica = (stores, other_stores)[index % 2]
            await replica.profiles.commit(Commit((change(made, made.identities, (event(f"e{index}"),)),)))
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*map(claim, range(16)))
    assert won.count(True) == 1
    winner = won.index(True)
    owners = await stores.profiles.find(["crm\x1fprize", *(f"cookie\x1f{index}" for index in range(16))])
    assert {key: owner.profile_id for key, owner in owners.items()} == {
        "crm\x1fprize": f"p{winner}",
        f"cookie\x1f{winner}": f"p{winner}",
    }
    assert [logged.profile_id for logged in await stores.events.tail(0, (), 20)] == [f"p{winner}"]


async def test_readers_who_go_on_after_the_last_position_miss_no_event(stores: Stores, other_stores: Stores) -> None:
    replicas = (stores, other_stores)
    made = [await create(stores, f"p{index}") for index in range(6)]
    done = asyncio.Event()

    async def write(replica: Stores, owner: Profile) -> None:
        for step in range(12):
            events = tuple(event(f"{owner.profile_id}.{step:02}.{index}") for index in range(1 + step % 3))
            await replica.profiles.commit(Commit((change(replace(owner, version=step + 2), events=events),)))

    async def follow(replica: Stores, types: tuple[str, ...]) -> list[LoggedEvent]:
        seen: list[LoggedEvent] = []
        while True:
            is_last = done.is_set()
            page = await replica.events.tail(seen[-1].position if seen else 0, types, 5)
            seen += page
            if is_last and not page:
                return seen
            await asyncio.sleep(0)

    following = [asyncio.create_task(follow(each, types)) for each in replicas for types in ((), ("view", "other"))]
    await asyncio.gather(*(write(replicas[index % 2], owner) for index, owner in enumerate(made)))
    done.set()
    first, *others = await asyncio.gather(*following)
    assert all(other == first for other in others), "every reader sees one order"
    assert len({logged.event.event_id for logged in first}) == len(first) == 6 * sum(1 + step % 3 for step in range(12))
    for owner in made:
        mine = [logged.event.event_id for logged in first if logged.profile_id == owner.profile_id]
        assert mine == sorted(mine), "a person's events stay in the order of their commits"
