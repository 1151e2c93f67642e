"""Who wrote, approved and activated policies, in the orchestrator's SQLite database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from services.orchestrator.adapters.sqlite_receipts import earlier_receipt, insert_receipt
from services.orchestrator.app.policy_register import Activation, Approval, PolicyCursor, RegisteredPolicy
from services.orchestrator.app.policy_store import Receipt
from shared.sqlite import SqliteDatabase

_ACTIVATION = "SELECT generation, policy_version, actor, activate_time_ms, restores FROM policy_activations"
_REGISTERED = """
SELECT policies.policy_version, name, author, publish_time_ms, approver, approve_time_ms,
       (SELECT json_group_array(author) FROM policy_authors WHERE policy_version = policies.policy_version),
       generation, actor, activate_time_ms, restores
FROM policies LEFT JOIN policy_approvals USING (policy_version)
LEFT JOIN policy_activations ON generation =
    (SELECT max(generation) FROM policy_activations WHERE policy_version = policies.policy_version)
"""
_FIND = f"{_REGISTERED} WHERE policies.policy_version = ?"
_ORDER = "ORDER BY publish_time_ms DESC, policies.policy_version DESC LIMIT ?"
_FIRST = f"{_REGISTERED} {_ORDER}"
_NEXT = f"{_REGISTERED} WHERE (publish_time_ms, policies.policy_version) < (?, ?) {_ORDER}"
_BEFORE = f"{_ACTIVATION} WHERE generation < ? AND policy_version <> ? ORDER BY generation DESC LIMIT 1"


class SqlitePolicyRegister:
    """Implements PolicyRegister and PolicySwitches."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def find(self, policy_version: str) -> RegisteredPolicy | None:
        row = self._database.read_one(_FIND, (policy_version,))
        return None if row is None else _registered(*row)

    async def newest(self, limit: int, after: PolicyCursor | None = None) -> Sequence[RegisteredPolicy]:
        rows = self._database.read(_NEXT, (*after, limit)) if after else self._database.read(_FIRST, (limit,))
        return [_registered(*row) for row in rows]

    async def approve(self, policy_version: str, approval: Approval, receipt: Receipt) -> None:
        def change(connection: sqlite3.Connection) -> None:
            if earlier_receipt(connection, receipt.rpc, receipt.request_id, receipt.body_hash):
                return
            insert_receipt(connection, receipt)
            connection.execute(
                "INSERT OR REPLACE INTO policy_approvals VALUES (?, ?, ?)",
                (policy_version, approval.approver, approval.time_ms),
            )

        await self._database.write(change)

    async def activation(self, generation: int) -> Activation | None:
        row = self._database.read_one(f"{_ACTIVATION} WHERE generation = ?", (generation,))
        return None if row is None else Activation(*row)

    async def before(self, generation: int, not_version: str) -> Activation | None:
        row = self._database.read_one(_BEFORE, (generation, not_version))
        return None if row is None else Activation(*row)

    async def begin_switch(self, switch_id: str, begin_ms: int) -> None:
        sql, values = "INSERT INTO policy_switches VALUES (?, ?)", (switch_id, begin_ms)
        await self._database.write(lambda connection: connection.execute(sql, values).rowcount)

    async def unfinished_switches(self, before_ms: int) -> Sequence[str]:
        sql = "SELECT switch_id FROM policy_switches WHERE begin_ms < ? ORDER BY begin_ms"
        return [row[0] for row in self._database.read(sql, (before_ms,))]

    async def end_switch(self, switch_id: str) -> bool:
        sql = "DELETE FROM policy_switches WHERE switch_id = ?"
        return await self._database.write(lambda connection: connection.execute(sql, (switch_id,)).rowcount) == 1


def _registered(version: str, name: str, author: str, publish_time_ms: int, *rest: Any) -> RegisteredPolicy:
    approver, approve_time_ms, authors, generation, actor, activate_time_ms, restores = rest
    return RegisteredPolicy(
        version,
        name,
        author,
        publish_time_ms,
        None if approver is None else Approval(approver, approve_time_ms),
        None if generation is None else Activation(generation, version, actor, activate_time_ms, restores),
        tuple(json.loads(authors)),
    )
