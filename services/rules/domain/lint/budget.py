"""How long lint may think."""

from __future__ import annotations

import time
from collections.abc import Callable


class Budget:
    """`query_ms` is the most that one question may take."""

    def __init__(
        self, seconds: float = 2.0, query_ms: int = 200, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + seconds
        self._query_ms = query_ms

    @property
    def left_ms(self) -> int:
        """For the next question; 0 where nothing is left."""
        return max(0, min(self._query_ms, int((self._ends - self._monotonic()) * 1_000)))
