"""PublishTraitSchema: an immutable description of what profiles may hold."""

from __future__ import annotations

import asyncio

from services.profile.app.idempotency import answer_of, replayed, request_of
from services.profile.app.ports import Conflict, ProfileStore, SchemaCommit, SchemaStore
from services.profile.app.requests import PublishTraitSchema, SchemaPublished
from services.profile.domain.schema import TraitSchema
from services.profile.domain.schema_check import check_schema
from shared.clock import Clock
from shared.errors import Aborted

RPC = "PublishTraitSchema"
MAX_ATTEMPTS = 10


async def publish_trait_schema(
    store: SchemaStore, requests: ProfileStore, clock: Clock, command: PublishTraitSchema
) -> SchemaPublished:
    for _ in range(MAX_ATTEMPTS):
        earlier = replayed(await requests.answer(*request_of(RPC, command)), command, SchemaPublished)
        if earlier is not None:
            return earlier
        try:
            return await _publish(store, clock, command)
        except Conflict:
            continue
    raise Aborted("CONCURRENT_CHANGE", "somebody else published at every attempt: try again")


async def _publish(store: SchemaStore, clock: Clock, command: PublishTraitSchema) -> SchemaPublished:
    schema = await asyncio.to_thread(_checked, command.schema)
    published = SchemaPublished(schema.version)
    answer = answer_of(RPC, command, published, clock())
    await store.commit(SchemaCommit(schema.version, schema, command.activate, answer))
    return published


def _checked(schema: TraitSchema) -> TraitSchema:
    check_schema(schema, "schema")
    return schema.in_order()
