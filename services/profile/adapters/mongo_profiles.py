"""Profiles, identities and answered requests in MongoDB. What concurrent callers want goes in common round trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.combining import Combiner
from services.profile.adapters.encoding import decode_profile
from services.profile.adapters.mongo_collections import IDENTITIES, MONGO_SCHEMA, RECORDS, REQUESTS, joined
from services.profile.adapters.mongo_commits import Documents, store
from services.profile.app.ports import Answer, Commit, Conflict, ProfileTooLarge
from services.profile.domain.profile import Profile
from shared.mongo import Document, MongoDatabase, mongo_errors

MAX_KEYS = 1_000
"""Identity keys in one read."""
MAX_DOCUMENTS = 1_000
"""In one transaction, unless a single commit has more."""


class MongoProfileStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
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

    async def _find_all(self, asked: Sequence[Collection[str]]) -> list[Mapping[str, Profile]]:
        with mongo_errors(MONGO_SCHEMA.store):
            found = await self._database.collection(IDENTITIES).aggregate(
                _find({key for keys in asked for key in keys})
            )
            documents = await found.to_list()
        owners = {key: record["body"] for each in documents for record in each["records"] for key in each["keys"]}
        return [_decoded(keys, owners) for keys in asked]

    async def _answer_all(self, asked: Sequence[tuple[str, str]]) -> list[Answer | None]:
        with mongo_errors(MONGO_SCHEMA.store):
            found = self._database.collection(REQUESTS).find({"_id": {"$in": [joined(*each) for each in asked]}})
            kept = {document["_id"]: document for document in await found.to_list()}
        return [_answer(rpc, request_id, kept.get(joined(rpc, request_id))) for rpc, request_id in asked]

    async def _commit_all(self, commits: Sequence[Commit]) -> list[Exception | None]:
        """All in one transaction; where that fails on one of them, each in its own."""
        try:
            await self._commit_together(commits)
        except (Conflict, ProfileTooLarge) as failure:
            return [failure] if len(commits) == 1 else [await self._commit_alone(commit) for commit in commits]
        return [None] * len(commits)

    async def _commit_alone(self, commit: Commit) -> Exception | None:
        try:
            await self._commit_together([commit])
        except (Conflict, ProfileTooLarge) as failure:
            return failure
        return None

    async def _commit_together(self, commits: Sequence[Commit]) -> None:
        documents = Documents()
        for commit in commits:
            documents.add(commit)

        async def body(session: AsyncClientSession) -> None:
            await store(documents, self._database, session)

        await self._database.transaction(body)


def _documents_of(commit: Commit) -> int:
    return 1 + sum(1 + len(change.claims) + len(change.events) for change in commit.changes)


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
