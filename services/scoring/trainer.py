"""`python -m services.scoring.trainer`: one training that was begun, in a process of its own that is nice to others.

Settings are TANDEM_SCORING_*, those of the service. Exit 0: the training ended, however, and the store knows how.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import logging as log
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib import import_module

from services.scoring.adapters.lightgbm.training import MADE_WITH, LightGbmLearner
from services.scoring.adapters.model_files.shelf import FileShelf
from services.scoring.app.training_order import TrainingOrder
from services.scoring.app.training_run import TrainingRun, Workshop
from services.scoring.bootstrap import open_stores
from services.scoring.domain.models import Training, TrainingState
from services.scoring.domain.training.forest_learner import ForestLearner
from services.scoring.settings import ScoringSettings
from shared import logging
from shared.clock import Clock, system_clock
from shared.errors import StartupError, TandemError
from shared.settings import load

NICENESS = 10
PR_SET_PDEATHSIG = 1
SHELF = "trainings"
_log = log.getLogger("tandem.scoring")


async def open_workshop(settings: ScoringSettings, stack: AsyncExitStack, clock: Clock = system_clock) -> Workshop:
    """Everything that a training needs. Opens the store on the stack. Raises StartupError."""
    learner, made_with = _learner(settings.dask_scheduler)
    stores = await open_stores(settings, stack)
    return Workshop(
        stores.rewards,
        stores.feature_sets,
        stores.models,
        stores.trainings,
        FileShelf(settings.data_dir / SHELF),
        learner,
        made_with,
        clock,
    )


def _learner(dask_scheduler: str) -> tuple[ForestLearner, Mapping[str, str]]:
    """With what it is made with. Dask is optional, and imported where it is used."""
    if not dask_scheduler:
        return LightGbmLearner(), MADE_WITH
    try:
        on_dask = import_module("services.scoring.adapters.lightgbm.dask_training")
    except ImportError as failure:
        text = "training on Dask needs packages of the extra `dask`: pip install 'tandem-decisioning[dask]'"
        raise StartupError(f"{text} ({failure})") from failure
    return on_dask.DaskLearner(dask_scheduler), on_dask.DASK_MADE_WITH


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    given = _parser().parse_args(arguments)
    os.nice(NICENESS)
    if not _ends_with(given.parent):
        return 1
    try:
        settings = load(ScoringSettings)
        logging.configure(settings.log_level)
        order = TrainingOrder(given.objective, given.days, given.seed)
        asyncio.run(_train(settings, given.training_id, given.start_ms, order))
    except asyncio.CancelledError:
        return 0
    except (StartupError, TandemError) as failure:
        print(failure, file=sys.stderr)
        return 1
    except Exception:  # noqa: BLE001 - the top of a process
        _log.exception("a training failed")
        return 1
    return 0


async def _train(settings: ScoringSettings, training_id: str, start_ms: int, order: TrainingOrder) -> None:
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with AsyncExitStack() as stack:
        workshop = await open_workshop(settings, stack)
        training = Training(training_id, order.objective, TrainingState.RUNNING, start_ms, workshop.clock())
        await TrainingRun(workshop, training, order)()


def _ends_with(parent: int) -> bool:
    """SIGTERM comes when the parent dies (on Linux); False where it has died before this was said."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="services.scoring.trainer", description="Trains; started by the service.")
    for name in ("--training-id", "--objective"):
        parser.add_argument(name, required=True)
    for name in ("--start-ms", "--days", "--seed", "--parent"):
        parser.add_argument(name, required=True, type=int)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
