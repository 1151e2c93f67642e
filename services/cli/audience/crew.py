"""Who has requests decided: this process, or the workers of a Dask cluster (`dask_crew`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from google.rpc import status_pb2  # type: ignore[import-untyped]
from tandem.orchestrator.v1.batch_pb2 import BatchDecideRequest, BatchDecideResponse
from tandem.orchestrator.v1.decision_pb2 import DecideRequest

from shared.errors import Aborted, DeadlineExceeded, ResourceExhausted, TandemError, Unavailable
from shared.rpc.errors import from_status

ATTEMPTS = 6
PAUSE_S = 0.25
"""Before the second attempt, twice as long before each further one."""

Send = Callable[[BatchDecideRequest], Awaitable[BatchDecideResponse]]
Items = list[BatchDecideResponse.Item]
_PASSING = (Unavailable, DeadlineExceeded, ResourceExhausted, Aborted)


class Crew(Protocol):
    async def decide(self, requests: Sequence[DecideRequest]) -> Items:
        """An answer or an error each, in their order; none that might pass. Raises what does not pass."""
        ...


class OwnCrew:
    """Implements Crew: some batches at once, over one connection."""

    def __init__(self, send: Send, batch: int, jobs: int) -> None:
        self._send = send
        self._batch = batch
        self._turns = asyncio.Semaphore(jobs)

    async def decide(self, requests: Sequence[DecideRequest]) -> Items:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(batch)) for batch in batches_of(requests, self._batch)]
        return [item for task in tasks for item in task.result()]

    async def _one(self, batch: Sequence[DecideRequest]) -> Items:
        async with self._turns:
            return await decide_patiently(self._send, batch)


async def decide_patiently(send: Send, requests: Sequence[DecideRequest]) -> Items:
    """Tries again what might pass: every request is idempotent. Raises what did not pass."""
    answers: dict[int, BatchDecideResponse.Item] = {}
    waiting, pause_s = list(range(len(requests))), PAUSE_S
    for attempt in range(ATTEMPTS):
        failure: TandemError | None = None
        try:
            response = await send(BatchDecideRequest(requests=[requests[place] for place in waiting]))
            answers |= zip(waiting, response.items, strict=True)
        except _PASSING as error:
            failure = error
        passing = {place: fault for place in waiting if (fault := _passing(answers.get(place))) is not None}
        waiting = [place for place in waiting if place in passing or place not in answers]
        if not waiting:
            return [answers[place] for place in range(len(requests))]
        failure = failure or passing[waiting[0]]
        if attempt + 1 < ATTEMPTS:
            await asyncio.sleep(pause_s)
            pause_s *= 2
    assert failure is not None, "something waits because it failed"
    raise failure


def batches_of(requests: Sequence[DecideRequest], size: int) -> list[Sequence[DecideRequest]]:
    return [requests[start : start + size] for start in range(0, len(requests), size)]


def error_of(item: BatchDecideResponse.Item) -> TandemError | None:
    """None for an answer."""
    if item.HasField("result"):
        return None
    status: status_pb2.Status = item.error
    return from_status(status) or Unavailable("DEPENDENCY_UNAVAILABLE", status.message)


def _passing(item: BatchDecideResponse.Item | None) -> TandemError | None:
    error = None if item is None else error_of(item)
    return error if isinstance(error, _PASSING) else None
