"""`tandem score`: what a trained model says of every row and action of a file."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from rich.progress import Progress

from services.cli.failures import CommandFailed
from services.cli.logs import EXISTING, refusing
from services.cli.option_types import OUTPUT_FILE
from services.cli.output import json_option, show_json, stderr_console
from services.cli.rendering.texts import counted
from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.adapters.log_files.csv_columns import delimiter_in
from services.scoring.adapters.log_files.log_file import Wanted, read_rows
from services.scoring.adapters.log_files.parquet_columns import require_pyarrow, write_parquet
from services.scoring.adapters.model_files.folder import StoredModel, read_model
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.online_layer import moments

BATCH_CELLS = 500_000
MAX_CELLS = 10**8
"""Rows times actions that are held in memory."""

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--model", "folder", required=True, type=_FOLDER, help="What `tandem train` wrote.")
@click.option("--file", "path", required=True, type=EXISTING, help="Rows with the features: CSV (also .gz), Parquet.")
@click.option("--out", required=True, type=OUTPUT_FILE, help="Parquet: row, action, propensity, uncertainty.")
@click.option(
    "--delimiter", default="", help="Of a CSV file, or `tab`; default that of the log, or found by the header."
)
@json_option
def score(folder: Path, path: Path, out: Path, *, delimiter: str, as_json: bool) -> None:
    """Score every row of a file with every action of a model.

    Rows count from 0, in the order of the file. The uncertainty is the standard deviation of the propensity.

    \b
      tandem score --model models/visits --file customers.csv --out scores.parquet
    """
    chosen = delimiter_in(delimiter) if delimiter else ""
    if chosen is None:
        raise click.BadParameter('must be one character, such as ";", or tab', param_hint="--delimiter")
    with refusing("MODEL_REFUSED", str(folder)):
        require_pyarrow()
        stored = read_model(folder, LightGbmLearner())
    with refusing("FILE_INVALID", str(path)):
        log = read_rows(path, _wanted(stored), chosen, stored.manifest.delimiter)
    if len(log) * len(log.actions) > MAX_CELLS:
        text = f"{len(log):,} rows of {len(log.actions):,} actions are more than fit into memory: split the file"
        raise CommandFailed("FILE_TOO_LARGE", text)
    propensity, uncertainty = _scored(stored, log)
    with refusing("OUTPUT_REFUSED", str(out)):
        columns = {
            "row": np.repeat(np.arange(len(log)), len(log.actions)),
            "action": list(log.actions) * len(log),
            "propensity": propensity,
            "uncertainty": uncertainty,
        }
        write_parquet(out, columns)
    if as_json:
        show_json({"model_id": stored.manifest.model_id, "rows": len(log), "scores": propensity.size, "file": str(out)})
    else:
        counts = f"{counted(propensity.size, 'score')} of {counted(len(log), 'row')}"
        click.echo(f"{counts} by {stored.manifest.model_id} in {out}")


def _wanted(stored: StoredModel) -> Wanted:
    manifest = stored.manifest
    return Wanted(stored.model.base.encoder.features, manifest.position, manifest.actions)


def _scored(stored: StoredModel, log: Log) -> tuple[np.ndarray, np.ndarray]:
    """float64[N × K] each, the actions of a row together."""
    parts = []
    step = max(BATCH_CELLS // len(log.actions), 1)
    with Progress(console=stderr_console(), transient=True) as progress:
        task = progress.add_task("rows", total=len(log))
        for start in range(0, len(log), step):
            batch = log.take(slice(start, start + step))
            mean, deviation = moments(stored.model.beliefs(batch))
            parts.append((mean.ravel(), deviation.ravel()))
            progress.update(task, completed=start + len(batch))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
