"""The tables of the SQLite store: whole records as msgpack, and beside them only what is searched by."""

from __future__ import annotations

from shared.sqlite import StoreSchema

_VERSION_1 = """
CREATE TABLE profile (
    profile_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE identity (
    identity_key TEXT PRIMARY KEY,
    profile_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    profile_id TEXT NOT NULL,
    type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX event_of_profile ON event (profile_id, type, event_id);
CREATE INDEX event_of_type ON event (type);
CREATE TABLE consent (
    profile_id TEXT NOT NULL,
    granted_ms INTEGER NOT NULL,
    recorded_ms INTEGER NOT NULL,
    statement_id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (profile_id, granted_ms, recorded_ms, statement_id)
) WITHOUT ROWID;
CREATE TABLE request (
    rpc TEXT NOT NULL,
    request_id TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    response BLOB NOT NULL,
    answered_ms INTEGER NOT NULL,
    PRIMARY KEY (rpc, request_id)
) WITHOUT ROWID;
CREATE TABLE trait_schema (
    version TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE active_trait_schema (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version TEXT NOT NULL
);
"""

SQLITE_SCHEMA = StoreSchema(store="profile", migrations=(_VERSION_1,))
