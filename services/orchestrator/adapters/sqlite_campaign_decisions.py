"""Decisions of campaigns in the orchestrator's SQLite database: a row for each profile of a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from services.orchestrator.app.campaign_decisions import CampaignPerson
from shared.sqlite import SqliteDatabase

_FIND = """
SELECT decision_id FROM json_each(?2) AS profile
JOIN campaign_decisions ON campaign_id = ?1 AND profile_id = profile.value ORDER BY profile.key LIMIT 1
"""
_INSERT = "INSERT INTO campaign_decisions VALUES (?, ?, ?)"


class SqliteCampaignDecisions:
    """Implements CampaignDecisions."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def find(self, people: Sequence[CampaignPerson]) -> Sequence[str | None]:
        rows = (self._database.read_one(_FIND, _key(person)) for person in people)
        return [None if row is None else str(row[0]) for row in rows]


def take_person(connection: sqlite3.Connection, person: CampaignPerson, decision_id: str) -> bool:
    """Within the caller's transaction. False, and nothing stored, where the campaign has a decision for them."""
    if connection.execute(_FIND, _key(person)).fetchone() is not None:
        return False
    rows = [(person.campaign_id, profile_id, decision_id) for profile_id in person.profile_ids]
    connection.executemany(_INSERT, rows)
    return True


def _key(person: CampaignPerson) -> tuple[str, str]:
    return person.campaign_id, msgspec.json.encode(person.profile_ids).decode()
