"""Taking decisions out of the orchestrator's SQLite database, with all that hangs on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from services.orchestrator.app.gone_decisions import GoneBecause

_KEEP_WHAT_IS_LEFT = """
INSERT OR REPLACE INTO gone_decisions
SELECT decision_id, ?2, decision_time_ms, record_time_ms, decisions.policy_version
FROM decisions JOIN decision_index USING (decision_time_ms, decision_id)
WHERE decision_id IN (SELECT value FROM json_each(?1))
"""
_REMOVE = (
    "DELETE FROM lessons WHERE idempotency_key IN "
    "(SELECT idempotency_key FROM outcomes WHERE decision_id IN (SELECT value FROM json_each(?1)))",
    "DELETE FROM outcomes WHERE decision_id IN (SELECT value FROM json_each(?1))",
    """
    DELETE FROM proposed_actions WHERE (action, decision_time_ms, decision_id) IN
    (SELECT json_extract(result.value, '$[2]'), decision_time_ms, decision_id
     FROM decisions JOIN decision_index USING (decision_time_ms, decision_id), json_each(results) AS result
     WHERE decision_id IN (SELECT value FROM json_each(?1)))
    """,
    """
    DELETE FROM decision_index WHERE (decision_time_ms, decision_id) IN
    (SELECT decision_time_ms, decision_id FROM decisions WHERE decision_id IN (SELECT value FROM json_each(?1)))
    """,
    "DELETE FROM pressure_contacts WHERE decision_id IN (SELECT value FROM json_each(?1))",
    "DELETE FROM campaign_decisions WHERE decision_id IN (SELECT value FROM json_each(?1))",
    "DELETE FROM decisions WHERE decision_id IN (SELECT value FROM json_each(?1))",
)


_OF_DECISIONS = """
DELETE FROM {table} WHERE {key} IN
(SELECT {key} FROM json_each(?1) AS decision CROSS JOIN {table}
 WHERE {key} > decision.value || '/' AND {key} < decision.value || '0')
"""
"""Keys of presentations begin with their decision and a slash, behind which comes the digit 0."""
_REMOVE_REWARDS = _OF_DECISIONS.format(table="reward_outbox", key="reward_key")
_REMOVE_DELIVERED = f"{_REMOVE_REWARDS} AND presentation IS NULL"
_REMOVE_CONTACTS = _OF_DECISIONS.format(table="contact_history", key="presentation")


def remove_rewards(connection: sqlite3.Connection, decision_ids: Sequence[str]) -> None:
    """Whatever the outbox has of these decisions, whether they are there or not."""
    connection.execute(_REMOVE_REWARDS, (_json(decision_ids),))


def remove_contacts(connection: sqlite3.Connection, decision_ids: Sequence[str]) -> None:
    """The history of contacts of these decisions."""
    connection.execute(_REMOVE_CONTACTS, (_json(decision_ids),))


def remove_decisions(connection: sqlite3.Connection, decision_ids: Sequence[str], because: GoneBecause) -> None:
    """With their outcomes, lessons and delivered rewards; GoneDecision says what is left of them."""
    ids = _json(decision_ids)
    connection.execute(_KEEP_WHAT_IS_LEFT, (ids, str(because)))
    for statement in _REMOVE:
        connection.execute(statement, (ids,))
    connection.execute(_REMOVE_DELIVERED, (ids,))


def _json(decision_ids: Sequence[str]) -> str:
    return msgspec.json.encode(list(decision_ids)).decode()
