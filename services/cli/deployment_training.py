"""Training from the log of a deployment: in this process, on its store, or by its server, which is followed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import click
from rich.progress import Progress as Bar
from tandem.scoring.v1 import model_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.cli.connection import Connection, Stubs, run
from services.cli.failures import CommandFailed
from services.cli.output import show_json, stderr_console
from services.cli.processes.plans import PORTS
from services.cli.rendering.texts import counted
from services.local.settings import LocalSettings, stored_like
from services.scoring.adapters.sqlite_tables import FILE_NAME
from services.scoring.app.objectives import Objectives
from services.scoring.app.train import begun, check_order
from services.scoring.app.training_order import TrainingOrder
from services.scoring.app.training_run import TrainingRun
from services.scoring.domain.models import LATER_ROWS, LATER_ROWS_SHARED, ModelRecord, Training, TrainingState
from services.scoring.domain.training.forest_learner import Progress
from services.scoring.domain.trainings import LEASE_MS
from services.scoring.settings import ScoringSettings
from services.scoring.trainer import open_workshop
from shared.errors import StartupError
from shared.ids import new_id
from shared.rpc.channel import call
from shared.settings import SettingsError, StoreKind, load

FOLLOW_SECONDS = 0.5
_MODEL = ("rows", "positives", "trees", "learns_after", "trained_through")

Document = dict[str, Any]


def train_here(order: TrainingOrder, dask_scheduler: str = "") -> Document:
    """On the workers of a Dask cluster, if one is named. Raises CommandFailed, and what a store raises."""
    settings = _settings()
    if dask_scheduler:
        settings = settings.model_copy(update={"dask_scheduler": dask_scheduler})
    if settings.store is StoreKind.SQLITE and not (settings.data_dir / FILE_NAME).exists():
        text = f"no deployment keeps its state in {settings.data_dir}: name the folder, as for `tandem serve`"
        raise CommandFailed("STORE_NOT_FOUND", text)
    with _bar() as bar:
        return asyncio.run(_train_here(settings, order, bar))


def train_remotely(order: TrainingOrder, connection: Connection) -> Document:
    """The server goes on where this is interrupted. Raises CommandFailed, and what the server raises."""
    with _bar() as bar:
        return run(connection, lambda stubs: _follow(stubs, order, connection.timeout_s, _shows(bar)))


def show_trained(document: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(document)
        return
    kind = f"a forest of {counted(document['trees'], 'tree')}" if document["trees"] else document["message"]
    shown = counted(document["rows"], "presentation")
    click.echo(f"{document['model_id']}: {kind}; {shown}, {document['positives']:,} positive")
    metrics = document["metrics"]
    click.echo(
        f"{_reported_on(document['lineage'])}: log loss {metrics['log_loss']:.5f}, of the rate alone "
        f"{metrics['base_log_loss']:.5f}"
    )


def _reported_on(lineage: Mapping[str, str]) -> str:
    """Which rows the figures are of: those of a test, or not quite."""
    known = lineage.get("rows_that_report")
    count = "later presentations" if known is None else f"the last {counted(int(known), 'presentation')}"
    if lineage.get(LATER_ROWS) == LATER_ROWS_SHARED:
        return f"{count}, too few to be a test: they also said when to stop and calibrated it, so this is optimistic"
    return f"{count}, which nothing was learnt from"


async def _train_here(settings: ScoringSettings, order: TrainingOrder, bar: Bar) -> Document:
    try:
        async with AsyncExitStack() as stack:
            workshop = await open_workshop(settings, stack)
            check_order(order)
            await Objectives(workshop.feature_sets).require(order.objective)
            training = begun(order, workshop.clock())
            under_way = await workshop.trainings.begin(new_id("req"), training, training.start_ms - LEASE_MS)
            if under_way.training_id != training.training_id:
                raise CommandFailed("TRAINING_UNDER_WAY", _under_way(under_way))
            shows = _shows(bar)
            ended = await TrainingRun(workshop, training, order, _told(shows))()
            _require_success(ended.state is TrainingState.SUCCEEDED, ended.message)
            record = await workshop.models.get(ended.model_id)
            assert record is not None, "what was trained is in the registry"
            return _document(ended, record)
    except StartupError as failure:
        raise CommandFailed("STORE_UNAVAILABLE", str(failure)) from failure


async def _follow(stubs: Stubs, order: TrainingOrder, timeout_s: float, shows: Callable[[int], None]) -> Document:
    request = pb.TrainModelRequest(
        request_id=new_id("req"), objective=order.objective, days=order.days, seed=order.seed
    )
    training = (await call(stubs.scoring.TrainModel, request, timeout_s=timeout_s)).training
    began = f"{training.start_time.ToDatetime():%Y-%m-%d %H:%M:%S}"
    click.echo(f"following {training.training_id}, which began at {began} UTC", err=True)
    while training.state == model_pb2.Training.STATE_RUNNING:
        shows(training.rounds)
        await asyncio.sleep(FOLLOW_SECONDS)
        listed = await call(
            stubs.scoring.ListModels, pb.ListModelsRequest(objective=order.objective), timeout_s=timeout_s
        )
        training = next((each for each in listed.trainings if each.training_id == training.training_id), training)
    _require_success(training.state == model_pb2.Training.STATE_SUCCEEDED, training.message)
    got = await call(stubs.scoring.GetModel, pb.GetModelRequest(model_id=training.model_id), timeout_s=timeout_s)
    return _document(training, got.model)


def _document(training: Training | model_pb2.Training, model: ModelRecord | model_pb2.Model) -> Document:
    """Ours and the contract's have the same names."""
    return {
        "training_id": training.training_id,
        "objective": training.objective,
        "model_id": training.model_id,
        "message": training.message,
        **{name: getattr(model, name) for name in _MODEL},
        "metrics": dict(model.metrics),
        "lineage": dict(model.lineage),
    }


def _require_success(succeeded: bool, message: str) -> None:
    if not succeeded:
        raise CommandFailed("TRAINING_FAILED", message)


def _under_way(training: Training) -> str:
    return (
        f"{training.training_id} of {training.objective!r} is under way elsewhere: follow it with --remote; "
        f"where its process died, it is given up {LEASE_MS // 1000} s after its last word"
    )


def _bar() -> Bar:
    console = stderr_console()
    return Bar(console=console, transient=True, disable=not console.is_terminal)


def _shows(bar: Bar) -> Callable[[int], None]:
    task = bar.add_task("reading the log", total=None)

    def show(rounds: int) -> None:
        if rounds:
            bar.update(task, description=f"round {rounds}", completed=rounds)

    return show


def _told(shows: Callable[[int], None]) -> Callable[[Progress], None]:
    return lambda progress: shows(progress.rounds)


def _settings() -> ScoringSettings:
    """Of the services apart where any of theirs is set, else of the one process."""
    try:
        if any(name.upper().startswith(f"TANDEM_{service}_".upper()) for name in os.environ for service in PORTS):
            return load(ScoringSettings)
        return stored_like(ScoringSettings, "scoring", load(LocalSettings))
    except SettingsError as error:
        raise CommandFailed("SETTINGS_INVALID", "; ".join(str(error).splitlines()), exit_code=2) from error
