"""The tables of policies in SQLite: what was published, who approved, which one decides."""

from __future__ import annotations

POLICY_TABLES = """
CREATE TABLE policies (
    policy_version      TEXT PRIMARY KEY,
    name                TEXT NOT NULL,
    trait_schema        TEXT NOT NULL,
    rule_set            TEXT NOT NULL,
    feature_set         TEXT NOT NULL,
    catalogue           TEXT NOT NULL,
    publish_time_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE policy_files (
    policy_version      TEXT NOT NULL REFERENCES policies (policy_version),
    path                TEXT NOT NULL,
    content             BLOB NOT NULL,
    PRIMARY KEY (policy_version, path)
) STRICT;

CREATE TABLE active_policy (
    singleton           INTEGER PRIMARY KEY CHECK (singleton = 1),
    policy_version      TEXT NOT NULL REFERENCES policies (policy_version),
    generation          INTEGER NOT NULL
) STRICT;

CREATE TABLE receipts (
    rpc                 TEXT NOT NULL,
    request_id          TEXT NOT NULL,
    body_hash           TEXT NOT NULL,
    response            BLOB NOT NULL,
    PRIMARY KEY (rpc, request_id)
) STRICT;
"""

LIFECYCLE_TABLES = """
ALTER TABLE policies ADD COLUMN author TEXT NOT NULL DEFAULT '';
CREATE INDEX policies_by_time ON policies (publish_time_ms, policy_version);

CREATE TABLE policy_approvals (
    policy_version      TEXT PRIMARY KEY REFERENCES policies (policy_version),
    approver            TEXT NOT NULL,
    approve_time_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE policy_activations (
    generation          INTEGER PRIMARY KEY,
    policy_version      TEXT NOT NULL REFERENCES policies (policy_version),
    actor               TEXT NOT NULL,
    activate_time_ms    INTEGER NOT NULL,
    restores            INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_activations_by_version ON policy_activations (policy_version, generation);
"""
"""Of what was activated before, only the last one is known: by the pointer."""

POLICY_AUTHORS = """
CREATE TABLE policy_authors (
    policy_version      TEXT NOT NULL REFERENCES policies (policy_version),
    author              TEXT NOT NULL,
    PRIMARY KEY (policy_version, author)
) STRICT, WITHOUT ROWID;
INSERT INTO policy_authors SELECT policy_version, author FROM policies WHERE author <> '';
"""
"""Everybody who published the same content: none of them is the second pair of eyes."""

POLICY_SWITCHES = """
CREATE TABLE policy_switches (
    switch_id           TEXT PRIMARY KEY,
    begin_ms            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
"""One that is there is under way, or ended in the middle."""
