"""Migrations of SQLite: who published policies, switches between them, how long calls are remembered."""

from __future__ import annotations

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

RECEIPT_TIMES = """
ALTER TABLE receipts ADD COLUMN made_ms INTEGER NOT NULL DEFAULT 0;
UPDATE receipts SET made_ms = 1000 * CAST(strftime('%s', 'now') AS INTEGER);
CREATE INDEX receipts_by_time ON receipts (made_ms);
"""
"""They are kept for 30 days, those from before counted from now."""
