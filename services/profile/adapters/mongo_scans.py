"""All profiles in the order of their ids, in MongoDB, and those that an index proposes.

Every page is of one moment, and goes by profile ids: what changes meanwhile changes no profile's place.
"""

from __future__ import annotations

from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.encoding import decode_profile
from services.profile.adapters.mongo_collections import INDEX_VERSIONS, POINTERS, RECORDS
from services.profile.app.fairness import give_way
from services.profile.app.ports import Candidates
from services.profile.domain.attribute_index import IndexTest, names_of
from shared.mongo import Document, MongoDatabase


class MongoProfileScans:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    async def scan(self, after: str, limit: int, test: IndexTest | None) -> Candidates:
        if test is None:
            async with self._database.reading() as session:
                documents = await self._page({"_id": {"$gt": after}}, limit, session)
        else:

            async def of_one_moment(session: AsyncClientSession) -> list[Document]:
                return await self._page(await self._proposed(after, test, session), limit, session)

            documents = await self._database.transaction(of_one_moment)
        profiles = []
        for step, document in enumerate(documents):
            profiles.append(decode_profile(document["body"]))
            await give_way(step)
        return Candidates(profiles, documents[-1]["_id"] if len(documents) == limit else "")

    async def _page(self, query: Document, limit: int, session: AsyncClientSession) -> list[Document]:
        found = self._database.collection(RECORDS).find(query, {"body": 1}, session=session)
        return await found.sort("_id", ASCENDING).limit(limit).to_list()

    async def _proposed(self, after: str, test: IndexTest, session: AsyncClientSession) -> Document:
        pointers = self._database.collection(POINTERS)
        known = await pointers.find_one({"_id": INDEX_VERSIONS}, session=session)
        versions = [each for each in (known or {}).get("versions", []) if test.name not in names_of(each)]
        behind = {"_id": {"$gt": after}}
        conditions = [{"index": {"$elemMatch": {"name": test.name, "value": key}}, **behind} for key in test.keys or ()]
        if test.keys is None:
            conditions = [{"index": {"$elemMatch": {"name": test.name, "value": _range(test)}}, **behind}]
        return {"$or": conditions + [{"index_version": each, **behind} for each in ("", *versions)]}


def _range(test: IndexTest) -> dict[str, Any]:
    bounds = {"$gte": test.low, "$lte": test.high}
    return {operator: bound for operator, bound in bounds.items() if bound is not None}
