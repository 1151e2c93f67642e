"""Profiles, identities and answered requests in MongoDB. What concurrent callers want goes in common round trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.combining import Combiner
from services.profile.adapters.encoding import decode_profile
from services.profile.adapters.mongo_collections import (
    ACTIVE_TRAIT_SCHEMA,
    EVENTS,
    IDENTITIES,
    INDEX_VERSIONS,
    MONGO_SCHEMA,
    POINTERS,
    RECORDS,
    REQUESTS,
    joined,
)
from services.profile.adapters.mongo_commits import Documents, store
from services.profile.app.ports import Answer, Commit, Conflict, Look, ProfileTooLarge, Request
from services.profile.domain.identities import PROFILE, identity_of, namespace_of, profile_key
from services.profile.domain.profile import Profile
from shared.mongo import Document, MongoDatabase, mongo_errors

MAX_KEYS = 1_000
"""Identity keys, events and requests in one read, unless a single question has more."""
MAX_DOCUMENTS = 1_000
"""In one transaction, unless a single commit has more."""


@dataclass(frozen=True, slots=True)
class _Question:
    keys: Collection[str]
    request: Request | None = None
    event_ids: Collection[str] = ()
    asks_version: bool = False
    """Of the active trait schema."""


class MongoProfileStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._identities = database.collection(IDENTITIES)
        self._index_versions: set[str] = set()
        self._looks = Combiner(self._look_for_all, weigh=_weight_of, max_weight=MAX_KEYS)
        # One transaction at a time: those of one process would only make one another start again at the event log.
        self._commits = Combiner(self._commit_all, weigh=_documents_of, max_weight=MAX_DOCUMENTS)

    async def find(self, keys: Collection[str]) -> Mapping[str, Profile]:
        return (await self._looks.ask(_Question(keys))).owners

    async def look(
        self, keys: Collection[str], request: Request | None = None, event_ids: Collection[str] = ()
    ) -> Look:
        return await self._looks.ask(_Question(keys, request, event_ids, asks_version=True))

    async def answer(self, rpc: str, request_id: str) -> Answer | None:
        return (await self._looks.ask(_Question((), (rpc, request_id)))).answer

    async def commit(self, commit: Commit) -> None:
        await self._commits.ask(commit)

    async def forget_answers(self, before_ms: int, limit: int) -> int:
        requests = self._database.collection(REQUESTS)
        async with self._database.reading() as session:
            given = requests.find({"answered_ms": {"$lt": before_ms}}, {"_id": 1}, session=session)
            oldest = [each["_id"] for each in await given.sort("answered_ms", ASCENDING).limit(limit).to_list()]
            return (await requests.delete_many({"_id": {"$in": oldest}}, session=session)).deleted_count

    async def _look_for_all(self, asked: Sequence[_Question]) -> list[Look]:
        async with self._database.reading() as session:
            found = await self._identities.aggregate(_pipeline(asked), session=session)
            return _looks(asked, await found.to_list())

    async def _commit_all(self, commits: Sequence[Commit]) -> list[Exception | None]:
        """All in one transaction; where that fails on one of them, each half in its own, down to the one."""
        try:
            await self._commit_together(commits)
        except (Conflict, ProfileTooLarge) as failure:
            if len(commits) == 1:
                return [failure]
            middle = len(commits) // 2
            return [*await self._commit_all(commits[:middle]), *await self._commit_all(commits[middle:])]
        return [None] * len(commits)

    async def _commit_together(self, commits: Sequence[Commit]) -> None:
        documents = Documents()
        for commit in commits:
            documents.add(commit)
        await self._announce(documents.index_versions)

        async def body(session: AsyncClientSession) -> None:
            await store(documents, self._database, session)

        await self._database.transaction(body)

    async def _announce(self, versions: set[str]) -> None:
        """Whoever sees a profile of an index version knows of the version."""
        fresh = versions.difference(self._index_versions)
        if fresh:
            addition = {"$addToSet": {"versions": {"$each": sorted(fresh)}}}
            with mongo_errors(MONGO_SCHEMA.store):
                await self._database.collection(POINTERS).update_one({"_id": INDEX_VERSIONS}, addition)
            self._index_versions |= fresh


def _weight_of(asked: _Question) -> int:
    return 1 + len(asked.keys) + len(asked.event_ids)


def _documents_of(commit: Commit) -> int:
    return 1 + sum(1 + len(change.claims) + len(change.takes) + len(change.events) for change in commit.changes)


def _pipeline(asked: Sequence[_Question]) -> list[Document]:
    """All that is asked for in one round trip: the records of identities, each once with all its keys, and `_beside`
    them what needs no identities.
    """
    keys = {key for question in asked for key in question.keys}
    ids = [identity_of(key).value for key in keys if namespace_of(key) == PROFILE]
    pointers = [ACTIVE_TRAIT_SCHEMA] if any(question.asks_version for question in asked) else []
    requests = [joined(*question.request) for question in asked if question.request is not None]
    event_ids = {event_id for question in asked for event_id in question.event_ids}
    records = {"from": RECORDS, "localField": "_id", "foreignField": "_id", "as": "records"}
    return [
        {"$match": {"_id": {"$in": list(keys)}}},
        {"$group": {"_id": "$profile_id", "keys": {"$push": "$_id"}}},
        {"$lookup": records},
        *_beside(RECORDS, ids, {"record": "$body"}),
        *_beside(REQUESTS, requests, {"answer": "$$ROOT"}),
        *_beside(EVENTS, event_ids, {"event_of": "$profile_id"}),
        *_beside(POINTERS, pointers, {"active_version": "$version"}),
    ]


def _beside(collection: str, ids: Collection[str], shown: Document) -> list[Document]:
    found = [{"$match": {"_id": {"$in": list(ids)}}}, {"$project": shown}]
    return [{"$unionWith": {"coll": collection, "pipeline": found}}] if ids else []


def _looks(asked: Sequence[_Question], found: Sequence[Document]) -> list[Look]:
    owners: dict[str, bytes] = {}
    answers: dict[str, Document] = {}
    parts: dict[str, str] = {}
    active_version = ""
    for each in found:
        if "keys" in each:
            owners |= {key: record["body"] for record in each["records"] for key in each["keys"]}
        elif "record" in each:
            owners[profile_key(each["_id"])] = each["record"]
        elif "answer" in each:
            answers[each["_id"]] = each["answer"]
        elif "event_of" in each:
            parts[each["_id"]] = each["event_of"]
        else:
            active_version = each["active_version"]
    return [
        Look(
            _decoded(each.keys, owners),
            active_version,
            _answer(each.request, answers),
            {event_id: parts[event_id] for event_id in each.event_ids if event_id in parts},
        )
        for each in asked
    ]


def _decoded(keys: Collection[str], owners: Mapping[str, bytes]) -> dict[str, Profile]:
    """Each caller gets profiles of its own; two keys of one profile share the object."""
    profiles: dict[int, Profile] = {}
    found = {}
    for key in keys:
        body = owners.get(key)
        if body is not None:
            if id(body) not in profiles:
                profiles[id(body)] = decode_profile(body)
            found[key] = profiles[id(body)]
    return found


def _answer(request: Request | None, answers: Mapping[str, Document]) -> Answer | None:
    kept = answers.get(joined(*request)) if request else None
    return Answer(*request, kept["body_hash"], kept["response"], kept["answered_ms"]) if request and kept else None
