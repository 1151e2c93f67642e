"""What is past its retention is deleted, on every store; what aggregates counted of it stays, and counts once."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pymongo
import pytest
from msgspec.structs import replace

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Change, Commit, EventGone, Stores
from services.profile.app.requests import ItemStatus, ProfileQuery, RecordEvents, Subject, TraitWrite, UpsertTraits
from services.profile.app.retention import Swept
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.identities import profile_key
from services.profile.domain.parts import parts_of
from services.profile.domain.profile import Profile
from services.profile.domain.schema import (
    AggregateDeclaration,
    EventTypeDeclaration,
    TraitDeclaration,
    TraitSchema,
)
from services.profile.domain.trait_source import TraitSource
from shared.clock import MAX_CLOCK_SKEW_MS, MS_PER_DAY
from shared.errors import AlreadyExists
from shared.ids import new_id
from shared.settings import ServiceSettings, StoreKind
from shared.values import NOT_FOUND, AttributeType, Feature, present
from tests.support.profiles import NOW_MS, SteppingClock, event, person, publish, whole_log

ANN, COOKIE, OTHER = person("crm:ann"), person("cookie:a"), person("cookie:b")
KEPT_MS = 30 * MS_PER_DAY
ANSWERS_MS = 90 * MS_PER_DAY
VIEWS = AggregateDeclaration("views", Formula(Measure.COUNT, "view"))
SPENT = AggregateDeclaration("spent", Formula(Measure.SUM, "view", "price"))
WEEK = AggregateDeclaration("week", Formula(Measure.COUNT, "view", window_ms=7 * MS_PER_DAY))
YEAR = AggregateDeclaration("year", Formula(Measure.COUNT, "view", window_ms=365 * MS_PER_DAY))
SCHEMA = TraitSchema(
    traits=(
        TraitDeclaration("size", AttributeType.STRING, retention_ms=KEPT_MS, indexed=True),
        TraitDeclaration("age", AttributeType.INT),
    ),
    aggregates=(VIEWS, SPENT, WEEK, YEAR),
    event_types=(EventTypeDeclaration("view", KEPT_MS), EventTypeDeclaration("buy")),
)


@pytest.fixture
def replica(other_stores: Stores, clock: SteppingClock) -> ProfileApplication:
    return ProfileApplication(other_stores, clock=clock)


async def view(app: ProfileApplication, event_id: str, subject: Subject = ANN, at_ms: int = NOW_MS) -> ItemStatus:
    write = event(event_id, subject, "view", at_ms, price=2.5)
    return (await app.record_events(RecordEvents(new_id("r"), (write,)))).results[0].status


async def observe(app: ProfileApplication, request_id: str, subject: Subject = ANN, **writes: TraitWrite) -> None:
    await app.upsert_traits(UpsertTraits(request_id, subject, tuple(writes.values())))


async def features(app: ProfileApplication, subject: Subject = ANN, read_ms: int | None = None) -> dict[str, Feature]:
    return dict((await app.get_profile(ProfileQuery(subject, read_ms))).profile.features)


async def stored(app: ProfileApplication, stores: Stores, subject: Subject = ANN) -> Profile:
    profile_id = (await app.get_profile(ProfileQuery(subject))).profile.profile_id
    key = profile_key(profile_id)
    return (await stores.profiles.find([key]))[key]


def past(clock: SteppingClock) -> None:
    """What happened at NOW_MS is past its retention, whatever the clocks of replicas say."""
    clock.now_ms = NOW_MS + KEPT_MS + MAX_CLOCK_SKEW_MS + 1


async def test_events_leave_the_log_and_aggregates_keep_what_they_counted(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    for index in range(3):
        await view(app, f"e{index}")
    await app.record_events(RecordEvents("b", (event("bought", ANN, "buy", NOW_MS),)))
    past(clock)
    await view(app, "late", at_ms=clock.now_ms)
    before = await features(app)
    assert await app.sweep(ANSWERS_MS) == Swept(events=3)
    assert [logged.event.event_id for logged in await whole_log(stores)] == ["bought", "late"]
    assert await features(app) == before
    assert (before["views"], before["spent"], before["week"], before["year"]) == tuple(map(present, (4, 10.0, 1, 4)))
    assert await app.sweep(ANSWERS_MS) == Swept()


async def test_a_reading_of_the_past_still_counts_deleted_events(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish(app, SCHEMA)
    await view(app, "e1")
    past(clock)
    await app.sweep(ANSWERS_MS)
    moment_ms = clock.now_ms
    clock.now_ms += MS_PER_DAY
    await view(app, "e2", at_ms=clock.now_ms)
    assert (await features(app, read_ms=moment_ms))["views"] == present(1)
    assert (await features(app, read_ms=moment_ms))["year"] == present(1)
    assert (await features(app))["views"] == present(2)
    assert (await features(app, read_ms=NOW_MS - 1))["views"] == present(0)


async def test_a_merged_profile_remembers_what_both_sides_counted(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await view(app, "e1", COOKIE)
    await view(app, "e2", OTHER)
    past(clock)
    assert (await app.sweep(ANSWERS_MS)).events == 2
    moment_ms = clock.now_ms
    clock.now_ms += 1_000
    await view(app, "e3", (*COOKIE, *OTHER), at_ms=clock.now_ms)
    assert len(parts_of(await stored(app, stores, COOKIE))) == 2
    assert (await features(app, OTHER))["views"] == present(3)
    assert (await features(app, OTHER, moment_ms))["views"] == present(2)
    past(clock)
    clock.now_ms += MS_PER_DAY + KEPT_MS
    assert (await app.sweep(ANSWERS_MS)).events == 1
    assert (await features(app, COOKIE))["spent"] == present(7.5)


async def test_events_of_a_part_are_remembered_by_that_part(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await view(app, "e1", COOKIE)
    await view(app, "e2", OTHER)
    await view(app, "e3", (*COOKIE, *OTHER))
    past(clock)
    assert (await app.sweep(ANSWERS_MS)).events == 3
    assert await whole_log(stores) == []
    parts = parts_of(await stored(app, stores, COOKIE))
    assert sorted(part.remembered[VIEWS.formula.key].count for part in parts) == [1, 2]  # type: ignore[union-attr]
    assert (await features(app, OTHER))["views"] == present(3)


async def test_an_aggregate_that_is_declared_later_counts_the_events_that_are_left(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, TraitSchema(event_types=SCHEMA.event_types))
    await view(app, "e1")
    past(clock)
    await view(app, "e2", at_ms=clock.now_ms)
    await app.sweep(ANSWERS_MS)
    await publish(app, SCHEMA)
    assert (await features(app))["views"] == present(1)


async def test_an_event_past_its_retention_is_not_recorded_and_not_counted(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    assert await view(app, "e1", at_ms=NOW_MS - KEPT_MS + 1) is ItemStatus.RECORDED
    assert await view(app, "e2", at_ms=NOW_MS - KEPT_MS) is ItemStatus.PAST_RETENTION
    assert await view(app, "e3", COOKIE, at_ms=0) is ItemStatus.PAST_RETENTION
    assert (await features(app))["views"] == present(1)
    assert [logged.event.event_id for logged in await whole_log(stores)] == ["e1"]
    overlay = (event("e4", ANN, "view", 0), event("e5", ANN, "view", NOW_MS))
    answer = await app.get_profile(ProfileQuery(ANN, overlay=overlay))
    assert answer.profile.features["views"] == present(2)


async def test_a_deleted_event_that_is_sent_again_counts_once(
    app: ProfileApplication, replica: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await view(app, "e1")
    clock.now_ms = NOW_MS + KEPT_MS + MAX_CLOCK_SKEW_MS
    assert await app.sweep(ANSWERS_MS) == Swept()  # a replica whose clock is behind would record it again
    past(clock)
    assert (await app.sweep(ANSWERS_MS)).events == 1
    clock.now_ms -= MAX_CLOCK_SKEW_MS
    assert await view(replica, "e1") is ItemStatus.PAST_RETENTION
    assert (await features(replica))["views"] == present(1)


async def test_replicas_that_sweep_together_while_people_write_lose_nothing(
    app: ProfileApplication, replica: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    people = [person(f"crm:{index}") for index in range(8)]
    await asyncio.gather(*(view(app, f"e{i}.{n}", each) for i, each in enumerate(people) for n in range(5)))
    past(clock)
    swept = await asyncio.gather(
        app.sweep(ANSWERS_MS),
        replica.sweep(ANSWERS_MS),
        *(view(replica, f"new{i}", each, at_ms=clock.now_ms) for i, each in enumerate(people)),
    )
    assert sum(each.events for each in swept if isinstance(each, Swept)) == 40
    assert len(await whole_log(stores)) == len(people)
    for each in people:
        assert (await features(app, each))["views"] == present(6)
        assert (await features(app, each, clock.now_ms - 1))["views"] == present(5)


async def test_a_reader_of_the_log_goes_on_after_events_that_were_deleted(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await view(app, "e1")
    last = (await whole_log(stores))[-1].position
    past(clock)
    await app.sweep(ANSWERS_MS)
    assert await stores.events.last_position() == last
    await view(app, "e2", at_ms=clock.now_ms)
    assert [each.event.event_id for each in await stores.events.tail(last, (), 10)] == ["e2"]


async def test_events_of_release_0_1_are_deleted_too(
    app: ProfileApplication, stores: Stores, settings: ServiceSettings, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await view(app, "e1")
    as_0_1_wrote_them(settings)
    past(clock)
    await view(app, "e2", at_ms=clock.now_ms)
    assert (await app.sweep(ANSWERS_MS)).events == 1
    assert [logged.event.event_id for logged in await whole_log(stores)] == ["e2"]


def as_0_1_wrote_them(settings: ServiceSettings) -> None:
    if settings.store is StoreKind.SQLITE:
        with closing(sqlite3.connect(settings.data_dir / "profile.sqlite")) as database, database:
            database.execute("UPDATE event SET event_ms = NULL")
        return
    assert settings.mongo_uri is not None
    with pymongo.MongoClient[dict[str, object]](settings.mongo_uri.get_secret_value()) as client:
        client[settings.mongo_database]["profile_events"].update_many({}, {"$unset": {"event_ms": ""}})


async def test_a_trait_past_its_retention_is_not_answered_even_before_it_is_deleted(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await observe(app, "r1", size=TraitWrite("size", "M"), age=TraitWrite("age", 30))
    clock.now_ms = NOW_MS + KEPT_MS - 1
    assert (await features(app))["size"] == present("M")
    assert (await features(app, read_ms=NOW_MS + KEPT_MS))["size"] == NOT_FOUND
    clock.now_ms = NOW_MS + KEPT_MS
    for moment_ms in (None, NOW_MS):
        answer = await app.get_profile(ProfileQuery(ANN, moment_ms))
        assert answer.profile.features == {**(await features(app)), "size": NOT_FOUND, "age": present(30)}
        assert set(answer.profile.traits) == {"age"}
    assert "size" in (await stored(app, stores)).traits
    assert await app.sweep(ANSWERS_MS) == Swept(profiles=1)
    assert set((await stored(app, stores)).traits) == {"age"}
    assert await app.sweep(ANSWERS_MS) == Swept()


async def test_of_several_sources_only_the_old_observations_go(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await observe(app, "r1", size=TraitWrite("size", "M"))
    clock.now_ms += MS_PER_DAY
    await observe(app, "r2", size=TraitWrite("size", "L", TraitSource.IMPLICIT))
    await observe(app, "r3", size=TraitWrite("size", "S", TraitSource.COMPUTED))
    assert (await features(app))["size"] == present("M")
    clock.now_ms = NOW_MS + KEPT_MS
    assert (await features(app))["size"] == present("L")
    await app.sweep(ANSWERS_MS)
    held = await stored(app, stores)
    assert (held.traits["size"].value, [each.value for each in held.rivals["size"]]) == ("L", ["S"])


async def test_parts_of_a_merged_profile_keep_no_old_observation(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await observe(app, "r1", COOKIE, size=TraitWrite("size", "M"))
    clock.now_ms += MS_PER_DAY
    await observe(app, "r2", OTHER, size=TraitWrite("size", "L"))
    await view(app, "e1", (*COOKIE, *OTHER))
    clock.now_ms = NOW_MS + KEPT_MS
    assert (await app.sweep(ANSWERS_MS)).profiles == 1
    parts = parts_of(await stored(app, stores, COOKIE))
    assert [trait.value for part in parts for trait in part.traits.values()] == ["L"]
    assert (await features(app, COOKIE))["size"] == present("L")


async def test_an_observation_past_its_retention_is_not_kept(app: ProfileApplication, stores: Stores) -> None:
    await publish(app, SCHEMA)
    writes = (TraitWrite("size", "M", observed_ms=NOW_MS - KEPT_MS), TraitWrite("age", 30, observed_ms=0))
    written = await app.upsert_traits(UpsertTraits("r1", ANN, writes))
    assert written.statuses == (ItemStatus.PAST_RETENTION, ItemStatus.RECORDED)
    assert set((await stored(app, stores)).traits) == {"age"}


async def test_a_request_is_remembered_for_so_long(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish(app, SCHEMA)
    await observe(app, "r1", age=TraitWrite("age", 30))
    clock.now_ms += ANSWERS_MS
    assert (await app.sweep(ANSWERS_MS)).answers == 0
    with pytest.raises(AlreadyExists):
        await observe(app, "r1", age=TraitWrite("age", 31))
    clock.now_ms += 1
    assert (await app.sweep(ANSWERS_MS)).answers == 2
    await observe(app, "r1", age=TraitWrite("age", 31))
    assert (await features(app))["age"] == present(31)


async def test_an_event_that_left_the_log_before_ends_a_commit(
    app: ProfileApplication, stores: Stores, clock: SteppingClock
) -> None:
    await publish(app, SCHEMA)
    await view(app, "e1")
    held = await stored(app, stores)
    changed = replace(held, version=held.version + 1, traits={})
    with pytest.raises(EventGone):
        await stores.profiles.commit(Commit((Change(changed),), deleted_events=("e1", "e2")))
    assert (await stored(app, stores)).version == held.version
    assert len(await whole_log(stores)) == 1
    await stores.profiles.commit(Commit((Change(changed),), deleted_events=("e1",)))
    assert (await stored(app, stores)).version == held.version + 1
    assert await whole_log(stores) == []
