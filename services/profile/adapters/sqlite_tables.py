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

_VERSION_2 = """
CREATE TABLE store (
    store_id TEXT PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO store (store_id) VALUES (lower(hex(randomblob(8))));
ALTER TABLE profile ADD COLUMN index_version TEXT NOT NULL DEFAULT '';
CREATE INDEX profile_of_index_version ON profile (index_version, profile_id);
CREATE TABLE attribute_index_version (
    version TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE attribute_index (
    name TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    value NOT NULL,
    PRIMARY KEY (name, profile_id, value)
) WITHOUT ROWID;
CREATE INDEX attribute_index_of_value ON attribute_index (name, value, profile_id);
CREATE TABLE merge_event (
    merge_event_id TEXT PRIMARY KEY,
    kind INTEGER NOT NULL,
    merge_id TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    other_profile_id TEXT NOT NULL,
    event_ms INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX merge_event_of_merge ON merge_event (merge_id, kind) WHERE merge_id <> '';
CREATE INDEX merge_event_of_profile ON merge_event (profile_id);
CREATE INDEX merge_event_of_other ON merge_event (other_profile_id);
CREATE TABLE change_record (
    profile_id TEXT NOT NULL,
    change_ms INTEGER NOT NULL,
    rpc TEXT NOT NULL,
    request_id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (profile_id, change_ms, rpc, request_id)
) WITHOUT ROWID;
CREATE TABLE erasure (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    erasure_id TEXT NOT NULL UNIQUE,
    is_purged INTEGER NOT NULL,
    body BLOB NOT NULL
);
ALTER TABLE event ADD COLUMN event_ms INTEGER;
CREATE INDEX event_by_time ON event (type, event_ms);
CREATE INDEX request_by_time ON request (answered_ms);
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
"""

SQLITE_SCHEMA = StoreSchema(store="profile", migrations=(_VERSION_1, _VERSION_2))
