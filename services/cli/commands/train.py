"""`tandem train`: a model from a log of one's own, outside of any server, or from the log of a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress as Bar

from services.cli.commands.evaluate import SEED_RANGE
from services.cli.connection import connection_from, connection_options
from services.cli.deployment_training import show_trained, train_here, train_remotely
from services.cli.failures import CommandFailed
from services.cli.logs import EXISTING, log_of, refusing
from services.cli.output import json_option, show_json, stderr_console
from services.cli.rendering.log_evaluation import finite
from services.cli.rendering.texts import counted
from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.adapters.model_files.folder import Manifest, write_model
from services.scoring.adapters.model_files.progress import (
    check_folder,
    read_progress,
    remove_progress,
    training_key,
    write_progress,
)
from services.scoring.app.train import MAX_DAYS
from services.scoring.app.training_order import TrainingOrder
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.forest_learner import Course, Progress
from services.scoring.domain.training.held_out import held_out_metrics
from services.scoring.domain.training.tandem_model import TandemModel, learn_model

LEAST_ROWS = 10


@click.command()
@click.option("--log", "log_path", type=EXISTING, help="The log: CSV (also .gz) or Parquet.")
@click.option("--spec", "spec_path", type=EXISTING, help="What its columns mean (YAML).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A new directory.")
@click.option("--objective", help="In place of a log: what this deployment is to predict, such as success.")
@click.option("--days", type=click.IntRange(0, MAX_DAYS), default=0, help="Only presentations of the last so many.")
@click.option("--remote", is_flag=True, help="With --objective: the server trains, and this command follows it.")
@click.option("--dask", "dask_scheduler", default="", help="With --objective: use this Dask cluster, tcp://HOST:PORT.")
@click.option("--seed", type=SEED_RANGE, default=0, show_default=True, help="Of every random draw.")
@json_option
@connection_options
def train(
    log_path: Path | None,
    spec_path: Path | None,
    out: Path | None,
    *,
    objective: str | None,
    days: int,
    remote: bool,
    dask_scheduler: str,
    seed: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Train a model on a log: P(reward | shown, features), calibrated on its later rows.

    What is done is kept: after Ctrl-C, the same command goes on from there.

    With --objective the log is the deployment's own, found by its settings (TANDEM_... or TANDEM_SCORING_..., as for
    `serve`), and the model goes into its registry, where it is not used before it is activated.

    \b
      tandem train --log visits.csv --spec visits.yaml --out models/visits
      tandem score --model models/visits --file customers.csv --out scores.parquet
      tandem train --objective success
      tandem train --objective success --remote --target 127.0.0.1:50051
    """
    if objective is None:
        if remote or days or dask_scheduler:
            raise click.UsageError("--remote, --days and --dask go with --objective")
        if log_path is None or spec_path is None or out is None:
            raise click.UsageError("--log, --spec and --out are needed, or --objective in their place")
        _train_on_log(log_path, spec_path, out, seed=seed, as_json=as_json)
    elif log_path or spec_path or out:
        raise click.UsageError("--objective trains from the deployment's own log: it takes no --log, --spec or --out")
    elif remote and dask_scheduler:
        raise click.UsageError("--dask is for a training here; a server has TANDEM_SCORING_DASK_SCHEDULER")
    else:
        order = TrainingOrder(objective, days, seed)
        document = train_remotely(order, connection_from(options)) if remote else train_here(order, dask_scheduler)
        show_trained(document, as_json=as_json)


def _train_on_log(log_path: Path, spec_path: Path, out: Path, *, seed: int, as_json: bool) -> None:
    with refusing("MODEL_REFUSED", str(out)):
        check_folder(out)
    log, spec = log_of(log_path, spec_path)
    if len(log) < LEAST_ROWS:
        raise CommandFailed("CANNOT_TELL", f"the log has {counted(len(log), 'row')}: at least {LEAST_ROWS} are needed")
    key = training_key(log_path, spec_path, seed)
    with refusing("MODEL_REFUSED", str(out)):
        out.mkdir(parents=True, exist_ok=True)
        model = _learnt(log, out, key, seed)
        facts = {"data": _data(log, key, seed), "metrics": held_out_metrics(log, model)}
        manifest = write_model(out, model, log.actions, facts, spec.delimiter)
        remove_progress(out)
    _show(manifest, model, out, as_json=as_json)


def _learnt(log: Log, out: Path, key: str, seed: int) -> TandemModel:
    done = read_progress(out, key)
    console = stderr_console()
    if done is not None:
        console.print(f"going on after {done.rounds} rounds that were done before")
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("rounds at most", total=None)

        def told(progress: Progress) -> None:
            write_progress(out, key, progress)
            text = f"round {progress.rounds}, held-out log loss {progress.loss:.5f} (best: {progress.best_round})"
            bar.update(task, description=text, total=progress.wanted_rounds, completed=progress.rounds)

        return learn_model(log, LightGbmLearner(), seed, Course(done, told))


def _data(log: Log, key: str, seed: int) -> dict[str, Any]:
    window = None if log.time_ms is None else [int(log.time_ms[0]), int(log.time_ms[-1])]
    low, high = log.reward_range
    return {
        "rows": len(log),
        "positives": log.positives,
        "window_ms": window,
        "reward_range": [low, high],
        "sources_sha256": key,
        "seed": seed,
    }


def _show(manifest: Manifest, model: TandemModel, out: Path, *, as_json: bool) -> None:
    base = manifest.metrics["base"]
    document = {
        "model_id": manifest.model_id,
        "directory": str(out),
        "base_rounds": model.base.rounds,
        "calibration": manifest.calibration.method,
        "metrics": {name: finite(figures) for name, figures in manifest.metrics.items()},
    }
    if as_json:
        show_json(document)
        return
    kind = f"a forest of {counted(model.base.rounds, 'tree')}, calibration: {manifest.calibration.method}"
    click.echo(f"{manifest.model_id} in {out}: {kind if model.base.rounds else 'no forest is better than the rate'}")
    click.echo(f"the last {counted(base['rows'], 'row')}", nl=False)
    if model.base.rounds:
        click.echo(", no test: they also said when to stop and calibrated it, so this is optimistic", nl=False)
    click.echo(f": log loss {base['log_loss']:.5f}, of the rate alone {manifest.metrics['rate']['log_loss']:.5f}")
