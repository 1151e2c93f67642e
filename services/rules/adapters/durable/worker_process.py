"""One worker, seen from its parent: asked one request at a time, and killed when it does not come forward."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.rules.adapters.durable.options import DurableOptions
from services.rules.durable_worker.wire import (
    ANSWERS,
    IDLE,
    LENGTH_BYTES,
    PROGRESS_BYTES,
    Answer,
    Failed,
    Load,
    Loaded,
    Request,
    Unload,
    framed,
)

_ROOT = Path(__file__).parents[4]
_MODULE = "services.rules.durable_worker"
_FIRST_PATIENCE_S = 20.0
"""For the first answer: an interpreter starts slowly on a busy machine."""
_KILLED_BY_OTHERS = {-signal.SIGKILL, -signal.SIGTERM}


@dataclass(slots=True)
class WorkerDied(Exception):
    """`index` is that of the message (of a Load: the shard) it worked on, None where it worked on none.

    `is_blamed`: the work ended it (a crash, a hang, an error of the engine), not somebody's signal.
    """

    cause: str
    index: int | None
    is_blamed: bool


class WorkerProcess:
    """`loaded`: the versions it holds. `rss_bytes`: its memory after it changed those last."""

    def __init__(self, process: asyncio.subprocess.Process, progress: BinaryIO, options: DurableOptions) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout
        self._progress = progress
        self._deadline_s = options.deadline_s
        self._patience_s = max(_FIRST_PATIENCE_S, options.deadline_s)
        self._is_late = False
        self.loaded: set[str] = set()
        self.rss_bytes = 0

    @classmethod
    async def start(cls, options: DurableOptions) -> WorkerProcess:
        # Without our environment, which holds secrets. The worker's own alarm is the later one: it is for orphans.
        progress = tempfile.TemporaryFile()  # noqa: SIM115 closed with the worker
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _MODULE),
            *(str(progress.fileno()), str(options.memory_bytes), str(3 * options.deadline_s)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(progress.fileno(),),
            cwd=_ROOT,
            env={},
        )
        return cls(process, progress, options)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, request: Request) -> Answer:
        """Raises WorkerDied, also when the engine failed. Cancelled, it leaves a worker that must be closed."""
        try:
            self._requests.write(framed(request))
            length = await self._read(LENGTH_BYTES)
            answer = ANSWERS.decode(await self._read(int.from_bytes(length, "big")))
        except (asyncio.IncompleteReadError, OSError):
            raise await self._death() from None
        if isinstance(answer, Failed):
            await self.close()
            raise WorkerDied("engine_error", answer.index, is_blamed=True)
        self._patience_s = self._deadline_s
        return answer

    async def load(self, load: Load) -> None:
        """Raises WorkerDied."""
        await self._change(load)
        self.loaded.add(load.version)

    async def unload(self, version: str) -> None:
        """Raises WorkerDied."""
        await self._change(Unload(version))
        self.loaded.discard(version)

    async def close(self) -> None:
        """Ends it now."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        self._requests.close()
        self._progress.close()

    async def _change(self, request: Load | Unload) -> None:
        answer = await self.ask(request)
        assert isinstance(answer, Loaded)
        self.rss_bytes = answer.rss_bytes

    async def _read(self, size: int) -> bytes:
        """Waits as long as the worker comes forward: no message may take two deadlines."""
        seen = -1
        while True:
            try:
                async with asyncio.timeout(self._patience_s):
                    return await self._answers.readexactly(size)
            except TimeoutError:
                now_at = self._index()
                if now_at == seen:
                    self._is_late = True
                    self._process.kill()
                seen = now_at

    async def _death(self) -> WorkerDied:
        code = await self._process.wait()
        at = self._index()
        index = None if at == IDLE else at
        await self.close()
        if self._is_late or code == -signal.SIGALRM:
            return WorkerDied("hang", index, is_blamed=True)
        if code in _KILLED_BY_OTHERS:
            return WorkerDied("killed", index, is_blamed=False)
        return WorkerDied("crash", index, is_blamed=True)

    def _index(self) -> int:
        content = os.pread(self._progress.fileno(), PROGRESS_BYTES, 0)
        return int.from_bytes(content, "little") if content else IDLE
