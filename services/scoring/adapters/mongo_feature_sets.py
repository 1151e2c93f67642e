"""Feature sets in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ReturnDocument

from services.scoring.adapters.encoding import decode_feature_set, encode_feature_set
from services.scoring.adapters.mongo_collections import FEATURE_SETS, PUBLICATIONS
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE, FeatureSet
from shared.errors import request_id_reused
from shared.mongo import MongoDatabase, mongo_errors


class MongoFeatureSetStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._publications = database.collection(PUBLICATIONS)
        self._feature_sets = database.collection(FEATURE_SETS)

    async def put(self, request_id: str, feature_set: FeatureSet) -> None:
        """Two idempotent writes, the content first: a publication never names what is not there."""
        version, content = feature_set.version, encode_feature_set(feature_set)
        with mongo_errors("scoring"):
            published = await self._publications.find_one({"_id": request_id})
            if published is None:
                stored = {"$setOnInsert": {"content": content, "objective": feature_set.objective}}
                await self._feature_sets.update_one({"_id": version}, stored, upsert=True)
                published = await self._publications.find_one_and_update(
                    {"_id": request_id},
                    {"$setOnInsert": {"version": version}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
        assert published is not None, "an upsert answers what it stored"
        if published["version"] != version:
            raise request_id_reused(request_id)

    async def get(self, version: str) -> FeatureSet | None:
        with mongo_errors("scoring"):
            document = await self._feature_sets.find_one({"_id": version})
        return None if document is None else decode_feature_set(document["content"])

    async def objectives(self) -> Sequence[str]:
        async with self._database.reading() as session:
            named = await self._feature_sets.distinct("objective", session=session)
            unnamed = await self._feature_sets.find_one({"objective": None}, {"_id": 1}, session=session)
        # Those of before there were objectives do not name theirs.
        return sorted({*named} - {None} | ({DEFAULT_OBJECTIVE} if unnamed else set()))
