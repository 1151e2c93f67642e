"""Rule sets in MongoDB.

rules_rule_sets     _id version       published_ms, content
rules_publications  _id request id    version
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.rules.adapters.rule_set_blob import decode_rule_set, encode_rule_set
from services.rules.app.ports import Publication
from services.rules.domain.rule_set import RuleSet
from shared.errors import request_id_reused
from shared.mongo import MongoDatabase, MongoSchema, mongo_errors

_RULE_SETS, _PUBLICATIONS = "rules_rule_sets", "rules_publications"

MONGO_SCHEMA = MongoSchema(store="rules", version=1, indexes={_RULE_SETS: [], _PUBLICATIONS: []})


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
        fields = {"published_ms": publication.published_ms, "content": content}
        with mongo_errors(MONGO_SCHEMA.store), suppress(DuplicateKeyError):  # stored by another request just now
            await self._rule_sets.update_one({"_id": publication.version}, {"$setOnInsert": fields}, upsert=True)

    async def get(self, version: str) -> RuleSet | None:
        with mongo_errors(MONGO_SCHEMA.store):
            document = await self._rule_sets.find_one({"_id": version})
        return None if document is None else await asyncio.to_thread(decode_rule_set, document["content"])

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
