"""Tables of event-driven rules in the rules service's SQLite database, and the statements that change them.

A released script never changes: a new version is a new script.
"""

from __future__ import annotations

TRIGGER_TABLES = """
CREATE TABLE trigger_head (
    singleton           INTEGER PRIMARY KEY CHECK (singleton = 1),
    holder              TEXT NOT NULL,
    lease_until_ms      INTEGER NOT NULL,
    fence               INTEGER NOT NULL,
    revision            INTEGER NOT NULL,
    version             TEXT NOT NULL,
    activated_ms        INTEGER NOT NULL,
    last_firing         INTEGER NOT NULL,
    delivered           INTEGER NOT NULL,
    progress            BLOB
) STRICT;

INSERT INTO trigger_head VALUES (1, '', 0, 0, 0, '', 0, 0, 0, NULL);

CREATE TABLE trigger_activation (
    request_id          TEXT PRIMARY KEY,
    version             TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trigger_state (
    profile_id          TEXT PRIMARY KEY,
    body                BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trigger_timer (
    timer_id            TEXT PRIMARY KEY,
    due_ms              INTEGER NOT NULL,
    profile_id          TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trigger_timer_by_time ON trigger_timer (due_ms, timer_id);
CREATE INDEX trigger_timer_by_profile ON trigger_timer (profile_id);

CREATE TABLE trigger_waiting (
    join_key            TEXT NOT NULL,
    profile_id          TEXT NOT NULL,
    PRIMARY KEY (join_key, profile_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trigger_waiting_by_profile ON trigger_waiting (profile_id);

CREATE TABLE trigger_firing (
    number              INTEGER PRIMARY KEY,
    profile_id          TEXT NOT NULL,
    committed_ms        INTEGER NOT NULL,
    body                BLOB NOT NULL
) STRICT;
CREATE INDEX trigger_firing_by_profile ON trigger_firing (profile_id);
CREATE INDEX trigger_firing_by_time ON trigger_firing (committed_ms);

CREATE TABLE trigger_inbox (
    number              INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id            TEXT NOT NULL UNIQUE,
    profile_id          TEXT NOT NULL,
    received_ms         INTEGER NOT NULL,
    body                BLOB
) STRICT;
CREATE INDEX trigger_inbox_pending ON trigger_inbox (number) WHERE body IS NOT NULL;
CREATE INDEX trigger_inbox_by_profile ON trigger_inbox (profile_id);
CREATE INDEX trigger_inbox_by_time ON trigger_inbox (received_ms);
"""

OF_SUBJECT = ("trigger_state", "trigger_timer", "trigger_waiting", "trigger_firing")
"""Tables from which an erased subject goes; in the inbox the ids of its events stay, and nothing else."""
