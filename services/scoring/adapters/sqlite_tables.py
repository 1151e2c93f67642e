"""The tables of the scoring store."""

from __future__ import annotations

from shared.sqlite import StoreSchema

FILE_NAME = "scoring.db"
RECEIPT_MS = 7 * 86_400_000
"""How long a request is remembered: far longer than anybody retries."""

SCHEMA = StoreSchema(
    "scoring",
    (
        """
        CREATE TABLE feature_set (version TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE publication (request_id TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID;
        -- AUTOINCREMENT: a position is never given twice, even where the last entries were removed.
        CREATE TABLE reward (position INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB NOT NULL);
        CREATE TABLE reward_key (reward_key TEXT PRIMARY KEY, reward REAL NOT NULL) WITHOUT ROWID;
        CREATE TABLE receipt (
            request_id TEXT PRIMARY KEY, body_hash TEXT NOT NULL, outcomes BLOB NOT NULL, time_ms INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX receipt_by_time ON receipt (time_ms);
        CREATE TABLE snapshot (
            model_id TEXT NOT NULL, position INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (model_id, position)
        );
        """,
        """
        -- NULL for the entries of before this version.
        ALTER TABLE reward ADD COLUMN reward_key TEXT;
        CREATE INDEX reward_by_key ON reward (reward_key);
        """,
        """
        ALTER TABLE feature_set ADD COLUMN objective TEXT NOT NULL DEFAULT 'success';
        CREATE INDEX feature_set_by_objective ON feature_set (objective);
        CREATE TABLE model (
            model_id TEXT PRIMARY KEY, objective TEXT NOT NULL, train_time_ms INTEGER NOT NULL, record BLOB NOT NULL,
            digest BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX model_by_time ON model (objective, train_time_ms);
        CREATE TABLE model_content (model_id TEXT PRIMARY KEY, content BLOB NOT NULL);
        CREATE TABLE assignment (
            objective TEXT NOT NULL, revision INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (objective, revision)
        ) WITHOUT ROWID;
        CREATE TABLE assignment_receipt (
            request_id TEXT PRIMARY KEY, body_hash TEXT NOT NULL, assignment BLOB NOT NULL, time_ms INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX assignment_receipt_by_time ON assignment_receipt (time_ms);
        CREATE TABLE training (
            training_id TEXT PRIMARY KEY, request_id TEXT NOT NULL UNIQUE, objective TEXT NOT NULL,
            state INTEGER NOT NULL, start_ms INTEGER NOT NULL, content BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX training_by_time ON training (objective, start_ms);
        """,
        """
        -- NULL where the reward has none.
        ALTER TABLE reward_key ADD COLUMN value REAL;
        """,
    ),
)
