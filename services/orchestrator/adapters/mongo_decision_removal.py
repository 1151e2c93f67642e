"""Taking decisions out of the orchestrator's MongoDB database, with all that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import DeleteMany, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection

from services.orchestrator.app.gone_decisions import GoneBecause
from shared.mongo import Document, MongoDatabase, mongo_errors

_STORE = "orchestrator"
_LEFT = {"decision_time_ms": 1, "record_time_ms": 1, "policy_version": 1}


async def remove_of_decisions(
    collection: AsyncCollection[Document], decision_ids: Sequence[str], where: Document | None = None
) -> None:
    """What is kept by presentation. Such keys begin with their decision and a slash, behind which comes the digit 0."""
    removals = [DeleteMany({**(where or {}), "_id": {"$gt": f"{each}/", "$lt": f"{each}0"}}) for each in decision_ids]
    if removals:
        with mongo_errors(_STORE):
            await collection.bulk_write(removals, ordered=False)


async def remove_decisions(database: MongoDatabase, decision_ids: Sequence[str], because: GoneBecause) -> None:
    """With their outcomes and delivered rewards; GoneDecision says what is left of them. That is written first and the
    outcomes go before the decision, which leads to them: a removal that was cut short is made whole by the next one."""
    ids = list(decision_ids)
    decisions, gone = database.collection("decisions"), database.collection("gone_decisions")
    await remove_of_decisions(database.collection("reward_outbox"), ids, {"is_pending": False})
    with mongo_errors(_STORE):
        found = await decisions.find({"_id": {"$in": ids}}, _LEFT).to_list()
        if found:
            left: list[ReplaceOne[Document]] = [
                ReplaceOne(
                    {"_id": each["_id"]},
                    {"record_time_ms": each["decision_time_ms"], **each, "because": str(because)},
                    upsert=True,
                )
                for each in found
            ]
            await gone.bulk_write(left, ordered=False)
        await database.collection("outcomes").delete_many({"decision_id": {"$in": ids}})
        await database.collection("campaign_decisions").delete_many({"decision_id": {"$in": ids}})
        await decisions.delete_many({"_id": {"$in": ids}})
