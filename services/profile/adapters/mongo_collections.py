"""The collections of the MongoDB store: whole records as msgpack, and beside them only what is searched by.

    profile_records        _id profile id                   version, updated_ms, body
    profile_identities     _id identity key                 profile_id
    profile_events         _id event id                     profile_id, type, body, waiting | position
    profile_consents       _id profile id, statement id     profile_id, granted_ms, recorded_ms, statement_id, body
    profile_requests       _id rpc, request id              body_hash, response, answered_ms
    profile_trait_schemas  _id version                      body
    profile_pointers       _id active_trait_schema          version
                           _id event_log                    position: the last one given to an event

What must be unique is an `_id`: on a sharded cluster nothing else can be.
"""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, IndexModel

from shared.mongo import MongoDatabase, MongoSchema, mongo_errors

RECORDS, IDENTITIES, EVENTS, CONSENTS = "profile_records", "profile_identities", "profile_events", "profile_consents"
REQUESTS, TRAIT_SCHEMAS, POINTERS = "profile_requests", "profile_trait_schemas", "profile_pointers"
ACTIVE_TRAIT_SCHEMA, EVENT_LOG = "active_trait_schema", "event_log"

_NEWEST_FIRST = [("granted_ms", DESCENDING), ("recorded_ms", DESCENDING), ("statement_id", DESCENDING)]

MONGO_SCHEMA = MongoSchema(
    store="profile",
    version=1,
    indexes={
        IDENTITIES: [IndexModel([("profile_id", ASCENDING)])],
        EVENTS: [
            IndexModel([("waiting", ASCENDING)], sparse=True),
            IndexModel([("position", ASCENDING)], sparse=True),
            IndexModel([("type", ASCENDING), ("position", ASCENDING)]),
            IndexModel([("profile_id", ASCENDING), ("type", ASCENDING), ("_id", ASCENDING)]),
        ],
        CONSENTS: [IndexModel([("profile_id", ASCENDING), *_NEWEST_FIRST])],
        RECORDS: [],
        REQUESTS: [],
        TRAIT_SCHEMAS: [],
        POINTERS: [],
    },
)


async def prepare(database: MongoDatabase) -> None:
    """Creates what readers of the event log move, so that none of them has to create it."""
    with mongo_errors(MONGO_SCHEMA.store):
        await database.collection(POINTERS).update_one(
            {"_id": EVENT_LOG}, {"$setOnInsert": {"position": 0}}, upsert=True
        )


def joined(*parts: str) -> str:
    """One `_id` of several parts; a string, because the order of a sub-document's keys would matter."""
    return "\x1f".join(parts)
