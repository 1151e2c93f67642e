"""Decisions of campaigns in MongoDB: a document for each profile of a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.app.campaign_decisions import CampaignPerson
from shared.mongo import Document, MongoDatabase

CAMPAIGN_DECISIONS = "campaign_decisions"


class MongoCampaignDecisions:
    """Implements CampaignDecisions."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._decisions = database.collection(CAMPAIGN_DECISIONS)

    async def find(self, people: Sequence[CampaignPerson]) -> Sequence[str | None]:
        keys = [key for person in people for key in _keys(person)]
        async with self._database.reading() as session:
            found = await self._decisions.find({"_id": {"$in": keys}}, session=session).to_list()
        by_key = {(each["_id"]["campaign_id"], each["_id"]["profile_id"]): each["decision_id"] for each in found}
        return [_first(by_key, person) for person in people]


async def take_people(
    database: MongoDatabase, people: Sequence[tuple[CampaignPerson, str]], session: AsyncClientSession
) -> None:
    """Persons with their decisions, within the caller's transaction. One that the campaign has decided for is a
    duplicate key."""
    documents: list[Document] = [
        {"_id": key, "decision_id": decision_id} for person, decision_id in people for key in _keys(person)
    ]
    if documents:
        await database.collection(CAMPAIGN_DECISIONS).insert_many(documents, session=session)


def _keys(person: CampaignPerson) -> Iterator[Document]:
    for profile_id in person.profile_ids:
        yield {"campaign_id": person.campaign_id, "profile_id": profile_id}


def _first(by_key: dict[tuple[str, str], str], person: CampaignPerson) -> str | None:
    found = (by_key.get((person.campaign_id, profile_id)) for profile_id in person.profile_ids)
    return next((each for each in found if each is not None), None)
