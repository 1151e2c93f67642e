"""Messages that ended two workers: they are answered without a third."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from services.rules.adapters.durable.backlog import Job
from services.rules.domain.matching import Unmatched

MAX_STRIKES = 2
MAX_KILLS = 8
"""Somebody's signal is no fault of a message; that it always comes with the same one is no accident."""
REFUSED = Unmatched(f"ended {MAX_STRIKES} workers of the rule engine")

_MAX_REMEMBERED = 10_000


class CircuitBreaker:
    def __init__(self) -> None:
        self._condemned: OrderedDict[bytes, None] = OrderedDict()

    def strike(self, job: Job, *, is_blamed: bool) -> bool:
        """Notes that a worker ended with it. Whether that was once too often: then it is answered, and remembered."""
        job.strikes += is_blamed
        job.kills += not is_blamed
        if job.strikes < MAX_STRIKES and job.kills < MAX_KILLS:
            return False
        self._condemned[_fingerprint(job)] = None
        while len(self._condemned) > _MAX_REMEMBERED:
            self._condemned.popitem(last=False)
        job.settle(REFUSED)
        return True

    def refuses(self, job: Job) -> bool:
        """Answers a message that is remembered."""
        if not self._condemned or _fingerprint(job) not in self._condemned:
            return False
        job.settle(REFUSED)
        return True


def _fingerprint(job: Job) -> bytes:
    digest = hashlib.blake2b(job.version.encode(), digest_size=16)
    for index, part in enumerate(job.fields):
        if part is not None:
            digest.update(f"\0{index}\0{part}".encode())
    return digest.digest()
