"""Transactions that nobody will end: of a process that was killed, or lost its network, between two operations.

MongoDB ends them after `transactionLifetimeLimitSeconds`, a minute by default, and until then every write to what they
wrote conflicts. Who is blocked by them for longer than our own transactions ever rest ends them before that.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

APP_NAME = "tandem"
PATIENCE_S = 2.0
"""Before a blocked transaction looks for abandoned ones, and between two looks."""
ABANDONED_S = 2.0
"""Without any operation; a living owner, were it so late, is told to try again."""

_log = logging.getLogger("tandem.mongo")


class Blocked:
    """What one transaction, with all its tries, does about conflicts."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        self._client = client
        self._patient_until = time.monotonic() + PATIENCE_S

    async def again(self) -> None:
        """To be told of each conflict."""
        if time.monotonic() >= self._patient_until:
            self._patient_until = time.monotonic() + PATIENCE_S
            await self._end_abandoned()

    async def _end_abandoned(self) -> None:
        """Those of the same user alone, for which MongoDB asks no privilege."""
        idle = [{"$currentOp": {"allUsers": False, "idleSessions": True}}, {"$match": _abandoned()}]
        admin = self._client.get_database("admin", read_concern=ReadConcern("local"))
        try:
            found = await (await admin.aggregate(idle)).to_list()
            if found:
                _log.warning("ending abandoned transactions", extra={"fields": {"count": len(found)}})
                await admin.command("killSessions", [{"id": each["lsid"]["id"]} for each in found])
        except OperationFailure as failure:
            _log.warning("cannot end abandoned transactions", extra={"fields": {"cause": str(failure)}})


def _abandoned() -> dict[str, Any]:
    inactive = {"$gte": ABANDONED_S * 1_000_000}
    return {"type": "idleSession", "appName": APP_NAME, "transaction.timeInactiveMicros": inactive}
