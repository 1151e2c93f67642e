"""The workers of this process: what is loaded into all of them, and the messages they share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.rules.adapters.durable import metrics
from services.rules.adapters.durable.backlog import Backlog, Job, Satisfied
from services.rules.adapters.durable.circuit_breaker import CircuitBreaker
from services.rules.adapters.durable.encoding import Fields
from services.rules.adapters.durable.options import DurableOptions
from services.rules.adapters.durable.worker_process import WorkerProcess
from services.rules.adapters.durable.worker_slot import WorkerSlot, not_loaded
from services.rules.domain.matching import Unmatched
from services.rules.durable_worker.wire import Load, Match
from shared.errors import Unavailable


class WorkerPool:
    """No worker runs before there is a version to load."""

    def __init__(self, options: DurableOptions) -> None:
        self._options = options
        self._versions: dict[str, Load] = {}
        self._backlog = Backlog(options.worker_count)
        breaker = CircuitBreaker()
        self._slots = [
            WorkerSlot(number, options, self._versions, self._backlog, breaker)
            for number in range(options.worker_count)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> list[int]:
        return [slot.pid for slot in self._slots if slot.pid is not None]

    async def prove(self, load: Load, field_count: int) -> None:
        """Loads it, beside all that is loaded, into a worker of its own, which then ends.

        Raises WorkerDied where that cannot be survived.
        """
        worker = await WorkerProcess.start(self._options)
        try:
            for each in (*self._versions.values(), load):
                await worker.load(each)
            await worker.ask(Match(load.version, ((None,) * field_count,)))
        finally:
            await worker.close()

    def load(self, load: Load) -> None:
        self._versions[load.version] = load
        if not self._tasks:
            self._tasks = [asyncio.create_task(slot.run(), name="durable-worker") for slot in self._slots]

    def unload(self, version: str) -> None:
        self._versions.pop(version, None)

    async def match(self, version: str, messages: Sequence[Fields]) -> list[Satisfied | Unmatched]:
        """Raises NotFound, Unavailable."""
        if version not in self._versions:
            raise not_loaded(version)
        jobs = [Job(version, fields) for fields in messages]
        self._backlog.put(jobs)
        try:
            async with asyncio.timeout(self._options.patience_s):
                return [await job.answer for job in jobs]
        except TimeoutError:
            metrics.MESSAGES.labels("unavailable").inc(sum(not job.answer.done() for job in jobs))
            raise no_worker() from None
        finally:
            for job in jobs:
                job.give_up()

    async def close(self) -> None:
        """Ends the workers; who waits for one is told Unavailable."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for job in self._backlog.drain():
            if not job.answer.done():
                job.answer.set_exception(no_worker())


def no_worker() -> Unavailable:
    message = "no worker of the rule engine answers"
    return Unavailable("DEPENDENCY_UNAVAILABLE", message, metadata={"dependency": "durable-rules"})
