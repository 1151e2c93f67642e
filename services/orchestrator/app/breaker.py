"""Leaving somebody out who does not answer, so that not everybody waits for them in vain.

    closed --FAILURES in a row--> open, for PAUSE_MS --> one may try --answered--> closed
                                    ^                        |
                                    +---- not answered ------+

Who may try and is never heard of again (a caller that gave up) holds up the next try for a pause, and nothing more.
"""

from __future__ import annotations

from shared.clock import Clock

FAILURES = 5
PAUSE_MS = 1_000


class Breaker:
    def __init__(self, clock: Clock, failures: int = FAILURES, pause_ms: int = PAUSE_MS) -> None:
        self._clock = clock
        self._most = failures
        self._pause_ms = pause_ms
        self._failures = 0
        self._open_until_ms = 0

    def admits(self) -> bool:
        """Whether to ask. Who is told so while it is open is the one that tries."""
        if self._failures < self._most:
            return True
        now_ms = self._clock()
        if now_ms < self._open_until_ms:
            return False
        self._open_until_ms = now_ms + self._pause_ms
        return True

    def answered(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._most:
            self._open_until_ms = self._clock() + self._pause_ms
