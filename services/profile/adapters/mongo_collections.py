"""The collections of the MongoDB store: whole records as msgpack, and beside them only what is searched by.

    profile_records        _id profile id                   version, updated_ms, body, index_version,
                                                            index [{name, value}]
    profile_identities     _id identity key                 profile_id
    profile_events         _id event id                     profile_id, type, event_ms, body, waiting | position
    profile_consents       _id profile id, statement id     profile_id, granted_ms, recorded_ms, statement_id, body
    profile_merge_events   _id merge event id               kind, merge_id, sides [profile id], event_ms, body
    profile_changes        _id of the next four             profile_id, rpc, request_id, change_ms, body
    profile_erasures       _id erasure id                   position, is_purged, body
    profile_secrets        _id name                         value
    profile_requests       _id rpc, request id              body_hash, response, answered_ms
    profile_trait_schemas  _id version                      body
    profile_pointers       _id active_trait_schema          version
                           _id event_log                    position: the last one given to an event
                           _id store                        store_id: in every consistency token
                           _id erasure_log                  position: the last one given to an erasure
                           _id index_versions               versions: all that an index_version may be

What must be unique is an `_id`: on a sharded cluster nothing else can be.
"""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, IndexModel

from shared.mongo import MongoDatabase, MongoSchema, mongo_errors

RECORDS, IDENTITIES, EVENTS, CONSENTS = "profile_records", "profile_identities", "profile_events", "profile_consents"
MERGE_EVENTS, CHANGES, ERASURES = "profile_merge_events", "profile_changes", "profile_erasures"
SECRETS = "profile_secrets"
REQUESTS, TRAIT_SCHEMAS, POINTERS = "profile_requests", "profile_trait_schemas", "profile_pointers"
INDEX_VERSIONS = "index_versions"
ACTIVE_TRAIT_SCHEMA, EVENT_LOG, ERASURE_LOG = "active_trait_schema", "event_log", "erasure_log"

_NEWEST_FIRST = [("granted_ms", DESCENDING), ("recorded_ms", DESCENDING), ("statement_id", DESCENDING)]

MONGO_SCHEMA = MongoSchema(
    store="profile",
    version=2,
    indexes={
        IDENTITIES: [IndexModel([("profile_id", ASCENDING)])],
        EVENTS: [
            IndexModel([("waiting", ASCENDING)], sparse=True),
            IndexModel([("position", ASCENDING)], sparse=True),
            IndexModel([("type", ASCENDING), ("position", ASCENDING)]),
            IndexModel([("profile_id", ASCENDING), ("type", ASCENDING), ("_id", ASCENDING)]),
            IndexModel([("type", ASCENDING), ("event_ms", ASCENDING)]),
        ],
        CONSENTS: [IndexModel([("profile_id", ASCENDING), *_NEWEST_FIRST])],
        MERGE_EVENTS: [
            IndexModel([("merge_id", ASCENDING)], sparse=True),
            IndexModel([("sides", ASCENDING), ("event_ms", DESCENDING), ("_id", DESCENDING)]),
        ],
        CHANGES: [
            IndexModel(
                [
                    ("profile_id", ASCENDING),
                    ("change_ms", DESCENDING),
                    ("rpc", DESCENDING),
                    ("request_id", DESCENDING),
                ]
            )
        ],
        ERASURES: [IndexModel([("position", ASCENDING)]), IndexModel([("is_purged", ASCENDING)])],
        SECRETS: [],
        RECORDS: [
            IndexModel([("index.name", ASCENDING), ("index.value", ASCENDING), ("_id", ASCENDING)]),
            IndexModel([("index_version", ASCENDING), ("_id", ASCENDING)]),
        ],
        REQUESTS: [IndexModel([("answered_ms", ASCENDING)])],
        TRAIT_SCHEMAS: [],
        POINTERS: [],
    },
)


async def prepare(database: MongoDatabase) -> None:
    """Creates what readers of the event log move, so that none of them has to create it."""
    with mongo_errors(MONGO_SCHEMA.store):
        for log in (EVENT_LOG, ERASURE_LOG):
            await database.collection(POINTERS).update_one({"_id": log}, {"$setOnInsert": {"position": 0}}, upsert=True)
        await database.collection(POINTERS).update_one(
            {"_id": INDEX_VERSIONS}, {"$setOnInsert": {"versions": []}}, upsert=True
        )


def joined(*parts: str) -> str:
    """One `_id` of several parts; a string, because the order of a sub-document's keys would matter."""
    return "\x1f".join(parts)
