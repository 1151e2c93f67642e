"""The history of contacts in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict

from pymongo import ASCENDING, UpdateMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.app.contact_history import Contact, CostShare
from services.orchestrator.app.outcome_store import Sighting, implied_key
from services.orchestrator.domain.response import Answering, joined
from shared.mongo import Document, MongoDatabase, mongo_errors

COLLECTION = "contact_history"
_STORE = "orchestrator"
_KIND = ("channel", "action", "campaign")


class MongoContactHistory:
    """Implements ContactHistory."""

    def __init__(self, database: MongoDatabase) -> None:
        self._contacts = database.collection(COLLECTION)

    async def shown(self, profile_ids: Sequence[str], from_ms: int, to_ms: int) -> tuple[Contact, ...]:
        query = {
            "profile_id": {"$in": list(profile_ids)},
            "time_ms": {"$gte": from_ms, "$lte": to_ms},
            "is_shown": True,
        }
        with mongo_errors(_STORE):
            found = await self._contacts.find(query).sort([("time_ms", ASCENDING), ("_id", ASCENDING)]).to_list()
        return tuple(map(_contact, found))

    async def costs(self, from_ms: int, to_ms: int) -> tuple[CostShare, ...]:
        kind = {name: f"${name}" for name in _KIND}
        stages: list[Document] = [
            {"$match": {"time_ms": {"$gte": from_ms, "$lt": to_ms}}},
            {"$group": {"_id": kind, "contacts": {"$sum": 1}, "cost": {"$sum": "$cost"}}},
            {"$sort": {f"_id.{name}": ASCENDING for name in _KIND}},
        ]
        with mongo_errors(_STORE):
            found = await (await self._contacts.aggregate(stages)).to_list()
        return tuple(
            CostShare(kind["channel"], kind["action"], kind["campaign"], int(each["contacts"]), int(each["cost"]))
            for each in found
            for kind in (each["_id"],)
        )


async def note_sightings(
    database: MongoDatabase,
    sightings: Sequence[Sighting],
    new_keys: Set[str],
    codec: BlobCodec,
    session: AsyncClientSession,
) -> None:
    """Of the outcomes that are new. Within the caller's transaction: two that speak of one contact both write its
    document, so MongoDB runs one of them again, after the other."""
    said = [each for each in sightings if each.idempotency_key in new_keys]
    if not said:
        return
    contacts = database.collection(COLLECTION)
    ids = sorted({each.contact.presentation for each in said})
    known = {each["_id"]: each async for each in contacts.find({"_id": {"$in": ids}}, session=session)}
    withdrawn: list[str] = []
    matched_again: list[UpdateMany] = []
    for sighting in said:
        key = sighting.contact.presentation
        before = known.get(key)
        known[key] = after = _noted(before, sighting, codec)
        if before is not None and before["answering"] == Answering.IMPLIED and after["answering"] == Answering.ANSWERED:
            withdrawn.append(implied_key(key))
        if after["is_shown"] and not (before and before["is_shown"]):
            matched_again += _match_again(sighting)
    puts: list[UpdateOne] = [
        UpdateOne({"_id": key}, {"$set": _without_id(known[key]), "$inc": {"touched": 1}}, upsert=True) for key in ids
    ]
    await contacts.bulk_write(puts, session=session)
    if matched_again:
        await database.collection("conversions").bulk_write(matched_again, session=session)
    if withdrawn:
        await database.collection("outcomes").delete_many({"_id": {"$in": withdrawn}}, session=session)


def _noted(before: Document | None, sighting: Sighting, codec: BlobCodec) -> Document:
    contact = sighting.contact
    document = {**asdict(contact), "_id": contact.presentation, "due_ms": None, "implied": None, **(before or {})}
    answering = joined(Answering(document.get("answering", Answering.NONE)), sighting.answering)
    if answering is not Answering.WAITING:
        document |= {"due_ms": None, "implied": None}
    elif document["due_ms"] is None and sighting.implied is not None:
        document |= {"due_ms": sighting.due_ms, "implied": codec.encode(sighting.implied)}
    return document | {"answering": int(answering), "is_shown": document["is_shown"] or contact.is_shown}


def _match_again(sighting: Sighting) -> list[UpdateMany]:
    contact = sighting.contact
    if contact.matching_ms is None:
        return []
    query = {
        "profile_id": contact.profile_id,
        "reverses": "",
        "occurred_time_ms": {"$gte": contact.time_ms, "$lte": contact.matching_ms},
    }
    change = {"$inc": {"revision": 1}, "$set": {"is_unmatched": True}}
    return [UpdateMany(query, change)]


def _without_id(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in ("_id", "presentation", "touched")}


def _contact(found: Document) -> Contact:
    return Contact(
        found["_id"],
        found["decision_id"],
        found["profile_id"],
        int(found["time_ms"]),
        found["channel"],
        found["action"],
        found["campaign"],
        int(found["cost"]),
        bool(found["is_shown"]),
        None if found["matching_ms"] is None else int(found["matching_ms"]),
    )
