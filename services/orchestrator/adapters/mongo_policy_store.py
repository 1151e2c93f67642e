"""Policies in MongoDB.

The files of a record are stored before the transaction that makes it exist: they may be as large as a document can be,
they never change, and without their record nobody reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.mongo_receipts import earlier_receipt, find_receipt, insert_receipt
from services.orchestrator.app.policy_store import (
    BY_NOBODY,
    NOTHING_ACTIVE,
    Activating,
    ActivePointer,
    PolicyRecord,
    PolicyVersions,
    Receipt,
)
from shared.mongo import MongoDatabase, mongo_errors

PIECE_BYTES = 8 * 1024 * 1024
"""A document holds at most 16 MiB, and so may one file."""

_STORE = "orchestrator"
_POINTER_ID = "active"

Document = dict[str, Any]


class MongoPolicyStore:
    """Implements PolicyStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._policies = database.collection("policies")
        self._files = database.collection("policy_files")
        self._active = database.collection("active_policy")
        self._activations = database.collection("policy_activations")

    async def add(
        self, record: PolicyRecord, receipt: Receipt, pointer: ActivePointer, *, may_be_first: bool = True
    ) -> bool:
        await self._store_files(record)

        async def change(session: AsyncClientSession) -> bool:
            if await self._is_done(receipt, session):
                return True
            if await self._read_pointer(session) != pointer:
                return False
            await self._policies.update_one(
                {"_id": record.versions.policy}, {"$setOnInsert": _document(record)}, upsert=True, session=session
            )
            await self._policies.update_one(
                {"_id": record.versions.policy, "author": {"$in": [None, ""]}},
                {"$set": {"author": record.author}},
                session=session,
            )
            if record.author:
                published_by = {"$addToSet": {"authors": record.author}}
                await self._policies.update_one({"_id": record.versions.policy}, published_by, session=session)
            await insert_receipt(self._database, receipt, session)
            if may_be_first and pointer == NOTHING_ACTIVE:
                how = Activating(record.author, record.publish_time_ms)
                await self._move_pointer(record.versions.policy, pointer, how, session)
            return True

        return await self._database.transaction(change)

    async def get(self, policy_version: str) -> PolicyRecord | None:
        with mongo_errors(_STORE):
            found = await self._policies.find_one({"_id": policy_version})
            if found is None:
                return None
            pieces = self._files.find({"policy_version": policy_version}).sort([("path", 1), ("piece", 1)])
            files: dict[str, bytes] = {}
            async for piece in pieces:
                files[piece["path"]] = files.get(piece["path"], b"") + piece["content"]
        # Large integers come back as a type of the driver's own.
        publish_time_ms = int(found["publish_time_ms"])
        versions = PolicyVersions(**found["versions"], feature_sets=found.get("feature_sets", {}))
        return PolicyRecord(versions, found["name"], files, publish_time_ms, found.get("author", ""))

    async def active(self) -> ActivePointer:
        with mongo_errors(_STORE):
            return await self._read_pointer(None)

    async def activate(
        self, policy_version: str, receipt: Receipt, pointer: ActivePointer, how: Activating = BY_NOBODY
    ) -> bool:
        async def change(session: AsyncClientSession) -> bool:
            if await self._is_done(receipt, session):
                return True
            if await self._read_pointer(session) != pointer:
                return False
            await insert_receipt(self._database, receipt, session)
            await self._move_pointer(policy_version, pointer, how, session)
            return True

        return await self._database.transaction(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        with mongo_errors(_STORE):
            return await find_receipt(self._database, rpc, request_id)

    async def _store_files(self, record: PolicyRecord) -> None:
        pieces = [UpdateOne({"_id": piece["_id"]}, {"$setOnInsert": piece}, upsert=True) for piece in _pieces(record)]
        if pieces:
            with mongo_errors(_STORE):
                await self._files.bulk_write(pieces, ordered=False)

    async def _is_done(self, receipt: Receipt, session: AsyncClientSession) -> bool:
        """Whether the same call finished meanwhile. Raises AlreadyExists when another call took its request id."""
        own = receipt.rpc, receipt.request_id, receipt.body_hash
        return await earlier_receipt(self._database, *own, session) is not None

    async def _read_pointer(self, session: AsyncClientSession | None) -> ActivePointer:
        found = await self._active.find_one({"_id": _POINTER_ID}, session=session)
        return ActivePointer(found["policy_version"], int(found["generation"])) if found is not None else NOTHING_ACTIVE

    async def _move_pointer(
        self, policy_version: str, pointer: ActivePointer, how: Activating, session: AsyncClientSession
    ) -> None:
        """Two that move it at once meet in a write conflict, which makes MongoDB run one of them again."""
        moved = {"policy_version": policy_version, "generation": pointer.generation + 1}
        await self._active.update_one({"_id": _POINTER_ID}, {"$set": moved}, upsert=True, session=session)
        if pointer != NOTHING_ACTIVE:
            # It may be of before activations were kept.
            before = {"policy_version": pointer.policy_version, "actor": "", "time_ms": 0, "restores": 0}
            await self._activations.update_one(
                {"_id": pointer.generation}, {"$setOnInsert": before}, upsert=True, session=session
            )
        activation = {
            "_id": pointer.generation + 1,
            "policy_version": policy_version,
            "actor": how.actor,
            "time_ms": how.time_ms,
            "restores": how.restores,
        }
        await self._activations.insert_one(activation, session=session)


def _pieces(record: PolicyRecord) -> Iterator[Document]:
    for path, content in record.files.items():
        for start in range(0, max(1, len(content)), PIECE_BYTES):
            yield {
                "_id": f"{record.versions.policy}/{start // PIECE_BYTES}/{path}",
                "policy_version": record.versions.policy,
                "path": path,
                "piece": start // PIECE_BYTES,
                "content": content[start : start + PIECE_BYTES],
            }


def _document(record: PolicyRecord) -> Document:
    versions = record.versions
    return {
        "name": record.name,
        "publish_time_ms": record.publish_time_ms,
        "versions": {
            "policy": versions.policy,
            "trait_schema": versions.trait_schema,
            "rule_set": versions.rule_set,
            "feature_set": versions.feature_set,
            "catalogue": versions.catalogue,
        },
        "feature_sets": dict(versions.feature_sets),
    }
