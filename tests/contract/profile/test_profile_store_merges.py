"""What merges ask of the stores: identities that change hands, records of merged profiles, the history."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from pymongo import MongoClient

from services.profile.adapters.mongo_collections import EVENTS, IDENTITIES, MONGO_SCHEMA, RECORDS
from services.profile.adapters.sqlite_tables import SQLITE_SCHEMA
from services.profile.app.ports import Change, Commit, LogEntry, Statement, Stores, VersionConflict
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.events import Event
from services.profile.domain.identities import profile_key
from services.profile.domain.merge_events import MergeEvent, MergeEventKind
from services.profile.domain.parts import attached, of_parts, parts_of
from services.profile.domain.profile import Profile
from shared.settings import ServiceSettings, StoreKind
from tests.support.profiles import open_stores, whole_log

ONE, OTHER = "crm\x1f1", "cookie\x1fa"


def merge_event(
    event_id: str, event_ms: int, kind: MergeEventKind = MergeEventKind.MERGED, merge_id: str = ""
) -> MergeEvent:
    return MergeEvent(event_id, kind, merge_id, "p1", "p2", event_ms, "LinkIdentities/r1", "", (ONE, OTHER))


async def two(stores: Stores) -> tuple[Profile, Profile]:
    first, second = Profile("p1", 1, 5, 10, (ONE,)), Profile("p2", 1, 6, 11, (OTHER,))
    await stores.profiles.commit(Commit((Change(first, (ONE,)), Change(second, (OTHER,)))))
    return first, second


def merged(first: Profile, second: Profile) -> tuple[Profile, Profile]:
    """The survivor, and what stays in the place of the other."""
    parts = (attached(first, "", ""), attached(second, "p1", "m1"))
    whole = of_parts(parts, version=first.version + 1, updated_ms=20)
    return whole, Profile("p2", second.version + 1, 6, 20, merged_into="p1", merge_id="m1")


async def merge(stores: Stores) -> Profile:
    whole, left = merged(*await two(stores))
    history = (merge_event("i1", 20, merge_id="m1"),)
    await stores.profiles.commit(Commit((Change(whole, takes=(OTHER,), merge_events=history), Change(left))))
    return whole


async def test_identities_that_are_taken_name_the_other_profile_and_ids_name_records(stores: Stores) -> None:
    whole = await merge(stores)
    found = await stores.profiles.find([ONE, OTHER, profile_key("p1"), profile_key("p2"), profile_key("p3")])
    assert found[ONE] is found[OTHER]
    assert set(found) == {ONE, OTHER, profile_key("p1"), profile_key("p2")}
    assert (found[OTHER].part_ids, found[OTHER].identities) == (whole.part_ids, (ONE, OTHER))
    assert found[profile_key("p2")].merged_into == "p1"
    assert [part.identities for part in parts_of(found[ONE])] == [(ONE,), (OTHER,)]
    assert found[profile_key("p1")].version == 2


async def test_a_merge_of_what_changed_meanwhile_stores_nothing(stores: Stores) -> None:
    first, second = await two(stores)
    await stores.profiles.commit(Commit((Change(replace(second, version=2)),)))
    whole, left = merged(first, second)
    history = (merge_event("i1", 20, merge_id="m1"),)
    with pytest.raises(VersionConflict):
        await stores.profiles.commit(Commit((Change(whole, takes=(OTHER,), merge_events=history), Change(left))))
    found = await stores.profiles.find([ONE, OTHER])
    assert (found[ONE].profile_id, found[ONE].version, found[OTHER].profile_id) == ("p1", 1, "p2")
    assert await stores.merges.merge("m1") == []


async def test_an_identity_that_is_released_may_be_claimed_by_somebody_else(stores: Stores) -> None:
    first, _ = await two(stores)
    emptied = replace(first, version=2, identities=())
    await stores.profiles.commit(Commit((Change(emptied, releases=(ONE,)),)))
    assert await stores.profiles.find([ONE]) == {}
    await stores.profiles.commit(Commit((Change(Profile("p3", 1, 5, 10, (ONE,)), (ONE,)),)))
    assert (await stores.profiles.find([ONE]))[ONE].profile_id == "p3"


async def test_a_profile_releases_only_what_it_holds(stores: Stores) -> None:
    first, _ = await two(stores)
    await stores.profiles.commit(Commit((Change(replace(first, version=2), releases=(OTHER,)),)))
    assert (await stores.profiles.find([OTHER]))[OTHER].profile_id == "p2"


async def test_the_history_of_merges_is_read_newest_first_from_either_side(stores: Stores) -> None:
    first, _ = await two(stores)
    events = [merge_event(f"i{index}", event_ms) for index, event_ms in enumerate([30, 10, 20, 20, 40])]
    other = replace(merge_event("i9", 50), profile_id="p8", other_profile_id="p9")
    await stores.profiles.commit(Commit((Change(replace(first, version=2), merge_events=(*events, other)),)))
    expected = sorted(events, key=lambda each: each.place, reverse=True)
    for side in (["p1"], ["p2"], ["p1", "p2"]):
        assert await stores.merges.merge_events(side, None, 10) == expected
        for index, each in enumerate(expected):
            assert await stores.merges.merge_events(side, each.place, 2) == expected[index + 1 : index + 3]
    assert await stores.merges.merge_events(["p9", "p1"], None, 1) == [other]
    assert await stores.merges.merge_events(["p7"], None, 10) == []


async def test_a_merge_is_found_with_what_became_of_it(stores: Stores) -> None:
    first, _ = await two(stores)
    done = merge_event("i1", 20, merge_id="m1")
    undone = merge_event("i2", 30, MergeEventKind.UNMERGED, "m1")
    conflict = merge_event("i3", 30, MergeEventKind.CONFLICT)
    await stores.profiles.commit(Commit((Change(replace(first, version=2), merge_events=(undone, conflict, done)),)))
    assert await stores.merges.merge("m1") == [done, undone]
    assert await stores.merges.merge("m2") == []


async def test_logs_are_kept_by_part_and_the_tail_names_the_whole(stores: Stores) -> None:
    whole = await merge(stores)
    logged = Event("e1", "view", 5, 6, (OTHER,), {}, profile_id="p1")
    consent = Consent("c1", OTHER, "MARKETING", "", ConsentStatus.GRANTED, LegalBasis.CONSENT, 5, 6)
    own = replace(consent, statement_id="c2", granted_ms=7)
    change = Change(
        replace(whole, version=3),
        events=(LogEntry("p2", logged),),
        statements=(Statement("p2", consent), Statement("p1", own)),
    )
    await stores.profiles.commit(Commit((change,)))
    assert [each.profile_id for each in await whole_log(stores)] == ["p1"]
    assert await stores.events.recorded(["e1"]) == {"e1": "p2"}
    assert await stores.events.history("p2", "view", "", 10) == [logged]
    assert await stores.events.history("p1", "view", "", 10) == []
    assert await stores.consents.statements(["p1", "p2"], None, 10) == [own, consent]
    assert await stores.consents.statements(["p2"], None, 10) == [consent]


async def test_a_store_of_the_first_release_is_taken_over_with_what_it_holds(settings: ServiceSettings) -> None:
    before = Profile("p1", 3, 5, 10, (ONE,), event_types=("view",))
    if settings.store is StoreKind.SQLITE:
        _make_first_release(settings.data_dir / "profile.sqlite", before)
    else:
        _make_first_release_in_mongo(settings, before)
    async with AsyncExitStack() as stack:
        stores = await open_stores(settings, stack)
        found = (await stores.profiles.find([ONE, profile_key("p1")]))[ONE]
        assert (found.profile_id, found.version, found.merged_into, found.part_ids) == ("p1", 3, "", ("p1",))
        assert [each.event.event_id for each in await whole_log(stores)] == ["e1"]
        await stores.profiles.commit(Commit((Change(replace(found, version=4), merge_events=(merge_event("i1", 1),)),)))
        assert len(await stores.merges.merge_events(["p1"], None, 10)) == 1


def _record(profile: Profile) -> bytes:
    """As 0.1 encoded it: ten fields."""
    head = [profile.profile_id, profile.version, profile.created_ms, profile.updated_ms, profile.identities]
    return msgspec.msgpack.encode([*head, {}, {}, profile.event_types, [], []])


def _event() -> bytes:
    """As 0.1 encoded it: six fields."""
    return msgspec.msgpack.encode(["e1", "view", 5, 6, [ONE], {}])


def _make_first_release(path: Path, profile: Profile) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SQLITE_SCHEMA.migrations[0])
        connection.execute("PRAGMA user_version = 1")
        record = (profile.profile_id, profile.version, profile.updated_ms, _record(profile))
        connection.execute("INSERT INTO profile VALUES (?, ?, ?, ?)", record)
        connection.execute("INSERT INTO identity VALUES (?, ?)", (ONE, profile.profile_id))
        event = ("e1", profile.profile_id, "view", _event())
        connection.execute("INSERT INTO event (event_id, profile_id, type, body) VALUES (?, ?, ?, ?)", event)
        connection.commit()


def _make_first_release_in_mongo(settings: ServiceSettings, profile: Profile) -> None:
    assert settings.mongo_uri is not None
    with MongoClient[dict[str, Any]](settings.mongo_uri.get_secret_value()) as client:
        database = client[settings.mongo_database]
        database["_meta"].insert_one({"_id": MONGO_SCHEMA.store, "version": 1})
        content = {"version": profile.version, "updated_ms": profile.updated_ms, "body": _record(profile)}
        database[RECORDS].insert_one({"_id": profile.profile_id, **content})
        database[IDENTITIES].insert_one({"_id": ONE, "profile_id": profile.profile_id})
        waiting = f"{6:016}.{profile.version:012}.{0:06}"
        event = {"_id": "e1", "profile_id": profile.profile_id, "type": "view", "body": _event(), "waiting": waiting}
        database[EVENTS].insert_one(event)
