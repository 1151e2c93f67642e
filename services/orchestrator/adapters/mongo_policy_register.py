"""Who wrote, approved and activated policies, in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.mongo_receipts import earlier_receipt, insert_receipt
from services.orchestrator.app.policy_register import Activation, Approval, PolicyCursor, RegisteredPolicy
from services.orchestrator.app.policy_store import Receipt
from shared.mongo import MongoDatabase, mongo_errors

_STORE = "orchestrator"
_NEWEST = [("publish_time_ms", -1), ("_id", -1)]

Document = dict[str, Any]


class MongoPolicyRegister:
    """Implements PolicyRegister and PolicySwitches."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._policies = database.collection("policies")
        self._activations = database.collection("policy_activations")
        self._switches = database.collection("policy_switches")

    async def find(self, policy_version: str) -> RegisteredPolicy | None:
        with mongo_errors(_STORE):
            found = await self._policies.find_one({"_id": policy_version})
        return None if found is None else (await self._registered([found]))[0]

    async def newest(self, limit: int, after: PolicyCursor | None = None) -> Sequence[RegisteredPolicy]:
        where: Document = {}
        if after is not None:
            time_ms, version = after
            where = {
                "$or": [{"publish_time_ms": {"$lt": time_ms}}, {"publish_time_ms": time_ms, "_id": {"$lt": version}}]
            }
        with mongo_errors(_STORE):
            found = await self._policies.find(where).sort(_NEWEST).limit(limit).to_list()
        return await self._registered(found)

    async def approve(self, policy_version: str, approval: Approval, receipt: Receipt) -> None:
        async def change(session: AsyncClientSession) -> None:
            if await earlier_receipt(self._database, receipt.rpc, receipt.request_id, receipt.body_hash, session):
                return
            await insert_receipt(self._database, receipt, session)
            approved = {"approver": approval.approver, "time_ms": approval.time_ms}
            await self._policies.update_one({"_id": policy_version}, {"$set": {"approval": approved}}, session=session)

        await self._database.transaction(change)

    async def activation(self, generation: int) -> Activation | None:
        with mongo_errors(_STORE):
            found = await self._activations.find_one({"_id": generation})
        return None if found is None else _activation(found)

    async def before(self, generation: int, not_version: str) -> Activation | None:
        where = {"_id": {"$lt": generation}, "policy_version": {"$ne": not_version}}
        with mongo_errors(_STORE):
            found = await self._activations.find_one(where, sort=[("_id", -1)])
        return None if found is None else _activation(found)

    async def begin_switch(self, switch_id: str, begin_ms: int) -> None:
        with mongo_errors(_STORE):
            await self._switches.insert_one({"_id": switch_id, "begin_ms": begin_ms})

    async def unfinished_switches(self, before_ms: int) -> Sequence[str]:
        with mongo_errors(_STORE):
            found = await self._switches.find({"begin_ms": {"$lt": before_ms}}).sort("begin_ms", 1).to_list()
        return [each["_id"] for each in found]

    async def end_switch(self, switch_id: str) -> bool:
        with mongo_errors(_STORE):
            return (await self._switches.delete_one({"_id": switch_id})).deleted_count == 1

    async def _registered(self, policies: Sequence[Document]) -> list[RegisteredPolicy]:
        """Each with its last activation: policies are few, and so are their activations."""
        last: dict[str, Document] = {}
        with mongo_errors(_STORE):
            where = {"policy_version": {"$in": [each["_id"] for each in policies]}}
            async for each in self._activations.find(where).sort("_id", 1):
                last[each["policy_version"]] = each
        return [_policy(each, last.get(each["_id"])) for each in policies]


def _policy(found: Document, last: Document | None) -> RegisteredPolicy:
    approval = found.get("approval")
    return RegisteredPolicy(
        found["_id"],
        found["name"],
        found.get("author", ""),
        int(found["publish_time_ms"]),
        None if approval is None else Approval(approval["approver"], int(approval["time_ms"])),
        None if last is None else _activation(last),
        tuple(found.get("authors", ())),
    )


def _activation(found: Document) -> Activation:
    return Activation(
        int(found["_id"]), found["policy_version"], found["actor"], int(found["time_ms"]), int(found["restores"])
    )
