"""Finding decisions in MongoDB: by what stands beside their records."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ASCENDING, DESCENDING

from services.orchestrator.adapters.decision_rows import page_of
from services.orchestrator.adapters.mongo_decision_log import COLLECTION, GONE
from services.orchestrator.adapters.mongo_decision_removal import remove_decisions
from services.orchestrator.app.decision_index import Cursor, DecisionPage, DecisionQuery, DecisionSummary
from services.orchestrator.app.gone_decisions import GoneBecause
from services.orchestrator.domain.decision_results import DecisionResult, PlacementResult
from shared.mongo import Document, MongoDatabase, mongo_errors

_STORE = "orchestrator"
_WITHOUT_RECORD = {"record": 0}
_NEWEST_FIRST = [("decision_time_ms", DESCENDING), ("_id", DESCENDING)]


class MongoDecisionIndex:
    """Implements DecisionIndex."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._decisions = database.collection(COLLECTION)
        self._gone = database.collection(GONE)

    async def find(self, query: DecisionQuery, limit: int, after: Cursor | None = None) -> DecisionPage:
        asked = _indexed_part(query)

        async def read(behind: Cursor | None, count: int) -> Sequence[DecisionSummary]:
            wanted = {"$and": [asked, _behind(behind)]} if behind else asked
            async with self._database.reading() as session:
                found = self._decisions.find(wanted, _WITHOUT_RECORD, session=session).sort(_NEWEST_FIRST).limit(count)
                return [_summary(each) for each in await found.to_list()]

        return await page_of(read, query, limit, after)

    async def sample(self, start_id: str, limit: int) -> Sequence[DecisionSummary]:
        found = await self._by_id({"$gte": start_id}, limit)
        return [*found, *(await self._by_id({"$lt": start_id}, limit - len(found)) if len(found) < limit else ())]

    async def prune(self, before_ms: int, limit: int) -> int:
        ids = await self._oldest("record_time_ms", {"record_time_ms": {"$lt": before_ms}}, limit)
        if not ids:  # then those of before the moment of recording stood beside the record
            old = {"decision_time_ms": {"$lt": before_ms}, "record_time_ms": {"$exists": False}}
            ids = await self._oldest("decision_time_ms", old, limit)
        if ids:
            await remove_decisions(self._database, ids, GoneBecause.PRUNED)
        return len(ids)

    async def forget_gone(self, before_ms: int, limit: int) -> int:
        older = {"record_time_ms": {"$lt": before_ms}}
        with mongo_errors(_STORE):
            ids = [each["_id"] for each in await self._gone.find(older, {"_id": 1}).limit(limit).to_list()]
            return (await self._gone.delete_many({"_id": {"$in": ids}})).deleted_count

    async def _oldest(self, order: str, old: Document, limit: int) -> list[str]:
        with mongo_errors(_STORE):
            found = self._decisions.find(old, {"_id": 1}).sort(order, ASCENDING).limit(limit)
            return [each["_id"] for each in await found.to_list()]

    async def _by_id(self, ids: Document, limit: int) -> list[DecisionSummary]:
        async with self._database.reading() as session:
            found = self._decisions.find({"_id": ids}, _WITHOUT_RECORD, session=session).sort("_id").limit(limit)
            return [_summary(each) for each in await found.to_list()]


def _indexed_part(query: DecisionQuery) -> Document:
    """What an index tells apart; the rest is looked at row by row."""
    moments = {"$gte": query.start_ms} | ({} if query.end_ms is None else {"$lt": query.end_ms})
    asked: Document = {"decision_time_ms": moments}
    if query.profile_ids is not None:
        asked["profile_id"] = {"$in": list(query.profile_ids)}
    elif query.action and query.result in (None, DecisionResult.PROPOSED):
        asked["results.action"] = query.action
    return asked


def _behind(cursor: Cursor) -> Document:
    time_ms, decision_id = cursor
    return {
        "$or": [
            {"decision_time_ms": {"$lt": time_ms}},
            {"decision_time_ms": time_ms, "_id": {"$lt": decision_id}},
        ]
    }


def _summary(document: Document) -> DecisionSummary:
    """Decisions of before lists were kept have no results."""
    return DecisionSummary(
        document["_id"],
        document["profile_id"],
        document["decision_time_ms"],
        document["policy_version"],
        document.get("model_version", ""),
        tuple(
            PlacementResult(each["placement"], DecisionResult(each["result"]), each["action"], each["channel"])
            for each in document.get("results", ())
        ),
    )
