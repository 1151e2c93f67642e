"""Messages that wait for a worker."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.rules.adapters.durable.encoding import Fields
from services.rules.domain.matching import Unmatched

MAX_BATCH = 64

Satisfied = tuple[int, ...]
"""Numbers of clauses."""


@dataclass(slots=True, eq=False)
class Job:
    """One message. `strikes`: how many workers it ended; `kills`: how many were killed by others while they had it."""

    version: str
    fields: Fields
    answer: asyncio.Future[Satisfied | Unmatched] = field(default_factory=asyncio.Future)
    strikes: int = 0
    kills: int = 0

    @property
    def is_suspect(self) -> bool:
        return self.strikes > 0 or self.kills > 1

    def settle(self, answer: Satisfied | Unmatched) -> None:
        """Its caller may have given up."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        if not self.answer.cancel() and not self.answer.cancelled():
            self.answer.exception()  # seen, also where another message's was raised


class Backlog:
    """Shared out among `workers` takers, in order."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._jobs: deque[Job] = deque()
        self._filled = asyncio.Event()

    def put(self, jobs: Iterable[Job]) -> None:
        self._jobs.extend(jobs)
        self._filled.set()

    def put_back(self, jobs: Iterable[Job]) -> None:
        """They come next."""
        self._jobs.extendleft(reversed(list(jobs)))
        self._filled.set()

    async def take(self) -> list[Job]:
        """The next ones of one version, not more than the taker's share. A suspect comes alone."""
        while True:
            jobs = self._next()
            if jobs:
                return jobs
            self._filled.clear()
            await self._filled.wait()

    def drain(self) -> list[Job]:
        jobs = list(self._jobs)
        self._jobs.clear()
        return jobs

    def _next(self) -> list[Job]:
        share = min(MAX_BATCH, -(-len(self._jobs) // self._workers))
        taken: list[Job] = []
        while self._jobs and len(taken) < share:
            job = self._jobs[0]
            if taken and (job.version != taken[0].version or job.is_suspect or taken[0].is_suspect):
                break
            self._jobs.popleft()
            if not job.answer.done():
                taken.append(job)
        return taken
