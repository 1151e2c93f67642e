"""What the orchestrator's stores are made of. A released SQL script never changes: a new version is a new script."""

from __future__ import annotations

from pymongo import IndexModel

from shared.mongo import MongoSchema
from shared.sqlite import StoreSchema

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

DECISION_TABLES = """
CREATE TABLE decisions (
    decision_id         TEXT PRIMARY KEY,
    request_id          TEXT NOT NULL UNIQUE,
    profile_id          TEXT NOT NULL,
    decision_time_ms    INTEGER NOT NULL,
    policy_version      TEXT NOT NULL,
    record              BLOB NOT NULL
) STRICT;

CREATE TABLE outcomes (
    idempotency_key     TEXT PRIMARY KEY,
    decision_id         TEXT NOT NULL,
    reward_key          TEXT NOT NULL,
    effect              INTEGER NOT NULL,
    outcome_time_ms     INTEGER NOT NULL,
    outcome             BLOB NOT NULL
) STRICT;
CREATE INDEX outcomes_by_decision ON outcomes (decision_id);
CREATE INDEX outcomes_by_reward_key ON outcomes (reward_key);

CREATE TABLE reward_outbox (
    reward_key          TEXT PRIMARY KEY,
    revision            INTEGER NOT NULL,
    value               REAL NOT NULL,
    time_ms             INTEGER NOT NULL,
    presentation        BLOB
) STRICT;
CREATE INDEX rewards_pending ON reward_outbox (reward_key) WHERE presentation IS NOT NULL;

CREATE TABLE secrets (
    name                TEXT PRIMARY KEY,
    value               BLOB NOT NULL
) STRICT;
"""
"""A reward without its presentation was delivered."""

CONTACT_TABLES = """
CREATE TABLE contact_outbox (
    position            INTEGER PRIMARY KEY,
    key                 TEXT NOT NULL UNIQUE,
    reservation_id      TEXT NOT NULL,
    step                INTEGER NOT NULL,
    time_ms             INTEGER
) STRICT;
"""

ERASURE_TABLES = """
CREATE INDEX decisions_by_profile ON decisions (profile_id, decision_id);

CREATE TABLE erasure_feed (
    singleton           INTEGER PRIMARY KEY CHECK (singleton = 1),
    position            TEXT NOT NULL
) STRICT;

CREATE TABLE erasures (
    erasure_id          TEXT PRIMARY KEY,
    profile_ids         TEXT NOT NULL,
    decision_ids        TEXT,
    due_ms              INTEGER NOT NULL
) STRICT;
"""

OBJECTIVE_TABLES = """
ALTER TABLE policies ADD COLUMN feature_sets TEXT NOT NULL DEFAULT '{}';

CREATE TABLE lessons (
    idempotency_key     TEXT NOT NULL,
    reward_key          TEXT NOT NULL,
    effect              INTEGER NOT NULL,
    time_ms             INTEGER NOT NULL,
    PRIMARY KEY (idempotency_key, reward_key)
) STRICT, WITHOUT ROWID;
INSERT INTO lessons SELECT idempotency_key, reward_key, effect, outcome_time_ms FROM outcomes WHERE effect <> 0;
CREATE INDEX lessons_by_reward_key ON lessons (reward_key, effect, time_ms);

ALTER TABLE reward_outbox ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX rewards_pending;
CREATE INDEX rewards_due ON reward_outbox (due_ms, time_ms) WHERE presentation IS NOT NULL;

CREATE TABLE success_delays (
    histogram           TEXT NOT NULL,
    bucket              INTEGER NOT NULL,
    count               INTEGER NOT NULL,
    PRIMARY KEY (histogram, bucket)
) STRICT, WITHOUT ROWID;
"""
"""A lesson is what one outcome teaches one reward."""

AMOUNTS = """
ALTER TABLE lessons ADD COLUMN amount INTEGER;
DROP INDEX lessons_by_reward_key;
CREATE INDEX lessons_by_reward_key ON lessons (reward_key, effect, time_ms, amount);
ALTER TABLE reward_outbox ADD COLUMN amount INTEGER;
"""
"""In millionths of the policy's currency; NULL where nobody says, or nobody learns them."""

MIGRATIONS: tuple[str, ...] = (
    POLICY_TABLES + DECISION_TABLES,
    CONTACT_TABLES + ERASURE_TABLES,
    OBJECTIVE_TABLES,
    AMOUNTS,
)
SQLITE_SCHEMA = StoreSchema("orchestrator", MIGRATIONS)

MONGO_SCHEMA = MongoSchema(
    "orchestrator",
    1,
    {
        "policy_files": [IndexModel([("policy_version", 1)])],
        "decisions": [IndexModel([("request_id", 1)], unique=True), IndexModel([("profile_id", 1), ("_id", 1)])],
        "outcomes": [
            IndexModel([("decision_id", 1)]),
            IndexModel([("reward_key", 1)]),
            IndexModel([("lessons.reward_key", 1)]),
        ],
        "reward_outbox": [
            IndexModel([("is_pending", 1)], partialFilterExpression={"is_pending": True}),
            IndexModel([("due_ms", 1), ("time_ms", 1)], partialFilterExpression={"is_pending": True}),
        ],
        "success_delays": [IndexModel([("histogram", 1)])],
        "contact_outbox": [IndexModel([("queued", 1)])],
        "erasures": [IndexModel([("due_ms", 1)])],
        "erasure_feed": [],
        "policies": [],
        "active_policy": [],
        "receipts": [],
        "secrets": [],
    },
)
