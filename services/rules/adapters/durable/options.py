"""What an operator may choose about the workers."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DurableOptions:
    """`workers` 0: one per core. `deadline_s` is for one message, `memory_bytes` a bound on the address space of one
    worker."""

    workers: int = 0
    deadline_s: float = 2.0
    memory_bytes: int = 1024 * 2**20
    patience_s: float = 10.0
    """How long a caller waits for a worker."""

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1

    @property
    def growth_bytes(self) -> int:
        """A worker that has grown by more than this since it loaded its rules is replaced."""
        return self.memory_bytes // 4


USUAL_WORKERS = DurableOptions()
