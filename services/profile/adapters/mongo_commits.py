"""Commits in MongoDB: one transaction, whose documents are all written in batches.

Events are written without a position, which only readers of the log need: a counter that every commit moved would let
the transactions of all replicas fail on one another. They wait for one in the order of `waiting` (mongo_logs.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pymongo import InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from services.profile.adapters.encoding import encode, encode_profile
from services.profile.adapters.mongo_collections import (
    CONSENTS,
    EVENTS,
    IDENTITIES,
    RECORDS,
    REQUESTS,
    joined,
)
from services.profile.app.ports import (
    Answer,
    Change,
    Commit,
    Conflict,
    EventRecorded,
    IdentityTaken,
    RequestAnswered,
    VersionConflict,
)
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile
from shared.mongo import Document, MongoDatabase

Write = InsertOne[Document] | UpdateOne


@dataclass(slots=True)
class Documents:
    """What commits write, by collection."""

    records: list[Write] = field(default_factory=list)
    identities: list[Document] = field(default_factory=list)
    consents: list[Document] = field(default_factory=list)
    requests: list[Document] = field(default_factory=list)
    events: list[Document] = field(default_factory=list)

    def add(self, commit: Commit) -> None:
        """Raises ProfileTooLarge."""
        before = len(self.events)
        for change in commit.changes:
            owner = change.profile.profile_id
            self.records.append(_record(change))
            self.identities += ({"_id": key, "profile_id": owner} for key in change.claims)
            self.consents += (_statement(consent, owner) for consent in change.statements)
            for event in change.events:
                self.events.append(_event(event, change.profile, len(self.events) - before))
        if commit.answer is not None:
            self.requests.append(kept_answer(commit.answer))


async def store(documents: Documents, database: MongoDatabase, session: AsyncClientSession) -> None:
    """Everything, as part of the session's transaction, which a Conflict ends."""
    await _store_records(documents.records, database, session)
    await _insert(IDENTITIES, documents.identities, IdentityTaken(), database, session)
    await _insert(CONSENTS, documents.consents, VersionConflict(), database, session)
    await _insert(REQUESTS, documents.requests, RequestAnswered(), database, session)
    await _insert(EVENTS, documents.events, EventRecorded(), database, session)


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
    content = {"version": profile.version, "updated_ms": profile.updated_ms, "body": encode_profile(profile)}
    if profile.version == 1:
        return InsertOne({"_id": profile.profile_id, **content})
    return UpdateOne({"_id": profile.profile_id, "version": profile.version - 1}, {"$set": content})


def _statement(consent: Consent, profile_id: str) -> Document:
    return {
        "_id": joined(profile_id, consent.statement_id),
        "profile_id": profile_id,
        "granted_ms": consent.granted_ms,
        "recorded_ms": consent.recorded_ms,
        "statement_id": consent.statement_id,
        "body": encode(consent),
    }


def _event(event: Event, profile: Profile, index: int) -> Document:
    """`waiting` sorts the events of a profile in the order of their commits, and those of a commit in their order."""
    return {
        "_id": event.event_id,
        "profile_id": profile.profile_id,
        "type": event.type,
        "waiting": f"{event.recorded_ms:016}.{profile.version:012}.{index:06}",
        "body": encode(event),
    }
