"""Rule sets in MongoDB.

rules_rule_sets     _id version       published_ms, content, actions, triggers
rules_publications  _id request id    version
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pymongo import DESCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.rules.adapters.mongo_trigger_schema import TRIGGER_INDEXES
from services.rules.adapters.rule_set_blob import decode_rule_set, encode_rule_set
from services.rules.app.ports import Publication, RuleSetEntry
from services.rules.domain.rule_set import RuleSet
from shared.errors import request_id_reused
from shared.mongo import MongoDatabase, MongoSchema, mongo_errors

_RULE_SETS, _PUBLICATIONS = "rules_rule_sets", "rules_publications"

_BY_TIME = IndexModel([("published_ms", DESCENDING), ("_id", DESCENDING)])
_OF_ENTRY = {"published_ms": 1, "actions": 1, "triggers": 1}

MONGO_SCHEMA = MongoSchema(
    store="rules", version=1, indexes={_RULE_SETS: [_BY_TIME], _PUBLICATIONS: [], **TRIGGER_INDEXES}
)


class MongoRuleSetStore:
    """Implements RuleSetStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._rule_sets = database.collection(_RULE_SETS)
        self._publications = database.collection(_PUBLICATIONS)

    async def publish(self, publication: Publication) -> None:
        content = await asyncio.to_thread(encode_rule_set, publication.rule_set)
        # No transaction: a request that died after the first step goes on at the second when it is tried again.
        await self._remember(publication)
        fields = {
            "published_ms": publication.published_ms,
            "content": content,
            "actions": publication.rule_set.action_count,
            "triggers": len(publication.rule_set.triggers),
        }
        with mongo_errors(MONGO_SCHEMA.store), suppress(DuplicateKeyError):  # stored by another request just now
            await self._rule_sets.update_one({"_id": publication.version}, {"$setOnInsert": fields}, upsert=True)

    async def get(self, version: str) -> RuleSet | None:
        with mongo_errors(MONGO_SCHEMA.store):
            document = await self._rule_sets.find_one({"_id": version})
        return None if document is None else await asyncio.to_thread(decode_rule_set, document["content"])

    async def entry(self, version: str) -> RuleSetEntry | None:
        with mongo_errors(MONGO_SCHEMA.store):
            document = await self._rule_sets.find_one({"_id": version}, _OF_ENTRY)
        return None if document is None else _entry(document)

    async def entries(self, after: tuple[int, str] | None, limit: int) -> Sequence[RuleSetEntry]:
        older: dict[str, Any] = {}
        if after is not None:
            older = {"$or": [{"published_ms": {"$lt": after[0]}}, {"published_ms": after[0], "_id": {"$lt": after[1]}}]}
        with mongo_errors(MONGO_SCHEMA.store):
            found = self._rule_sets.find(older, _OF_ENTRY).sort([("published_ms", -1), ("_id", -1)]).limit(limit)
            return [_entry(document) async for document in found]

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""
        await self._database.ping()

    async def _remember(self, publication: Publication) -> None:
        async with self._database.reading() as session:
            try:
                kept = await self._publications.find_one_and_update(
                    {"_id": publication.request_id},
                    {"$setOnInsert": {"version": publication.version}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
            except DuplicateKeyError:  # two of the same request at the same moment
                kept = await self._publications.find_one({"_id": publication.request_id}, session=session)
        assert kept is not None, "an upsert answers what it stored"
        if kept["version"] != publication.version:
            raise request_id_reused(publication.request_id)


def _entry(document: Mapping[str, Any]) -> RuleSetEntry:
    counts = document.get("actions", 0), document.get("triggers", 0)
    return RuleSetEntry(document["_id"], document["published_ms"], *counts)
