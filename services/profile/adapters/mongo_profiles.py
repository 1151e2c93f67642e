"""Profiles, identities and answered requests in MongoDB. What concurrent callers want goes in common round trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.combining import Combiner
from services.profile.adapters.encoding import decode_profile
from services.profile.adapters.mongo_collections import (
    IDENTITIES,
    INDEX_VERSIONS,
    MONGO_SCHEMA,
    POINTERS,
    RECORDS,
    REQUESTS,
    joined,
)
from services.profile.adapters.mongo_commits import Documents, store
from services.profile.app.ports import Answer, Commit, Conflict, ProfileTooLarge
from services.profile.domain.identities import PROFILE, identity_of, namespace_of, profile_key
from services.profile.domain.profile import Profile
from shared.mongo import Document, MongoDatabase, mongo_errors

MAX_KEYS = 1_000
"""Identity keys in one read."""
MAX_DOCUMENTS = 1_000
"""In one transaction, unless a single commit has more."""


class MongoProfileStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._index_versions: set[str] = set()
        self._finds = Combiner(self._find_all, weigh=len, max_weight=MAX_KEYS)
        self._answers = Combiner(self._answer_all, weigh=lambda _: 1, max_weight=MAX_KEYS)
        # One transaction at a time: those of one process would only make one another start again at the event log.
        self._commits = Combiner(self._commit_all, weigh=_documents_of, max_weight=MAX_DOCUMENTS)

    async def find(self, keys: Collection[str]) -> Mapping[str, Profile]:
        return await self._finds.ask(keys)

    async def answer(self, rpc: str, request_id: str) -> Answer | None:
        return await self._answers.ask((rpc, request_id))

    async def commit(self, commit: Commit) -> None:
        await self._commits.ask(commit)

    async def forget_answers(self, before_ms: int, limit: int) -> int:
        requests = self._database.collection(REQUESTS)
        async with self._database.reading() as session:
            given = requests.find({"answered_ms": {"$lt": before_ms}}, {"_id": 1}, session=session)
            oldest = [each["_id"] for each in await given.sort("answered_ms", ASCENDING).limit(limit).to_list()]
            return (await requests.delete_many({"_id": {"$in": oldest}}, session=session)).deleted_count

    async def _find_all(self, asked: Sequence[Collection[str]]) -> list[Mapping[str, Profile]]:
        every = {key for keys in asked for key in keys}
        ids = [identity_of(key).value for key in every if namespace_of(key) == PROFILE]
        owners: dict[str, bytes] = {}
        async with self._database.reading() as session:
            if len(ids) < len(every):
                found = await self._database.collection(IDENTITIES).aggregate(_find(every), session=session)
                for each in await found.to_list():
                    owners |= {key: record["body"] for record in each["records"] for key in each["keys"]}
            if ids:
                records = self._database.collection(RECORDS).find({"_id": {"$in": ids}}, {"body": 1}, session=session)
                owners |= {profile_key(record["_id"]): record["body"] for record in await records.to_list()}
        return [_decoded(keys, owners) for keys in asked]

    async def _answer_all(self, asked: Sequence[tuple[str, str]]) -> list[Answer | None]:
        wanted = {"_id": {"$in": [joined(*each) for each in asked]}}
        async with self._database.reading() as session:
            found = self._database.collection(REQUESTS).find(wanted, session=session)
            kept = {document["_id"]: document for document in await found.to_list()}
        return [_answer(rpc, request_id, kept.get(joined(rpc, request_id))) for rpc, request_id in asked]

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


def _documents_of(commit: Commit) -> int:
    return 1 + sum(1 + len(change.claims) + len(change.takes) + len(change.events) for change in commit.changes)


def _find(keys: Collection[str]) -> list[Document]:
    """The records of identities, each record once with all its keys, in one round trip."""
    records = {"from": RECORDS, "localField": "_id", "foreignField": "_id", "as": "records"}
    return [
        {"$match": {"_id": {"$in": list(keys)}}},
        {"$group": {"_id": "$profile_id", "keys": {"$push": "$_id"}}},
        {"$lookup": records},
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


def _answer(rpc: str, request_id: str, kept: Document | None) -> Answer | None:
    return Answer(rpc, request_id, kept["body_hash"], kept["response"], kept["answered_ms"]) if kept else None
