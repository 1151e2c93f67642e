"""What the orchestrator's stores are made of. A released SQL script never changes: a new version is a new script."""

from __future__ import annotations

from pymongo import IndexModel

from services.orchestrator.adapters.policy_tables import (
    LIFECYCLE_TABLES,
    POLICY_AUTHORS,
    POLICY_SWITCHES,
    POLICY_TABLES,
)
from shared.mongo import MongoSchema
from shared.sqlite import StoreSchema

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

DECISION_INDEX_TABLES = """
DROP INDEX decisions_by_profile;

CREATE TABLE decision_index (
    decision_time_ms    INTEGER NOT NULL,
    decision_id         TEXT NOT NULL,
    record_time_ms      INTEGER NOT NULL,
    profile_id          TEXT NOT NULL,
    policy_version      TEXT NOT NULL,
    model_version       TEXT NOT NULL,
    results             TEXT NOT NULL,
    PRIMARY KEY (decision_time_ms, decision_id)
) STRICT, WITHOUT ROWID;
INSERT INTO decision_index
SELECT decision_time_ms, decision_id, decision_time_ms, profile_id, policy_version, '', '[]' FROM decisions;
CREATE INDEX decision_index_by_profile ON decision_index (profile_id, decision_time_ms, decision_id);
CREATE INDEX decision_index_by_record_time ON decision_index (record_time_ms);

CREATE TABLE proposed_actions (
    action              TEXT NOT NULL,
    decision_time_ms    INTEGER NOT NULL,
    decision_id         TEXT NOT NULL,
    PRIMARY KEY (action, decision_time_ms, decision_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE gone_decisions (
    decision_id         TEXT PRIMARY KEY,
    because             TEXT NOT NULL,
    decision_time_ms    INTEGER NOT NULL,
    record_time_ms      INTEGER NOT NULL,
    policy_version      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_decisions_by_record_time ON gone_decisions (record_time_ms);
"""
"""Lists read these rows: a record is some kilobytes, and would be read to its end for what stands behind it."""

CONTACT_ANSWERS = "ALTER TABLE contact_outbox ADD COLUMN answer INTEGER NOT NULL DEFAULT 0;"
"""What the person made of the contact; 0: nothing was said of that."""

CONVERSION_TABLES = """
CREATE TABLE contact_history (
    presentation        TEXT PRIMARY KEY,
    decision_id         TEXT NOT NULL,
    profile_id          TEXT NOT NULL,
    time_ms             INTEGER NOT NULL,
    channel             TEXT NOT NULL,
    action              TEXT NOT NULL,
    campaign            TEXT NOT NULL,
    cost                INTEGER NOT NULL,
    is_shown            INTEGER NOT NULL,
    matching_ms         INTEGER,
    answering           INTEGER NOT NULL,
    due_ms              INTEGER,
    implied             BLOB
) STRICT;
CREATE INDEX contact_history_by_profile ON contact_history (profile_id, time_ms);
CREATE INDEX contact_history_by_time ON contact_history (time_ms);
CREATE INDEX contact_history_awaited ON contact_history (due_ms) WHERE answering = 1;

CREATE TABLE conversions (
    position            INTEGER PRIMARY KEY,
    conversion_id       TEXT NOT NULL UNIQUE,
    profile_id          TEXT NOT NULL,
    occurred_time_ms    INTEGER NOT NULL,
    body_hash           TEXT NOT NULL,
    reverses            TEXT NOT NULL,
    conversion          BLOB NOT NULL,
    revision            INTEGER NOT NULL DEFAULT 1,
    matched_revision    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX conversions_by_profile ON conversions (profile_id, occurred_time_ms);
CREATE INDEX conversions_by_time ON conversions (occurred_time_ms, conversion_id);
CREATE INDEX conversions_reversing ON conversions (reverses) WHERE reverses <> '';
CREATE INDEX conversions_unmatched ON conversions (position) WHERE revision > matched_revision;

CREATE TABLE touches (
    touch_id            TEXT PRIMARY KEY,
    profile_id          TEXT NOT NULL,
    platform            TEXT NOT NULL,
    campaign_ref        TEXT NOT NULL,
    occurred_time_ms    INTEGER NOT NULL,
    record_time_ms      INTEGER NOT NULL,
    cost                INTEGER NOT NULL,
    body_hash           TEXT NOT NULL
) STRICT;
CREATE INDEX touches_by_profile ON touches (profile_id, occurred_time_ms);
CREATE INDEX touches_by_time ON touches (occurred_time_ms);
"""
"""Of the history of contacts, `answering` is a domain.response.Answering. An unmatched conversion has a revision that
was not matched yet."""

STICKY_TABLES = """
CREATE TABLE sticky_propositions (
    profile_id          TEXT NOT NULL,
    sticky_key          TEXT NOT NULL,
    placement_id        TEXT NOT NULL,
    rank                INTEGER NOT NULL,
    treatment           TEXT NOT NULL,
    decision_id         TEXT NOT NULL,
    choice_probability  REAL NOT NULL,
    expire_ms           INTEGER NOT NULL,
    PRIMARY KEY (profile_id, sticky_key, placement_id, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX sticky_propositions_by_expiry ON sticky_propositions (expire_ms);
"""

RESOURCE_TABLES = """
CREATE TABLE resource_accounts (
    resource_id         TEXT NOT NULL,
    period_ms           INTEGER NOT NULL,
    revision            INTEGER NOT NULL,
    account             BLOB NOT NULL,
    PRIMARY KEY (resource_id, period_ms)
) STRICT;

CREATE TABLE volume_settlements (
    key                 TEXT PRIMARY KEY,
    proposition_id      TEXT NOT NULL,
    resource_id         TEXT NOT NULL,
    period_ms           INTEGER NOT NULL,
    used                INTEGER NOT NULL,
    is_realised         INTEGER NOT NULL,
    is_waiting          INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_settlements_waiting ON volume_settlements (is_waiting) WHERE is_waiting = 1;
"""
"""A settlement that waits no longer stays: what was realised once is settled for good."""

CAMPAIGN_TABLES = """
CREATE TABLE campaign_decisions (
    campaign_id         TEXT NOT NULL,
    profile_id          TEXT NOT NULL,
    decision_id         TEXT NOT NULL,
    PRIMARY KEY (campaign_id, profile_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaign_decisions_by_decision ON campaign_decisions (decision_id);
"""

COMPARISON_COLUMN = "ALTER TABLE decision_index ADD COLUMN compared TEXT NOT NULL DEFAULT '';"
"""What reports of performance read of a decision: adapters/performance_rows.py writes it."""

PRESSURE_TABLES = """
CREATE TABLE pressure_contacts (
    decision_id         TEXT PRIMARY KEY,
    due_ms              INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pressure_contacts_by_due ON pressure_contacts (due_ms, decision_id);

CREATE TABLE pressure_tallies (
    learning            TEXT NOT NULL,
    bucket              INTEGER NOT NULL,
    sums                TEXT NOT NULL,
    PRIMARY KEY (learning, bucket)
) STRICT, WITHOUT ROWID;
"""
"""Decisions whose contacts will teach pressure when their time is over, and the sums of what others taught."""

RECEIPT_TIMES = """
ALTER TABLE receipts ADD COLUMN made_ms INTEGER NOT NULL DEFAULT 0;
UPDATE receipts SET made_ms = 1000 * CAST(strftime('%s', 'now') AS INTEGER);
CREATE INDEX receipts_by_time ON receipts (made_ms);
"""
"""They are kept for 30 days, those from before counted from now."""

TAKEN_BACK = "ALTER TABLE volume_settlements ADD COLUMN takes_back INTEGER NOT NULL DEFAULT 0;"
"""Of units that are realised after their account had them as given back."""

PRESSURE_LEARNING = """
ALTER TABLE pressure_contacts ADD COLUMN learning TEXT NOT NULL DEFAULT '';
CREATE INDEX pressure_contacts_by_learning ON pressure_contacts (learning);
"""
"""Which sums they will be added to; of those from before nobody says so, until their time is over."""

MIGRATIONS: tuple[str, ...] = (
    POLICY_TABLES + DECISION_TABLES,
    CONTACT_TABLES + ERASURE_TABLES,
    OBJECTIVE_TABLES,
    AMOUNTS,
    DECISION_INDEX_TABLES,
    CONTACT_ANSWERS,
    CONVERSION_TABLES,
    STICKY_TABLES,
    RESOURCE_TABLES,
    LIFECYCLE_TABLES,
    CAMPAIGN_TABLES,
    COMPARISON_COLUMN,
    POLICY_AUTHORS,
    POLICY_SWITCHES,
    PRESSURE_TABLES,
    RECEIPT_TIMES,
    TAKEN_BACK,
    PRESSURE_LEARNING,
)
SQLITE_SCHEMA = StoreSchema("orchestrator", MIGRATIONS)

MONGO_SCHEMA = MongoSchema(
    "orchestrator",
    1,
    {
        "policy_files": [IndexModel([("policy_version", 1)])],
        "decisions": [
            IndexModel([("request_id", 1)], unique=True),
            IndexModel([("profile_id", 1), ("_id", 1)]),
            IndexModel([("decision_time_ms", -1), ("_id", -1)]),
            IndexModel([("record_time_ms", 1)]),
            IndexModel([("profile_id", 1), ("decision_time_ms", -1), ("_id", -1)]),
            IndexModel([("results.action", 1), ("decision_time_ms", -1), ("_id", -1)]),
            IndexModel(
                [("pressure_due_ms", 1), ("_id", 1)], partialFilterExpression={"pressure_due_ms": {"$exists": True}}
            ),
            IndexModel(
                [("pressure_learning", 1), ("pressure_due_ms", 1)],
                partialFilterExpression={"pressure_due_ms": {"$exists": True}},
            ),
        ],
        "pressure_tallies": [IndexModel([("learning", 1)])],
        "campaign_decisions": [IndexModel([("decision_id", 1)])],
        "gone_decisions": [IndexModel([("record_time_ms", 1)])],
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
        "sticky_propositions": [IndexModel([("profile_id", 1), ("sticky_key", 1)]), IndexModel([("expire_ms", 1)])],
        "resource_accounts": [IndexModel([("resource_id", 1), ("period_ms", -1)])],
        "volume_settlements": [IndexModel([("queued", 1)], partialFilterExpression={"is_waiting": True})],
        "policies": [IndexModel([("publish_time_ms", -1), ("_id", -1)])],
        "policy_activations": [IndexModel([("policy_version", 1), ("_id", -1)])],
        "policy_switches": [],
        "active_policy": [],
        "receipts": [IndexModel([("made_ms", 1)])],
        "secrets": [],
        "contact_history": [
            IndexModel([("profile_id", 1), ("time_ms", 1)]),
            IndexModel([("time_ms", 1)]),
            IndexModel([("due_ms", 1)], partialFilterExpression={"answering": 1}),
        ],
        "conversions": [
            IndexModel([("profile_id", 1), ("occurred_time_ms", 1)]),
            IndexModel([("occurred_time_ms", 1), ("_id", 1)]),
            IndexModel([("reverses", 1)]),
            IndexModel([("record_time_ms", 1), ("_id", 1)], partialFilterExpression={"is_unmatched": True}),
        ],
        "touches": [
            IndexModel([("profile_id", 1), ("occurred_time_ms", 1)]),
            IndexModel([("occurred_time_ms", 1)]),
        ],
    },
)
