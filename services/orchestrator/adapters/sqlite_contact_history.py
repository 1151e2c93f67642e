"""The history of contacts in the orchestrator's SQLite database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence, Set
from typing import Any

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.app.contact_history import Contact, CostShare
from services.orchestrator.app.outcome_store import Sighting, implied_key
from services.orchestrator.domain.response import Answering, joined
from shared.sqlite import SqliteDatabase

_KNOWN = "SELECT is_shown, answering, due_ms, implied FROM contact_history WHERE presentation = ?"
_PUT = (
    "INSERT INTO contact_history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (presentation) DO UPDATE SET is_shown = excluded.is_shown, answering = excluded.answering, "
    "due_ms = excluded.due_ms, implied = excluded.implied"
)
_WITHDRAW = "DELETE FROM outcomes WHERE idempotency_key = ?"
_MATCH_AGAIN = (
    "UPDATE conversions SET revision = revision + 1 "
    "WHERE profile_id = ? AND reverses = '' AND occurred_time_ms BETWEEN ? AND ?"
)
_SHOWN = (
    "SELECT presentation, decision_id, profile_id, time_ms, channel, action, campaign, cost, is_shown, matching_ms "
    "FROM contact_history WHERE profile_id IN (SELECT value FROM json_each(?)) "
    "AND time_ms BETWEEN ? AND ? AND is_shown ORDER BY time_ms, presentation"
)
_COSTS = (
    "SELECT channel, action, campaign, count(*), sum(cost) FROM contact_history WHERE time_ms >= ? AND time_ms < ? "
    "GROUP BY channel, action, campaign ORDER BY channel, action, campaign"
)


class SqliteContactHistory:
    """Implements ContactHistory."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def shown(self, profile_ids: Sequence[str], from_ms: int, to_ms: int) -> tuple[Contact, ...]:
        rows = self._database.read(_SHOWN, (json.dumps(list(profile_ids)), from_ms, to_ms))
        return tuple(_contact(row) for row in rows)

    async def costs(self, from_ms: int, to_ms: int) -> tuple[CostShare, ...]:
        return tuple(CostShare(*row) for row in self._database.read(_COSTS, (from_ms, to_ms)))


EncodedSighting = tuple[Sighting, bytes | None]
"""With what it implies."""


def encoded(sightings: Sequence[Sighting], codec: BlobCodec) -> Sequence[EncodedSighting]:
    return [(each, None if each.implied is None else codec.encode(each.implied)) for each in sightings]


def note_sightings(connection: sqlite3.Connection, sightings: Sequence[EncodedSighting], new_keys: Set[str]) -> None:
    """Of the outcomes that are new. Within the caller's transaction."""
    for sighting, implied in sightings:
        if sighting.idempotency_key in new_keys:
            _note(connection, sighting, implied)


def _note(connection: sqlite3.Connection, sighting: Sighting, implied_now: bytes | None) -> None:
    contact = sighting.contact
    found = connection.execute(_KNOWN, (contact.presentation,)).fetchone()
    was_shown, known, due_ms, implied = found if found is not None else (0, Answering.NONE, None, None)
    answering = joined(Answering(known), sighting.answering)
    if known == Answering.IMPLIED and answering is Answering.ANSWERED:
        connection.execute(_WITHDRAW, (implied_key(contact.presentation),))
    if answering is not Answering.WAITING:
        due_ms = implied = None
    elif due_ms is None:
        due_ms, implied = sighting.due_ms, implied_now
    connection.execute(_PUT, (*_row(contact, is_shown=bool(was_shown)), int(answering), due_ms, implied))
    if contact.is_shown and not was_shown and contact.matching_ms is not None:
        connection.execute(_MATCH_AGAIN, (contact.profile_id, contact.time_ms, contact.matching_ms))


def _row(contact: Contact, *, is_shown: bool) -> tuple[object, ...]:
    return (
        contact.presentation,
        contact.decision_id,
        contact.profile_id,
        contact.time_ms,
        contact.channel,
        contact.action,
        contact.campaign,
        contact.cost,
        int(contact.is_shown or is_shown),
        contact.matching_ms,
    )


def _contact(row: tuple[Any, ...]) -> Contact:
    presentation, decision_id, profile_id, time_ms, channel, action, campaign, cost, is_shown, matching_ms = row
    who, what = (decision_id, profile_id, time_ms), (channel, action, campaign)
    return Contact(presentation, *who, *what, cost, bool(is_shown), matching_ms)
