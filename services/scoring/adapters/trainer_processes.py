"""Trainings as child processes: niced, with a connection of their own to the store.

They end with this process: what they did is kept, and the next training goes on from there. Rejected: leaving them
behind, which nobody could stop then, and which a container would not allow anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace

from services.scoring.app.ports import TrainingStore
from services.scoring.app.training_order import TrainingOrder
from services.scoring.domain.models import Training, TrainingState
from shared.clock import Clock
from shared.errors import TandemError

MODULE = "services.scoring.trainer"
CLOSE_SECONDS = 5.0
_RECENT = 20
_log = logging.getLogger("tandem.scoring")


class TrainerProcesses:
    """Implements Trainers."""

    def __init__(self, environment: Mapping[str, str], trainings: TrainingStore, clock: Clock) -> None:
        self._environment = environment
        self._trainings = trainings
        self._clock = clock
        self._watched: dict[asyncio.Task[None], asyncio.subprocess.Process] = {}

    async def start(self, training: Training, order: TrainingOrder) -> None:
        # In a session of its own: Ctrl-C is this process's to answer.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", MODULE),
            *("--training-id", training.training_id, "--start-ms", str(training.start_ms)),
            *("--objective", order.objective, "--days", str(order.days), "--seed", str(order.seed)),
            *("--parent", str(os.getpid())),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        watch = asyncio.create_task(self._watch(process, training), name=f"watch-{training.training_id}")
        self._watched[watch] = process
        watch.add_done_callback(self._watched.pop)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of those that run."""
        return tuple(process.pid for process in self._watched.values())

    async def close(self) -> None:
        """Ends them. The store is still needed for it."""
        watched = dict(self._watched)
        for process in watched.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        if not watched:
            return
        _, late = await asyncio.wait(watched, timeout=CLOSE_SECONDS)
        for watch in late:
            with contextlib.suppress(ProcessLookupError):
                watched[watch].kill()
        if late:
            await asyncio.wait(late, timeout=CLOSE_SECONDS)

    async def _watch(self, process: asyncio.subprocess.Process, training: Training) -> None:
        """A process that could not say how it ended is FAILED at once, not only when its last word is stale."""
        code = await process.wait()
        try:
            known = await self._trainings.trainings(training.objective, _RECENT)
            left = next((each for each in known if each.training_id == training.training_id), training)
            if left.state is TrainingState.RUNNING:
                ended = replace(left, state=TrainingState.FAILED, end_ms=self._clock(), message=_epitaph(code))
                await self._trainings.say(ended)
        except TandemError as failure:
            _log.warning("a training's end is not known", extra={"fields": {"cause": str(failure)}})


def _epitaph(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ": out of memory, or somebody's command" if -code == signal.SIGKILL else ""
    return f"its process was ended by {name}{hint}"
