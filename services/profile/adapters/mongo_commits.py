"""Commits in MongoDB: one transaction, whose documents are all written in batches.

Events are written without a position, which only readers of the log need: a counter that every commit moved would let
the transactions of all replicas fail on one another. They wait for one in the order of `waiting` (mongo_logs.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from services.profile.adapters.encoding import encode, encode_profile
from services.profile.adapters.mongo_collections import (
    CHANGES,
    CONSENTS,
    EVENTS,
    IDENTITIES,
    MERGE_EVENTS,
    RECORDS,
    REQUESTS,
    joined,
)
from services.profile.adapters.mongo_rights import change_document, log_erasure
from services.profile.app.ports import (
    Answer,
    Change,
    Commit,
    Conflict,
    EventGone,
    EventRecorded,
    IdentityTaken,
    LogEntry,
    RequestAnswered,
    Statement,
    VersionConflict,
)
from services.profile.domain.erasure import Erasure
from services.profile.domain.merge_events import MergeEvent
from services.profile.domain.profile import Profile
from shared.mongo import Document, MongoDatabase

Write = InsertOne[Document] | UpdateOne | DeleteOne


@dataclass(slots=True)
class Documents:
    """What commits write, by collection."""

    records: list[Write] = field(default_factory=list)
    identities: list[Document] = field(default_factory=list)
    moves: list[Write] = field(default_factory=list)
    """Of identities that somebody held before."""
    consents: list[Document] = field(default_factory=list)
    requests: list[Document] = field(default_factory=list)
    events: list[Document] = field(default_factory=list)
    merge_events: list[Document] = field(default_factory=list)
    trail: list[Document] = field(default_factory=list)
    erasures: list[Erasure] = field(default_factory=list)
    index_versions: set[str] = field(default_factory=set)
    deleted_events: list[str] = field(default_factory=list)

    def add(self, commit: Commit) -> None:
        """Raises ProfileTooLarge."""
        before = len(self.events)
        for change in commit.changes:
            owner = change.profile.profile_id
            self.records.append(_record(change))
            if change.index is not None:
                self.index_versions.add(change.index.version)
            self.identities += ({"_id": key, "profile_id": owner} for key in change.claims)
            self.moves += (UpdateOne({"_id": key}, {"$set": {"profile_id": owner}}) for key in change.takes)
            self.moves += (DeleteOne({"_id": key, "profile_id": owner}) for key in change.releases)
            self.consents += (_statement(each) for each in change.statements)
            self.merge_events += (_meeting(event) for event in change.merge_events)
            for entry in change.events:
                self.events.append(_event(entry, change.profile, len(self.events) - before))
        self.trail += map(change_document, commit.trail)
        self.deleted_events += commit.deleted_events
        if commit.erasure is not None:
            self.erasures.append(commit.erasure)
        if commit.answer is not None:
            self.requests.append(kept_answer(commit.answer))


async def store(documents: Documents, database: MongoDatabase, session: AsyncClientSession) -> None:
    """Everything, as part of the session's transaction, which a Conflict ends."""
    await _store_records(documents.records, database, session)
    await _insert(IDENTITIES, documents.identities, IdentityTaken(), database, session)
    if documents.moves:
        await database.collection(IDENTITIES).bulk_write(documents.moves, session=session)
    await _insert(CONSENTS, documents.consents, VersionConflict(), database, session)
    await _insert(REQUESTS, documents.requests, RequestAnswered(), database, session)
    await _insert(EVENTS, documents.events, EventRecorded(), database, session)
    await _insert(MERGE_EVENTS, documents.merge_events, VersionConflict(), database, session)
    await _insert(CHANGES, documents.trail, RequestAnswered(), database, session)
    await _forget_events(documents.deleted_events, database, session)
    for erasure in documents.erasures:
        await log_erasure(erasure, database, session)


@contextmanager
def taken(conflict: Conflict) -> Iterator[None]:
    """A key that exists already means that somebody else came first. What MongoDB would try again passes through."""
    try:
        yield
    except DuplicateKeyError:
        raise conflict from None
    except BulkWriteError as failure:
        if failure.has_error_label("TransientTransactionError"):
            raise
        raise conflict from None


def kept_answer(answer: Answer) -> Document:
    return {
        "_id": joined(answer.rpc, answer.request_id),
        "body_hash": answer.body_hash,
        "response": answer.response,
        "answered_ms": answer.answered_ms,
    }


async def _store_records(writes: list[Write], database: MongoDatabase, session: AsyncClientSession) -> None:
    if not writes:
        return
    with taken(VersionConflict()):
        result = await database.collection(RECORDS).bulk_write(writes, session=session)
    if result.inserted_count + result.matched_count != len(writes):
        raise VersionConflict


async def _forget_events(event_ids: Sequence[str], database: MongoDatabase, session: AsyncClientSession) -> None:
    if event_ids:
        result = await database.collection(EVENTS).delete_many({"_id": {"$in": event_ids}}, session=session)
        if result.deleted_count != len(event_ids):
            raise EventGone


async def _insert(
    collection: str,
    documents: Sequence[Document],
    conflict: Conflict,
    database: MongoDatabase,
    session: AsyncClientSession,
) -> None:
    if documents:
        with taken(conflict):
            await database.collection(collection).insert_many(documents, session=session)


def _record(change: Change) -> Write:
    profile = change.profile
    content: Document = {"version": profile.version, "updated_ms": profile.updated_ms, "body": encode_profile(profile)}
    if change.index is not None:
        entries = [{"name": name, "value": key} for name, key in change.index.entries]
        content |= {"index_version": change.index.version, "index": entries}
    elif profile.version == 1:
        content |= {"index_version": "", "index": []}
    if profile.version == 1:
        return InsertOne({"_id": profile.profile_id, **content})
    return UpdateOne({"_id": profile.profile_id, "version": profile.version - 1}, {"$set": content})


def _statement(statement: Statement) -> Document:
    consent = statement.consent
    return {
        "_id": joined(statement.part_id, consent.statement_id),
        "profile_id": statement.part_id,
        "granted_ms": consent.granted_ms,
        "recorded_ms": consent.recorded_ms,
        "statement_id": consent.statement_id,
        "body": encode(consent),
    }


def _meeting(event: MergeEvent) -> Document:
    document = {
        "_id": event.merge_event_id,
        "kind": int(event.kind),
        "sides": [event.profile_id, event.other_profile_id],
        "event_ms": event.event_ms,
        "body": encode(event),
    }
    return {**document, "merge_id": event.merge_id} if event.merge_id else document


def _event(entry: LogEntry, profile: Profile, index: int) -> Document:
    """`waiting` sorts the events of a profile in the order of their commits, and those of a commit in their order."""
    event = entry.event
    return {
        "_id": event.event_id,
        "profile_id": entry.part_id,
        "type": event.type,
        "event_ms": event.event_ms,
        "waiting": f"{event.recorded_ms:016}.{profile.version:012}.{index:06}",
        "body": encode(event),
    }
