"""`tandem evaluate`: what policies are worth, and how good the models are, on a log of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from services.cli.failures import CommandFailed
from services.cli.logs import EXISTING, log_of
from services.cli.output import json_option, show, show_json, stderr_console
from services.cli.rendering.log_evaluation import (
    evaluation_document,
    evaluation_view,
    prequential_document,
    prequential_view,
)
from services.cli.rendering.texts import counted
from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.evaluation.log_evaluation import CannotTell
from services.scoring.domain.evaluation.log_evaluation import evaluate as evaluate_log
from services.scoring.domain.evaluation.prequential import Walk, prequential
from services.scoring.domain.logs.log import Log

SEED_RANGE = click.IntRange(0, 2**31 - 10_001)
_SHARE = click.FloatRange(0.0, 1.0, min_open=True, max_open=True)


@click.command()
@click.option("--log", "log_path", required=True, type=EXISTING, help="The log: CSV (also .gz) or Parquet.")
@click.option("--spec", "spec_path", required=True, type=EXISTING, help="What its columns mean (YAML).")
@click.option("--split", type=_SHARE, default=0.5, show_default=True, help="The share of rows that is learnt from.")
@click.option("--seed", type=SEED_RANGE, default=0, show_default=True, help="Of every random draw.")
@click.option("--prequential", "batch", type=click.IntRange(1), help="Predict so many rows, then learn them.")
@click.option("--window", type=click.IntRange(1), help="With --prequential: figures of every so many rows, too.")
@json_option
def evaluate(log_path: Path, spec_path: Path, *, as_json: bool, **options: Any) -> None:
    """Evaluate policies, and Tandem's own, on a log of decisions; or, with --prequential, the models.

    The log is in the order of its time column, else of the file. Policies: what was logged, a uniform choice, the
    best single action, Tandem, and each target of the spec; by replay, IPS, SNIPS, the direct method and doubly robust
    where they apply. The format: services/scoring/adapters/log_files/README.md.

    \b
      tandem evaluate --log visits.csv --spec visits.yaml
      tandem evaluate --log calls.parquet --spec calls.yaml --prequential 500 --window 5000 --json
    """
    if options["window"] and not options["batch"]:
        raise click.UsageError("--window goes with --prequential")
    log, _ = log_of(log_path, spec_path)
    if options["batch"]:
        _evaluate_models(log, options, as_json=as_json)
    else:
        _evaluate_policies(log, options, as_json=as_json)


def _evaluate_policies(log: Log, options: dict[str, Any], *, as_json: bool) -> None:
    try:
        found = evaluate_log(log, LightGbmLearner(), options["split"], options["seed"])
    except CannotTell as reason:
        raise CommandFailed("CANNOT_TELL", str(reason)) from None
    if as_json:
        show_json(evaluation_document(found, options["seed"]))
    else:
        show(evaluation_view(found))


def _evaluate_models(log: Log, options: dict[str, Any], *, as_json: bool) -> None:
    split = round(len(log) * options["split"])
    if not 1 <= split <= len(log) - 2:
        raise CommandFailed("CANNOT_TELL", f"the log has {counted(len(log), 'row')}: too few to learn from and test on")
    with Progress(console=stderr_console(), transient=True) as progress:
        task = progress.add_task("rows", total=len(log))
        walk = Walk(
            batch=options["batch"],
            split=split,
            window=options["window"] or 0,
            seed=options["seed"],
            told=lambda done: progress.update(task, completed=done),
        )
        found = prequential(log, LightGbmLearner(), walk)
    if as_json:
        show_json(prequential_document(found, len(log), options["batch"], options["seed"]))
    else:
        show(prequential_view(found))
