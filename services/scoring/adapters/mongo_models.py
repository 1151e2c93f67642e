"""The model registry in MongoDB.

A model's content lies in chunks beside it, for it may be larger than a document. They are named by the model and
written before its record: a writer that dies leaves chunks that the next one finds right. (GridFS names its chunks by
an upload, of which a second one of the same model would collide with the first or leave a file of its own.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.scoring.adapters.mongo_collections import ASSIGNMENT_RECEIPTS, ASSIGNMENTS, MODEL_CHUNKS, MODELS
from services.scoring.adapters.registry_encoding import checked, decode_assignment, decode_model, digest, encode
from services.scoring.domain.models import Assignment, AssignmentReceipt, ModelRecord
from shared.clock import to_datetime
from shared.errors import request_id_reused
from shared.mongo import Document, MongoDatabase

CHUNK_BYTES = 4 * 2**20
"""A document holds 16 MB; every write has five seconds."""


class MongoModelStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._models = database.collection(MODELS)
        self._chunks = database.collection(MODEL_CHUNKS)
        self._assignments = database.collection(ASSIGNMENTS)
        self._receipts = database.collection(ASSIGNMENT_RECEIPTS)

    async def put(self, record: ModelRecord, content: bytes) -> None:
        chunks = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
        stored = {
            "objective": record.objective,
            "train_time_ms": record.train_time_ms,
            "record": encode(record),
            "digest": digest(content),
            "chunks": len(chunks),
        }
        async with self._database.reading() as session:
            for number, chunk in enumerate(chunks):
                place = {"_id": _chunk(record.model_id, number)}
                await self._chunks.replace_one(place, {"content": chunk}, upsert=True, session=session)
            await self._models.update_one(
                {"_id": record.model_id}, {"$setOnInsert": stored}, upsert=True, session=session
            )

    async def get(self, model_id: str) -> ModelRecord | None:
        async with self._database.reading() as session:
            found = await self._models.find_one({"_id": model_id}, {"record": 1}, session=session)
        return None if found is None else decode_model(found["record"])

    async def content(self, model_id: str) -> bytes | None:
        async with self._database.reading() as session:
            found = await self._models.find_one({"_id": model_id}, {"digest": 1, "chunks": 1}, session=session)
            if found is None:
                return None
            chunks = []
            for number in range(found["chunks"]):
                chunk = await self._chunks.find_one({"_id": _chunk(model_id, number)}, session=session)
                chunks.append(chunk["content"] if chunk is not None else b"")
        return await asyncio.to_thread(lambda: checked(model_id, b"".join(chunks), found["digest"]))

    async def list(self, objective: str, limit: int) -> Sequence[ModelRecord]:
        async with self._database.reading() as session:
            found = self._models.find({"objective": objective}, {"record": 1}, session=session)
            documents = await found.sort([("train_time_ms", DESCENDING), ("_id", 1)]).limit(limit).to_list()
        return [decode_model(each["record"]) for each in documents]

    async def assignment(self, objective: str) -> Assignment:
        latest = await self.assignments(objective, 1)
        return latest[0] if latest else Assignment(objective)

    async def assigned(self, request_id: str) -> AssignmentReceipt | None:
        async with self._database.reading() as session:
            return _receipt(await self._receipts.find_one({"_id": request_id}, session=session))

    async def assign(self, request_id: str, body_hash: str, assignment: Assignment) -> Assignment | None:
        found = await self._tried(request_id, body_hash, assignment)
        # Else another one was first: with this request, whose receipt is there by now, or with this revision.
        return found or await self._tried(request_id, body_hash, assignment)

    async def _tried(self, request_id: str, body_hash: str, assignment: Assignment) -> Assignment | None:
        try:
            return await self._database.transaction(
                lambda session: self._assign(request_id, body_hash, assignment, session)
            )
        except DuplicateKeyError:
            return None

    async def assignments(self, objective: str, limit: int) -> Sequence[Assignment]:
        async with self._database.reading() as session:
            found = self._assignments.find({"objective": objective}, {"content": 1}, session=session)
            documents = await found.sort("revision", DESCENDING).limit(limit).to_list()
        return [decode_assignment(each["content"]) for each in documents]

    async def objectives(self) -> Sequence[str]:
        async with self._database.reading() as session:
            return sorted(await self._assignments.distinct("objective", session=session))

    async def _assign(
        self, request_id: str, body_hash: str, assignment: Assignment, session: AsyncClientSession
    ) -> Assignment | None:
        receipt = _receipt(await self._receipts.find_one({"_id": request_id}, session=session))
        if receipt is not None:
            return _answered(receipt, request_id, body_hash)
        known = {"objective": assignment.objective}
        latest = await self._assignments.find_one(known, {"revision": 1}, sort=[("revision", -1)], session=session)
        if assignment.revision != (latest["revision"] if latest else 0) + 1:
            return None
        key = {**known, "revision": assignment.revision}
        content, time = encode(assignment), to_datetime(assignment.change_time_ms)
        await self._assignments.insert_one({"_id": key, **key, "content": content}, session=session)
        answer = {"_id": request_id, "body_hash": body_hash, "assignment": content, "time": time}
        await self._receipts.insert_one(answer, session=session)
        return assignment


def _chunk(model_id: str, number: int) -> Document:
    return {"model_id": model_id, "number": number}


def _answered(receipt: AssignmentReceipt, request_id: str, body_hash: str) -> Assignment:
    if receipt.body_hash != body_hash:
        raise request_id_reused(request_id)
    return receipt.assignment


def _receipt(document: Document | None) -> AssignmentReceipt | None:
    return (
        None
        if document is None
        else AssignmentReceipt(document["body_hash"], decode_assignment(document["assignment"]))
    )
