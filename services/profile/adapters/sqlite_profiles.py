"""Profiles, identities and answered requests in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from services.profile.adapters.encoding import decode_profile, encode, encode_profile
from services.profile.app.ports import (
    Answer,
    Change,
    Commit,
    Conflict,
    EventGone,
    EventRecorded,
    IdentityTaken,
    LogEntry,
    Look,
    Request,
    RequestAnswered,
    VersionConflict,
)
from services.profile.domain.attribute_index import AttributeIndex
from services.profile.domain.changes import ChangeRecord
from services.profile.domain.identities import PROFILE, identity_of, namespace_of, profile_key
from services.profile.domain.merge_events import MergeEvent
from services.profile.domain.profile import Profile
from shared.sqlite import SqliteDatabase

_FIND = """
SELECT identity_key, profile.profile_id, body FROM identity JOIN profile USING (profile_id)
WHERE identity_key IN (SELECT value FROM json_each(?))
"""
_FIND_RECORDS = "SELECT profile_id, body FROM profile WHERE profile_id IN (SELECT value FROM json_each(?))"
_ACTIVE = "SELECT version FROM active_trait_schema"
_RECORDED = "SELECT event_id, profile_id FROM event WHERE event_id IN (SELECT value FROM json_each(?))"
_ANSWER = "SELECT body_hash, response, answered_ms FROM request WHERE rpc = ? AND request_id = ?"
_CREATE = "INSERT INTO profile (version, updated_ms, body, profile_id) VALUES (?, ?, ?, ?)"
_UPDATE = "UPDATE profile SET version = ?, updated_ms = ?, body = ? WHERE profile_id = ? AND version = ?"
_CLAIM = "INSERT INTO identity (identity_key, profile_id) VALUES (?, ?)"
_TAKE = "UPDATE identity SET profile_id = ? WHERE identity_key = ?"
_RELEASE = "DELETE FROM identity WHERE identity_key = ? AND profile_id = ?"
_LOG = "INSERT INTO event (event_id, profile_id, type, event_ms, body) VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM event WHERE event_id IN (SELECT value FROM json_each(?))"
_STATE = "INSERT INTO consent (profile_id, granted_ms, recorded_ms, statement_id, body) VALUES (?, ?, ?, ?, ?)"
_MEET = """
INSERT INTO merge_event (merge_event_id, kind, merge_id, profile_id, other_profile_id, event_ms, body)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_INDEX_VERSION = "INSERT OR IGNORE INTO attribute_index_version (version) VALUES (?)"
_INDEXED = "UPDATE profile SET index_version = ? WHERE profile_id = ?"
_UNINDEX = "DELETE FROM attribute_index WHERE name = ? AND profile_id = ?"
_INDEX = "INSERT INTO attribute_index (name, profile_id, value) VALUES (?, ?, ?)"
_TRAIL = "INSERT INTO change_record (profile_id, change_ms, rpc, request_id, body) VALUES (?, ?, ?, ?, ?)"
_ERASE = "INSERT INTO erasure (erasure_id, is_purged, body) VALUES (?, 0, ?)"
_FORGET_ANSWERS = """
DELETE FROM request WHERE (rpc, request_id) IN
(SELECT rpc, request_id FROM request WHERE answered_ms < ? ORDER BY answered_ms LIMIT ?)
"""
_KEEP = "INSERT INTO request (rpc, request_id, body_hash, response, answered_ms) VALUES (?, ?, ?, ?, ?)"


class SqliteProfileStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def look(
        self, keys: Collection[str], request: Request | None = None, event_ids: Collection[str] = ()
    ) -> Look:
        answer = None if request is None else await self.answer(*request)
        found = recorded(self._database, event_ids) if event_ids else {}
        return Look(await self.find(keys), active_version(self._database), answer, found)

    async def find(self, keys: Collection[str]) -> Mapping[str, Profile]:
        owners: dict[str, Profile] = {}
        profiles: dict[str, Profile] = {}
        for key, profile_id, body in self._rows(keys):
            if profile_id not in profiles:
                profiles[profile_id] = decode_profile(body)
            owners[key] = profiles[profile_id]
        return owners

    def _rows(self, keys: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
        """Key, profile id and record of every key somebody holds."""
        ids = [identity_of(key).value for key in keys if namespace_of(key) == PROFILE]
        if len(ids) < len(keys):
            yield from self._database.read(_FIND, (as_list(keys),))
        if ids:
            for profile_id, body in self._database.read(_FIND_RECORDS, (as_list(ids),)):
                yield profile_key(profile_id), profile_id, body

    async def answer(self, rpc: str, request_id: str) -> Answer | None:
        row = self._database.read_one(_ANSWER, (rpc, request_id))
        return None if row is None else Answer(rpc, request_id, *row)

    async def commit(self, commit: Commit) -> None:
        steps = [_store(change) for change in commit.changes]
        trail = [_change_row(change) for change in commit.trail]

        def run(connection: sqlite3.Connection) -> None:
            for step in steps:
                step(connection)
            connection.executemany(_TRAIL, trail)
            _forget_events(connection, commit.deleted_events)
            if commit.erasure is not None:
                connection.execute(_ERASE, (commit.erasure.erasure_id, encode(commit.erasure)))
            if commit.answer is not None:
                keep_answer(connection, commit.answer)

        await self._database.write(run)

    async def forget_answers(self, before_ms: int, limit: int) -> int:
        return await self._database.write(
            lambda connection: connection.execute(_FORGET_ANSWERS, (before_ms, limit)).rowcount
        )


def as_list(texts: Iterable[str]) -> str:
    """A list as one parameter of a statement, for `IN (SELECT value FROM json_each(?))`."""
    return msgspec.json.encode(list(texts)).decode()


def active_version(database: SqliteDatabase) -> str:
    """Of the trait schema; empty where none was activated."""
    row = database.read_one(_ACTIVE)
    return "" if row is None else str(row[0])


def recorded(database: SqliteDatabase, event_ids: Collection[str]) -> Mapping[str, str]:
    """Profile ids by event id, of those in the log."""
    return dict(database.read(_RECORDED, (as_list(event_ids),)))


def keep_answer(connection: sqlite3.Connection, answer: Answer) -> None:
    """Raises RequestAnswered."""
    row = (answer.rpc, answer.request_id, answer.body_hash, answer.response, answer.answered_ms)
    with _taken(RequestAnswered()):
        connection.execute(_KEEP, row)


def _store(change: Change) -> Callable[[sqlite3.Connection], None]:
    """What stores a change; encoded before, so that the writer only writes."""
    profile = change.profile
    owner = profile.profile_id
    record = (profile.version, profile.updated_ms, encode_profile(profile), owner)
    takes = [(owner, key) for key in change.takes]
    claims = [(key, owner) for key in change.claims]
    events = [_event_row(each) for each in change.events]
    statements = [(each.part_id, *each.consent.place, encode(each.consent)) for each in change.statements]
    merge_events = [_meeting(event) for event in change.merge_events]

    def run(connection: sqlite3.Connection) -> None:
        _store_record(connection, record)
        with _taken(IdentityTaken(owner)):
            connection.executemany(_CLAIM, claims)
        with _taken(EventRecorded(owner)):
            connection.executemany(_LOG, events)
        connection.executemany(_STATE, statements)
        connection.executemany(_TAKE, takes)
        connection.executemany(_RELEASE, [(key, owner) for key in change.releases])
        with _taken(VersionConflict(owner)):
            connection.executemany(_MEET, merge_events)
        if change.index is not None:
            _index(connection, owner, change.index)

    return run


def _index(connection: sqlite3.Connection, owner: str, index: AttributeIndex) -> None:
    connection.execute(_INDEX_VERSION, (index.version,))
    connection.execute(_INDEXED, (index.version, owner))
    connection.executemany(_UNINDEX, [(name, owner) for name in index.former_names])
    connection.executemany(_INDEX, [(name, owner, key) for name, key in index.entries])


def _forget_events(connection: sqlite3.Connection, event_ids: Sequence[str]) -> None:
    if event_ids and connection.execute(_FORGET, (as_list(event_ids),)).rowcount != len(event_ids):
        raise EventGone


def _event_row(entry: LogEntry) -> tuple[str, str, str, int, bytes]:
    event = entry.event
    return (event.event_id, entry.part_id, event.type, event.event_ms, encode(event))


def _change_row(change: ChangeRecord) -> tuple[str, int, str, str, bytes]:
    return (change.profile_id, change.change_ms, change.rpc, change.request_id, encode(change))


def _meeting(event: MergeEvent) -> tuple[str, int, str, str, str, int, bytes]:
    return (
        event.merge_event_id,
        event.kind,
        event.merge_id,
        event.profile_id,
        event.other_profile_id,
        event.event_ms,
        encode(event),
    )


def _store_record(connection: sqlite3.Connection, record: tuple[int, int, bytes, str]) -> None:
    version, _, _, profile_id = record
    if version == 1:
        with _taken(VersionConflict(profile_id)):
            connection.execute(_CREATE, record)
    elif connection.execute(_UPDATE, (*record, version - 1)).rowcount != 1:
        raise VersionConflict(profile_id)


@contextmanager
def _taken(conflict: Conflict) -> Iterator[None]:
    """A key that exists already means that somebody else came first."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise conflict from None
