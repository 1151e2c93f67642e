"""The reward log in MongoDB.

Positions are given inside the transaction that inserts the entries, from one counter document. Two appends that
would overlap conflict on it and one is retried after the other has committed, so no lower position becomes visible
after a higher one. That is one append at a time over all replicas; a batch counts as one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from pymongo import DESCENDING, ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.scoring.adapters.encoding import (
    ERASED,
    decode_entry,
    decode_holder,
    decode_outline,
    decode_receipt,
    encode_addition,
    encode_outcomes,
)
from services.scoring.adapters.mongo_collections import FEATURE_SETS, LOG, RECEIPTS, REWARD_KEYS, REWARDS
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE
from services.scoring.domain.reward_batch import Addition, Appended, Held, Receipt, RewardBatch, settle
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Outline, Worth
from shared.clock import to_datetime
from shared.mongo import Document, MongoDatabase, mongo_errors

_KEYS_AT_ONCE = 1_000


class MongoRewardLog:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._rewards = database.collection(REWARDS)
        self._keys = database.collection(REWARD_KEYS)
        self._feature_sets = database.collection(FEATURE_SETS)
        self._log = database.collection(LOG)
        self._receipts = database.collection(RECEIPTS)
        self._turn = asyncio.Lock()

    async def receipt(self, request_id: str) -> Receipt | None:
        with mongo_errors("scoring"):
            return _receipt(await self._receipts.find_one({"_id": request_id}))

    async def append(self, batch: RewardBatch) -> Appended:
        # Appends of one process take turns here: as conflicting transactions they would only retry.
        async with self._turn:
            return await self._database.transaction(lambda session: self._append(batch, session))

    async def erase(self, decision_ids: Collection[str]) -> int:
        """One decision after the other: each is a range of the index, and erasing again is harmless."""
        erased = 0
        with mongo_errors("scoring"):
            for decision_id in decision_ids:
                keys = {"$gte": f"{decision_id}/", "$lt": f"{decision_id}0"}
                blank = {"$set": {"content": ERASED}, "$unset": {"reward_key": ""}}
                erased += (await self._rewards.update_many({"reward_key": keys}, blank)).modified_count
                await self._keys.delete_many({"_id": keys})
        return erased

    async def read(self, after: int, limit: int) -> Sequence[LogEntry | ErasedEntry]:
        with mongo_errors("scoring"):
            cursor = self._rewards.find({"_id": {"$gt": after}}, {"content": 1}).sort("_id").limit(limit)
            documents = await cursor.to_list()
        return [decode_entry(each["_id"], each["content"]) for each in documents]

    async def read_back(self, before: int | None, limit: int) -> Sequence[LogEntry | ErasedEntry]:
        documents = await self._documents_back(before, limit)
        return await asyncio.to_thread(lambda: [decode_entry(each["_id"], each["content"]) for each in documents])

    async def outlines_back(self, before: int | None, limit: int) -> Sequence[Outline | ErasedEntry]:
        documents = await self._documents_back(before, limit)
        return await asyncio.to_thread(lambda: [decode_outline(each["_id"], each["content"]) for each in documents])

    async def rewards_of(self, keys: Collection[str]) -> Mapping[str, float]:
        wanted, found = list(keys), dict[str, float]()
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            part = {"_id": {"$in": wanted[start : start + _KEYS_AT_ONCE]}}
            with mongo_errors("scoring"):
                documents = await self._keys.find(part, {"reward": 1}).to_list()
            found.update((each["_id"], each["reward"]) for each in documents)
        return found

    async def _documents_back(self, before: int | None, limit: int) -> list[Document]:
        found = {} if before is None else {"_id": {"$lt": before}}
        with mongo_errors("scoring"):
            return await self._rewards.find(found, {"content": 1}).sort("_id", DESCENDING).limit(limit).to_list()

    async def last_position(self) -> int:
        with mongo_errors("scoring"):
            counter = await self._log.find_one({"_id": REWARDS})
        return 0 if counter is None else int(counter["position"])

    async def _append(self, batch: RewardBatch, session: AsyncClientSession) -> Appended:
        receipt = _receipt(await self._receipts.find_one({"_id": batch.request_id}, session=session))
        if receipt is not None:
            receipt.require_body(batch.request_id, batch.body_hash)
            return Appended(receipt, is_repeat=True)
        known = await self._keys.find({"_id": {"$in": list(batch.keys)}}, session=session).to_list()
        worth = {each["_id"]: Worth(each["reward"], each.get("value")) for each in known}
        positions = {each["position"]: each["_id"] for each in known}
        additions, receipt = settle(batch, worth, await self._held(batch, positions, session))
        entries = await self._insert(additions, session) if additions else ()
        await self._receipts.insert_one(
            {
                "_id": batch.request_id,
                "body_hash": receipt.body_hash,
                "outcomes": encode_outcomes(receipt),
                "time": to_datetime(batch.time_ms),
            },
            session=session,
        )
        return Appended(receipt, entries)

    async def _held(self, batch: RewardBatch, keys: Mapping[int, str], session: AsyncClientSession) -> Held:
        """Of keys that were rewarded before, by the position of their last reward."""
        last = self._rewards.find({"_id": {"$in": list(keys)}}, {"content": 1}, session=session) if keys else None
        entries = await last.to_list() if last is not None else []
        holders = {keys[each["_id"]]: decode_holder(each["content"]) for each in entries if each["content"] != ERASED}
        versions = list(batch.versions(holders.values()))
        if not versions:
            return Held(holders)
        found = self._feature_sets.find({"_id": {"$in": versions}}, {"objective": 1}, session=session)
        objectives = {each["_id"]: each.get("objective") or DEFAULT_OBJECTIVE for each in await found.to_list()}
        return Held(holders, objectives)

    async def _insert(self, additions: tuple[Addition, ...], session: AsyncClientSession) -> tuple[LogEntry, ...]:
        counter = await self._log.find_one_and_update(
            {"_id": REWARDS},
            {"$inc": {"position": len(additions)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        assert counter is not None, "an upsert answers what it stored"
        first = int(counter["position"]) - len(additions) + 1
        entries = tuple(addition.at(first + index) for index, addition in enumerate(additions))
        await self._rewards.insert_many(
            [
                {"_id": entry.position, "reward_key": entry.reward.reward_key, "content": encode_addition(addition)}
                for entry, addition in zip(entries, additions, strict=True)
            ],
            session=session,
        )
        await self._keys.bulk_write([_worth(entry) for entry in entries], session=session)
        return entries


def _worth(entry: LogEntry) -> UpdateOne:
    worth = {"reward": entry.reward.reward, "value": entry.reward.value, "position": entry.position}
    return UpdateOne({"_id": entry.reward.reward_key}, {"$set": worth}, upsert=True)


def _receipt(document: Document | None) -> Receipt | None:
    return None if document is None else decode_receipt(document["body_hash"], document["outcomes"])
