"""Batches that the workers of a Dask cluster have decided: each calls the orchestrators by itself. Workers need Tandem.

A batch whose worker is lost is decided again by another one, with the same answers: its requests are idempotent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import distributed
from tandem.orchestrator.v1.batch_pb2 import BatchDecideRequest, BatchDecideResponse
from tandem.orchestrator.v1.decision_pb2 import DecideRequest

from services.cli.audience.crew import Items, batches_of, decide_patiently
from services.cli.connection import Connection, Stubs, run
from services.cli.failures import CommandFailed
from shared.rpc.channel import call

CONNECT_S = 10.0
RETRIES = 3


class DaskCrew:
    """Implements Crew."""

    def __init__(self, client: distributed.Client, connection: Connection, batch: int) -> None:
        self._client = client
        self._connection = connection
        self._batch = batch

    async def decide(self, requests: Sequence[DecideRequest]) -> Items:
        batches = [[each.SerializeToString() for each in part] for part in batches_of(requests, self._batch)]
        answers: list[bytes] = await asyncio.to_thread(self._decide_there, batches)
        return [item for answer in answers for item in BatchDecideResponse.FromString(answer).items]

    def _decide_there(self, batches: list[list[bytes]]) -> list[bytes]:
        connections = [self._connection] * len(batches)
        futures = self._client.map(decide_here, batches, connections, pure=False, retries=RETRIES)
        answers: list[bytes] = self._client.gather(futures)
        return answers


@asynccontextmanager
async def dask_crew(scheduler: str, connection: Connection, batch: int) -> AsyncIterator[DaskCrew]:
    """Raises CommandFailed where there is no scheduler, or it has no workers."""
    try:
        client = await asyncio.to_thread(distributed.Client, scheduler, timeout=CONNECT_S, asynchronous=False)
    except (OSError, TimeoutError) as error:
        raise CommandFailed("NO_SCHEDULER", f"no Dask scheduler answers at {scheduler}: {error}") from error
    try:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise CommandFailed("NO_WORKERS", f"the Dask scheduler at {scheduler} has no workers")
        yield DaskCrew(client, connection, batch)
    finally:
        await asyncio.to_thread(client.close)


def decide_here(requests: list[bytes], connection: Connection) -> bytes:
    """On a worker."""
    wanted = [DecideRequest.FromString(each) for each in requests]

    async def talk(stubs: Stubs) -> Items:
        async def send(request: BatchDecideRequest) -> BatchDecideResponse:
            return await call(stubs.orchestrator.BatchDecide, request, timeout_s=connection.timeout_s)

        return await decide_patiently(send, wanted)

    return BatchDecideResponse(items=run(connection, talk)).SerializeToString()
