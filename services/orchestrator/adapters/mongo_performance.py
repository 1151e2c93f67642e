"""Reports of performance on MongoDB: what stands beside the records of decisions, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.performance_rows import in_pages, performance_row
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.app.performance_store import Cursor, PerformanceRow
from shared.mongo import Document, MongoDatabase, mongo_errors
from shared.values import Feature

_STORE = "orchestrator"
_NARROW = {"profile_id": 1, "decision_time_ms": 1, "policy_version": 1, "compared": 1}
_OLDEST_FIRST = [("decision_time_ms", ASCENDING), ("_id", ASCENDING)]


class MongoPerformanceStore:
    """Implements PerformanceStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._decisions = database.collection("decisions")
        self._outcomes = database.collection("outcomes")
        self._codec = BlobCodec(DICTIONARIES)

    async def rows(self, from_ms: int, to_ms: int, after: Cursor | None, limit: int) -> Sequence[PerformanceRow]:
        with mongo_errors(_STORE):
            found = self._decisions.find(_behind(from_ms, to_ms, after), _NARROW).sort(_OLDEST_FIRST).limit(limit)
            return [_row(each) for each in await found.to_list()]

    async def outcomes(self, decision_ids: Sequence[str]) -> Sequence[CapturedOutcome]:
        query = {"decision_id": {"$in": list(decision_ids)}}
        with mongo_errors(_STORE):
            found = await self._outcomes.find(query, {"outcome": 1}).to_list()
        return [self._codec.decode(CapturedOutcome, each["outcome"]) for each in found]

    async def features(self, decision_ids: Sequence[str], name: str) -> Mapping[str, Feature]:
        features: dict[str, Feature] = {}
        for page in in_pages(decision_ids):
            with mongo_errors(_STORE):
                found = await self._decisions.find({"_id": {"$in": list(page)}}, {"record": 1}).to_list()
            for each in found:
                feature = self._codec.decode(DecisionRecord, each["record"]).features.get(name)
                if feature is not None:
                    features[each["_id"]] = feature
        return features


def _behind(from_ms: int, to_ms: int, after: Cursor | None) -> Document:
    time_ms, decision_id = after or (from_ms, "")
    later = [{"decision_time_ms": {"$gt": time_ms}}, {"decision_time_ms": time_ms, "_id": {"$gt": decision_id}}]
    return {"decision_time_ms": {"$gte": time_ms, "$lt": to_ms}, "$or": later}


def _row(found: Document) -> PerformanceRow:
    return performance_row(
        found["_id"],
        found["profile_id"],
        int(found["decision_time_ms"]),
        found["policy_version"],
        found.get("compared", ""),
    )
