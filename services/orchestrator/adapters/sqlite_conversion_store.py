"""Conversions in the orchestrator's SQLite database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.sqlite_receipts import earlier_receipt, insert_receipt, read_receipt
from services.orchestrator.app.conversion_store import ConversionBatch, ConversionDraft, Known, UnmatchedConversion
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.conversion import Conversion
from shared.sqlite import SqliteDatabase

_INSERT = (
    "INSERT INTO conversions (conversion_id, profile_id, occurred_time_ms, body_hash, reverses, conversion) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_BY_ID = (
    "SELECT conversion_id, body_hash, conversion FROM conversions "
    "WHERE conversion_id IN (SELECT value FROM json_each(?))"
)
_REVERSALS = (
    "SELECT reverses, conversion FROM conversions WHERE reverses <> '' "
    "AND reverses IN (SELECT value FROM json_each(?)) ORDER BY position"
)
_UNMATCHED = (
    "SELECT conversion, revision FROM conversions WHERE revision > matched_revision AND position > "
    "coalesce((SELECT position FROM conversions WHERE conversion_id = ?), 0) ORDER BY position LIMIT ?"
)
_COUNT_UNMATCHED = "SELECT count(*) FROM conversions WHERE revision > matched_revision"
_MATCHED = "UPDATE conversions SET matched_revision = max(matched_revision, ?) WHERE conversion_id = ?"
_PURCHASES = (
    "SELECT conversion FROM conversions WHERE reverses = '' AND (occurred_time_ms, conversion_id) > (?, ?) "
    "AND occurred_time_ms < ? ORDER BY occurred_time_ms, conversion_id LIMIT ?"
)
_OF_PROFILES = (
    "SELECT conversion FROM conversions WHERE profile_id IN (SELECT value FROM json_each(?)) AND conversion_id > ? "
    "ORDER BY conversion_id LIMIT ?"
)


class SqliteConversionStore:
    """Implements ConversionStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec()

    async def append(self, batch: ConversionBatch) -> Receipt:
        codec = BlobCodec()  # the writer has a thread of its own

        def change(connection: sqlite3.Connection) -> Receipt:
            earlier = earlier_receipt(connection, batch.rpc, batch.request_id, batch.body_hash)
            if earlier is not None:
                return earlier
            verdicts, fresh = _known(connection, batch.drafts, codec).judge(batch.drafts)
            connection.executemany(_INSERT, [_row(draft, codec) for draft in fresh])
            receipt = Receipt(batch.rpc, batch.request_id, batch.body_hash, batch.response_of(verdicts))
            insert_receipt(connection, receipt)
            return receipt

        return await self._database.write(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        return read_receipt(self._database, rpc, request_id)

    async def get(self, conversion_ids: Sequence[str]) -> Mapping[str, Conversion]:
        rows = self._database.read(_BY_ID, (json.dumps(list(conversion_ids)),))
        return {key: self._codec.decode(Conversion, blob) for key, _, blob in rows}

    async def reversals(self, conversion_ids: Sequence[str]) -> Mapping[str, Sequence[Conversion]]:
        found: dict[str, list[Conversion]] = {}
        for reverses, blob in self._database.read(_REVERSALS, (json.dumps(list(conversion_ids)),)):
            found.setdefault(reverses, []).append(self._codec.decode(Conversion, blob))
        return found

    async def unmatched(self, limit: int, after: Conversion | None = None) -> tuple[UnmatchedConversion, ...]:
        rows = self._database.read(_UNMATCHED, (None if after is None else after.conversion_id, limit))
        return tuple(UnmatchedConversion(self._codec.decode(Conversion, blob), revision) for blob, revision in rows)

    async def count_unmatched(self) -> int:
        row = self._database.read_one(_COUNT_UNMATCHED)
        return int(row[0]) if row is not None else 0

    async def mark_matched(self, conversions: Sequence[UnmatchedConversion]) -> None:
        rows = [(each.revision, each.conversion.conversion_id) for each in conversions]
        if rows:
            await self._database.write(lambda connection: connection.executemany(_MATCHED, rows).rowcount)

    async def purchases(self, from_ms: int, to_ms: int, after: str, limit: int) -> tuple[Conversion, ...]:
        return self._conversions(_PURCHASES, (from_ms, after, to_ms, limit))

    async def of_profiles(self, profile_ids: Sequence[str], after: str, limit: int) -> tuple[Conversion, ...]:
        return self._conversions(_OF_PROFILES, (json.dumps(list(profile_ids)), after, limit))

    def _conversions(self, sql: str, parameters: Sequence[object]) -> tuple[Conversion, ...]:
        return tuple(self._codec.decode(Conversion, blob) for (blob,) in self._database.read(sql, parameters))


def _known(connection: sqlite3.Connection, drafts: Sequence[ConversionDraft], codec: BlobCodec) -> Known:
    conversions = [draft.conversion for draft in drafts]
    reversed_ids = {each.reverses for each in conversions if each.reverses}
    ids = json.dumps(sorted(reversed_ids | {each.conversion_id for each in conversions}))
    known = Known()
    for key, body_hash, blob in connection.execute(_BY_ID, (ids,)):
        known.conversions[key] = body_hash, codec.decode(Conversion, blob)
    for reverses, blob in connection.execute(_REVERSALS, (json.dumps(sorted(reversed_ids)),)):
        known.reversals.setdefault(reverses, []).append(codec.decode(Conversion, blob))
    return known


def _row(draft: ConversionDraft, codec: BlobCodec) -> tuple[object, ...]:
    each = draft.conversion
    return (
        each.conversion_id,
        each.profile_id,
        each.occurred_time_ms,
        draft.body_hash,
        each.reverses,
        codec.encode(each),
    )
