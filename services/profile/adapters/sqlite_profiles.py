"""Profiles, identities and answered requests in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from services.profile.adapters.encoding import decode_profile, encode, encode_profile
from services.profile.app.ports import (
    Answer,
    Change,
    Commit,
    Conflict,
    EventRecorded,
    IdentityTaken,
    RequestAnswered,
    VersionConflict,
)
from services.profile.domain.profile import Profile
from shared.sqlite import SqliteDatabase

_FIND = """
SELECT identity_key, profile.profile_id, body FROM identity JOIN profile USING (profile_id)
WHERE identity_key IN (SELECT value FROM json_each(?))
"""
_ANSWER = "SELECT body_hash, response, answered_ms FROM request WHERE rpc = ? AND request_id = ?"
_CREATE = "INSERT INTO profile (version, updated_ms, body, profile_id) VALUES (?, ?, ?, ?)"
_UPDATE = "UPDATE profile SET version = ?, updated_ms = ?, body = ? WHERE profile_id = ? AND version = ?"
_CLAIM = "INSERT INTO identity (identity_key, profile_id) VALUES (?, ?)"
_LOG = "INSERT INTO event (event_id, profile_id, type, body) VALUES (?, ?, ?, ?)"
_STATE = "INSERT INTO consent (profile_id, granted_ms, recorded_ms, statement_id, body) VALUES (?, ?, ?, ?, ?)"
_KEEP = "INSERT INTO request (rpc, request_id, body_hash, response, answered_ms) VALUES (?, ?, ?, ?, ?)"


class SqliteProfileStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def find(self, keys: Collection[str]) -> Mapping[str, Profile]:
        profiles: dict[str, Profile] = {}
        owners: dict[str, Profile] = {}
        for key, profile_id, body in self._database.read(_FIND, (as_list(keys),)):
            if profile_id not in profiles:
                profiles[profile_id] = decode_profile(body)
            owners[key] = profiles[profile_id]
        return owners

    async def answer(self, rpc: str, request_id: str) -> Answer | None:
        row = self._database.read_one(_ANSWER, (rpc, request_id))
        return None if row is None else Answer(rpc, request_id, *row)

    async def commit(self, commit: Commit) -> None:
        steps = [_store(change) for change in commit.changes]

        def run(connection: sqlite3.Connection) -> None:
            for step in steps:
                step(connection)
            if commit.answer is not None:
                keep_answer(connection, commit.answer)

        await self._database.write(run)


def as_list(texts: Iterable[str]) -> str:
    """A list as one parameter of a statement, for `IN (SELECT value FROM json_each(?))`."""
    return msgspec.json.encode(list(texts)).decode()


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
    claims = [(key, owner) for key in change.claims]
    events = [(event.event_id, owner, event.type, encode(event)) for event in change.events]
    statements = [(owner, *consent.place, encode(consent)) for consent in change.statements]

    def run(connection: sqlite3.Connection) -> None:
        _store_record(connection, record)
        with _taken(IdentityTaken(owner)):
            connection.executemany(_CLAIM, claims)
        with _taken(EventRecorded(owner)):
            connection.executemany(_LOG, events)
        connection.executemany(_STATE, statements)

    return run


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
