"""What a worker does with a request."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Sequence
from pathlib import Path

from services.rules.durable_worker.session import EngineError, Session
from services.rules.durable_worker.wire import (
    IDLE,
    PROGRESS_BYTES,
    Answer,
    Failed,
    Load,
    Loaded,
    Match,
    Matched,
    Request,
    Unload,
)

_PAGE_BYTES = resource.getpagesize()
_STATM = Path("/proc/self/statm")


class Worker:
    """`alarm_s`: a message or a shard that takes longer ends the process, also when its parent is gone."""

    def __init__(self, progress_fd: int, alarm_s: float) -> None:
        self._progress_fd = progress_fd
        self._alarm_s = alarm_s
        self._versions: dict[str, list[Session]] = {}
        self._loads = 0
        self._index = IDLE

    def answer(self, request: Request) -> Answer:
        """Failed is the last answer: the process must end after it."""
        self._begin(0)
        try:
            return self._answer(request)
        except EngineError as error:
            return Failed(str(error), self._index)
        finally:
            self._begin(IDLE)
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _answer(self, request: Request) -> Answer:
        match request:
            case Load():
                self._load(request)
                return Loaded(resident_bytes())
            case Unload(version=version):
                for session in self._versions.pop(version, ()):
                    session.close()
                return Loaded(resident_bytes())
            case Match(version=version, messages=messages):
                sessions = self._versions[version]
                matched = [self._match(index, message, sessions) for index, message in enumerate(messages)]
                return Matched(tuple(matched), resident_bytes())

    def _load(self, request: Load) -> None:
        if request.version in self._versions:
            return
        sessions = []
        for index, shard in enumerate(request.shards):
            self._begin(index)
            self._loads += 1  # part of a name: the engine compares names by hash, so every ruleset gets one of its own
            sessions.append(Session(f"r{self._loads}", shard.definition, shard.fields))
        self._versions[request.version] = sessions

    def _match(self, index: int, message: Sequence[str | None], sessions: Sequence[Session]) -> tuple[int, ...]:
        self._begin(index)
        return tuple(number for session in sessions for number in session.match(message))

    def _begin(self, index: int) -> None:
        self._index = index
        os.pwrite(self._progress_fd, index.to_bytes(PROGRESS_BYTES, "little"), 0)
        signal.setitimer(signal.ITIMER_REAL, self._alarm_s)


def resident_bytes() -> int:
    """0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
