"""`tandem conversions import`: orders and returns from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.conversions.rows import COLUMNS, Reading
from services.cli.conversions.run import ANY_COLUMNS, ConversionImport, ConversionTally
from services.cli.failures import CommandFailed
from services.cli.importing.files.opening import open_rows
from services.cli.importing.files.rows import FileRefused
from services.cli.importing.progress_file import fresh_progress, resumed
from services.cli.importing.rejects import Reject, RejectsFile
from services.cli.importing.reporting import SHOWN_REJECTS
from services.cli.option_types import OUTPUT_FILE
from services.cli.output import json_option
from shared.rpc.channel import call

SOME_REJECTED = 3
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--identity", "identities", multiple=True, help="A column that names the person: crm=customer_id.")
@click.option("--currency", default="", help="Of prices in rows without a column `currency`: EUR.")
@click.option("--rejects", "rejects_path", type=OUTPUT_FILE, help="Rejected ones with their reasons, as JSON Lines.")
@click.option("--resume", "progress_path", type=OUTPUT_FILE, help="Keeps the progress here, and goes on from there.")
@click.option("--batch-size", type=click.IntRange(1, 1_000), default=500, show_default=True, help="Per request.")
@json_option
@connection_options
def import_conversions(file: Path, *, as_json: bool, **options: Any) -> int:
    """Import the conversions in FILE (CSV, JSON Lines, Parquet; also .gz).

    \b
    Columns: conversion_id, occurred_time, subject (crm:1007), order_id, sku, quantity, net_price, margin, currency,
    store_id, coupon_code, reverses_conversion_id. One row per line of an order: rows that follow each other under one
    conversion_id are one conversion. In JSON Lines and Parquet also one row with all `lines`.

    A conversion that is broken or refused goes to the rejects whole, with the place and the reason; the rest goes on.
    Importing again changes nothing. Exits with 0 when all are in, with 3 when some were rejected.

    \b
      tandem conversions import orders.csv --identity crm=customer_id --currency EUR
      tandem conversions import orders.parquet --rejects rejects.jsonl --resume orders.progress
    """
    reading = Reading(dict(_identity(each) for each in options["identities"]), options["currency"])
    _check(file, reading)
    settings = json.dumps([options["identities"], options["currency"]]).encode()
    progress = fresh_progress((file,), settings)
    if options["progress_path"] is not None:
        progress = resumed(options["progress_path"], progress)
    kept = {each.name: each.rows_done for each in progress.files} if progress.is_begun else {}
    rejects = RejectsFile(options["rejects_path"], kept)
    connection = connection_from(options)
    tally = ConversionTally()

    async def talk(stubs: Stubs) -> ConversionTally:
        async def send(request: Any) -> Any:
            return await call(stubs.orchestrator.RecordConversions, request, timeout_s=connection.timeout_s)

        whole = ConversionImport(
            file, reading, send, rejects, _Shown(), progress, options["progress_path"], options["batch_size"], tally
        )
        return await whole.run()

    try:
        run(connection, talk)
    finally:
        rejects.close()
        click.echo(json.dumps(tally.document()) if as_json else tally.text())
    return SOME_REJECTED if tally.rejected else 0


class _Shown:
    """The first rejects, so that a mistake is seen at once."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, reject: Reject) -> None:
        self._count += 1
        if self._count <= SHOWN_REJECTS:
            click.echo(f"rejected: {reject}", err=True)
        elif self._count == SHOWN_REJECTS + 1:
            click.echo("rejected: more; --rejects FILE keeps them all", err=True)


def _identity(text: str) -> tuple[str, str]:
    namespace, equals, column = text.partition("=")
    if not (namespace and equals and column):
        raise click.UsageError(f"--identity {text!r} is not of the form namespace=column")
    return column, namespace


def _check(path: Path, reading: Reading) -> None:
    """Raises CommandFailed, before anything is sent, where the file cannot be used."""
    try:
        file = open_rows(path, ANY_COLUMNS)
    except FileRefused as refused:
        raise CommandFailed("IMPORT_REFUSED", str(refused), exit_code=2) from refused
    file.close()
    if file.columns is None:
        return
    needed = ["conversion_id", "occurred_time", *reading.identities]
    if missing := [name for name in needed if name not in file.columns]:
        text = f"{path} has no column {missing[0]!r}: it has {', '.join(file.columns)}"
        raise CommandFailed("IMPORT_REFUSED", text, exit_code=2)
    if strangers := [name for name in file.columns if name not in COLUMNS and name not in reading.identities]:
        click.echo(f"warning: nothing reads the columns {', '.join(strangers)}", err=True)
