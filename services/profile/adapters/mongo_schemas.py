"""Trait schemas in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.combining import Combiner
from services.profile.adapters.encoding import decode_schema, encode
from services.profile.adapters.mongo_collections import (
    ACTIVE_TRAIT_SCHEMA,
    POINTERS,
    REQUESTS,
    TRAIT_SCHEMAS,
)
from services.profile.adapters.mongo_commits import kept_answer, taken
from services.profile.app.ports import Conflict, RequestAnswered, SchemaCommit
from services.profile.domain.schema import TraitSchema
from shared.mongo import MongoDatabase


class MongoSchemaStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._active = Combiner(self._active_for_all, weigh=lambda _: 0, max_weight=1)

    async def active_version(self) -> str:
        return await self._active.ask(None)

    async def schema(self, version: str) -> TraitSchema | None:
        async with self._database.reading() as session:
            document = await self._database.collection(TRAIT_SCHEMAS).find_one({"_id": version}, session=session)
        return decode_schema(document["body"]) if document else None

    async def commit(self, commit: SchemaCommit) -> None:
        body = encode(commit.schema)

        async def store(session: AsyncClientSession) -> None:
            with taken(RequestAnswered()):
                await self._database.collection(REQUESTS).insert_one(kept_answer(commit.answer), session=session)
            with taken(Conflict()):
                await self._database.collection(TRAIT_SCHEMAS).update_one(
                    {"_id": commit.version}, {"$setOnInsert": {"body": body}}, upsert=True, session=session
                )
                if commit.activate:
                    await self._database.collection(POINTERS).update_one(
                        {"_id": ACTIVE_TRAIT_SCHEMA},
                        {"$set": {"version": commit.version}},
                        upsert=True,
                        session=session,
                    )

        await self._database.transaction(store)

    async def _active_for_all(self, asked: Sequence[None]) -> list[str]:
        async with self._database.reading() as session:
            pointer = await self._database.collection(POINTERS).find_one({"_id": ACTIVE_TRAIT_SCHEMA}, session=session)
        return [str(pointer["version"]) if pointer else ""] * len(asked)
