"""A place for one worker: keeps a living one in it and feeds it from the backlog."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from services.rules.adapters.durable import metrics
from services.rules.adapters.durable.backlog import Backlog, Job
from services.rules.adapters.durable.circuit_breaker import CircuitBreaker
from services.rules.adapters.durable.options import DurableOptions
from services.rules.adapters.durable.worker_process import WorkerDied, WorkerProcess
from services.rules.durable_worker.wire import Load, Match, Matched
from shared.errors import NotFound

_log = logging.getLogger("tandem.rules.durable")

MAX_LOADS = 200
"""Of one worker: the engine's memory grows a little with every ruleset that comes and goes."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 5.0


class WorkerSlot:
    """`versions` is the pool's: what is loaded, by version."""

    def __init__(
        self,
        number: int,
        options: DurableOptions,
        versions: Mapping[str, Load],
        backlog: Backlog,
        breaker: CircuitBreaker,
    ) -> None:
        self._options = options
        self._versions = versions
        self._backlog = backlog
        self._breaker = breaker
        self._worker: WorkerProcess | None = None
        self._loads = 0
        self._failures = 0
        """Since the last answer."""
        self._rss = metrics.WORKER_RSS.labels(str(number))

    @property
    def pid(self) -> int | None:
        return None if self._worker is None else self._worker.pid

    async def run(self) -> None:
        """Until it is cancelled; then the worker is ended."""
        try:
            while True:
                try:
                    await self._step()
                except (WorkerDied, OSError) as failure:
                    await self._restart(failure)
                except Exception:  # noqa: BLE001 - the top of a background loop: the next worker tries again
                    _log.exception("a worker of durable-rules could not be fed")
                    await self._restart(None)
        finally:
            await self._end()

    async def _step(self) -> None:
        """Raises WorkerDied, OSError."""
        worker = await self._ready()
        jobs = [job for job in await self._backlog.take() if not self._breaker.refuses(job)]
        try:
            await self._answer(worker, jobs)
        except WorkerDied as death:
            self._take_back(jobs, death)
            raise
        except BaseException:
            self._backlog.put_back(jobs)
            raise

    async def _ready(self) -> WorkerProcess:
        """A living worker that holds all versions. Raises WorkerDied, OSError."""
        if self._worker is None:
            self._worker = await WorkerProcess.start(self._options)
            self._loads = 0
        await self._update(self._worker)
        return self._worker

    async def _update(self, worker: WorkerProcess) -> None:
        """Gives the worker the versions it has not got, and takes those away that are gone."""
        try:
            for version in worker.loaded - self._versions.keys():
                await worker.unload(version)
            for load in [load for version, load in self._versions.items() if version not in worker.loaded]:
                await worker.load(load)
                self._loads += 1
        except WorkerDied as death:
            raise WorkerDied(death.cause, None, death.is_blamed) from death  # it had no message

    async def _answer(self, worker: WorkerProcess, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        version = jobs[0].version
        if version not in self._versions:
            for job in jobs:
                _forget(job)
            return
        await self._update(worker)
        started = time.perf_counter()
        answer = await worker.ask(Match(version, tuple(job.fields for job in jobs)))
        assert isinstance(answer, Matched)
        metrics.MATCH_SECONDS.observe(time.perf_counter() - started)
        for job, clauses in zip(jobs, answer.clauses, strict=True):
            job.settle(clauses)
        self._failures = 0
        self._rss.set(answer.rss_bytes)
        if answer.rss_bytes - worker.rss_bytes > self._options.growth_bytes or self._loads > MAX_LOADS:
            metrics.RESTARTS.labels("recycled").inc()
            await self._end()

    def _take_back(self, jobs: Sequence[Job], death: WorkerDied) -> None:
        """The message it died with is the suspect; it comes again, alone, after the others."""
        others = list(jobs)
        if death.index is not None and death.index < len(jobs):
            suspect = others.pop(death.index)
            if not self._breaker.strike(suspect, is_blamed=death.is_blamed):
                others.append(suspect)
        self._backlog.put_back(others)

    async def _restart(self, failure: WorkerDied | OSError | None) -> None:
        """At once after the first failure, later and later when no worker answers any more."""
        cause = failure.cause if isinstance(failure, WorkerDied) else "not_started"
        metrics.RESTARTS.labels(cause).inc()
        _log.warning("a worker of durable-rules ended", extra={"fields": {"cause": cause}})
        await self._end()
        if self._failures:
            await asyncio.sleep(min(_FIRST_PAUSE_S * 2**self._failures, _LONGEST_PAUSE_S))
        self._failures = min(self._failures + 1, 10)

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        self._rss.set(0)
        if worker is not None:
            await worker.close()


def _forget(job: Job) -> None:
    if not job.answer.done():
        job.answer.set_exception(not_loaded(job.version))


def not_loaded(version: str) -> NotFound:
    message = f"no rules of version {version!r} are loaded"
    return NotFound("RULE_SET_NOT_FOUND", message, metadata={"rule_set_version": version})
