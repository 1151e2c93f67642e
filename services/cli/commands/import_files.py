"""`tandem import`: files of customers, of what they did and of what they permit."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import click

from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.failures import CommandFailed
from services.cli.importing.destinations import Destination, Server, embedded, holds_data
from services.cli.importing.files.opening import open_rows
from services.cli.importing.files.rows import FileRefused
from services.cli.importing.mapping import ImportMapping
from services.cli.importing.mapping_file import read_mapping, unknown_columns
from services.cli.importing.progress_file import fresh_progress, resumed
from services.cli.importing.rejects import RejectsFile
from services.cli.importing.reporting import Tally, reporting
from services.cli.importing.run import Import, Plan
from services.cli.option_types import OUTPUT_FILE
from services.cli.output import json_option, stderr_console
from services.cli.rendering.findings import lines_of
from services.orchestrator.domain.policy_parts import Finding

SOME_ROWS_REJECTED = 3

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--mapping", "mapping_path", required=True, type=_FILE, help="What the columns mean (YAML).")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Into this directory, no server.")
@click.option("--create", is_flag=True, help="Begin a --data-dir that holds no Tandem data yet.")
@click.option("--rejects", "rejects_path", type=OUTPUT_FILE, help="Rejected rows with their reasons, as JSON Lines.")
@click.option("--resume", "progress_path", type=OUTPUT_FILE, help="Keeps the progress here, and goes on from there.")
@click.option("--batch-size", type=click.IntRange(1, 1_000), default=500, show_default=True, help="Items per request.")
@click.option("--concurrency", type=click.IntRange(1, 32), default=2, show_default=True, help="Requests under way.")
@json_option
@connection_options
def import_files(files: tuple[Path, ...], *, as_json: bool, **options: Any) -> int:
    """Import FILES (CSV, JSON Lines, Parquet; also .gz) as the mapping says: events, traits, consents.

    A row that is broken or refused goes to the rejects, with its place and the reason; the rest goes on. Importing
    again changes nothing: what is there is recognised. Exits with 0 when all rows are in, with 3 when some were
    rejected, with 1 when the import had to stop, with 2 when nothing was tried: files and mapping do not fit.

    \b
      tandem import orders.csv.gz --mapping orders.yaml --rejects rejects.jsonl
      tandem import day1.jsonl day2.jsonl --mapping log.yaml --resume import.progress
      tandem import customers.parquet --mapping customers.yaml --data-dir .tandem
    """
    plan = _plan(files, options)
    _check_data_dir(options["data_dir"], may_create=options["create"])
    kept = {file.name: file.rows_done for file in plan.progress.files} if plan.progress.is_begun else {}
    rejects = RejectsFile(options["rejects_path"], kept)
    began_s = time.monotonic()
    tally = Tally()
    try:
        with reporting(stderr_console(), options["rejects_path"]) as report:

            async def into(destination: Destination) -> Tally:
                return await Import(plan, destination, rejects, report, tally).run()

            _import(into, options)
    finally:
        rejects.close()
        seconds = time.monotonic() - began_s
        _show(tally, seconds, as_json=as_json)
    return SOME_ROWS_REJECTED if tally.rejected or _had_rejects(options["rejects_path"]) else 0


def _import(into: Any, options: dict[str, Any]) -> None:
    if options["data_dir"] is not None:

        async def work() -> None:
            async with embedded(options["data_dir"]) as destination:
                await into(destination)

        asyncio.run(work())
        return
    connection = connection_from(options)

    async def talk(stubs: Stubs) -> Tally:
        result: Tally = await into(Server(stubs.profiles, connection.timeout_s))
        return result

    run(connection, talk)


def _check_data_dir(data_dir: Path | None, *, may_create: bool) -> None:
    """A directory that is misspelt would take everything in, and nobody would find it there."""
    if data_dir is None:
        if may_create:
            raise click.UsageError("--create goes with --data-dir")
    elif not may_create and not holds_data(data_dir):
        text = f"{data_dir} holds no Tandem data: is it the right directory? With --create, it begins to"
        raise CommandFailed("NO_TANDEM_DATA", text, exit_code=2)


def _plan(files: tuple[Path, ...], options: dict[str, Any]) -> Plan:
    """Raises CommandFailed, before anything is sent, where a file or the mapping cannot be used."""
    mapping_path: Path = options["mapping_path"]
    content = mapping_path.read_bytes()
    mapping, findings = read_mapping(str(mapping_path), content)
    _refuse(findings, mapping_path)
    assert mapping is not None, "a mapping without findings"
    problems = _problems(files, mapping)
    for line in dict.fromkeys(problems):
        click.echo(line, err=True)
    if problems:
        raise CommandFailed("IMPORT_REFUSED", "nothing was imported: files and mapping do not fit", exit_code=2)
    progress = fresh_progress(files, content)
    if options["progress_path"] is not None:
        progress = resumed(options["progress_path"], progress)
    return Plan(files, mapping, options["batch_size"], options["concurrency"], progress, options["progress_path"])


def _refuse(findings: tuple[Finding, ...], mapping_path: Path) -> None:
    for line in lines_of(findings):
        click.echo(line, err=True)
    if any(finding.is_error for finding in findings):
        raise CommandFailed("MAPPING_INVALID", f"{mapping_path} is no mapping: see above", exit_code=2)


def _problems(files: tuple[Path, ...], mapping: ImportMapping) -> list[str]:
    problems = []
    for path in files:
        try:
            file = open_rows(path, mapping)
        except FileRefused as refused:
            problems.append(str(refused))
            continue
        file.close()
        if file.columns is not None:
            strangers = lines_of(unknown_columns(mapping, file.columns))
            problems += [f"{line} in {path}" for line in strangers]
    return problems


def _had_rejects(rejects_path: Path | None) -> bool:
    """Also of the part of an import that was done before."""
    return rejects_path is not None and rejects_path.stat().st_size > 0


def _show(tally: Tally, seconds: float, *, as_json: bool) -> None:
    click.echo(json.dumps(tally.document(seconds)) if as_json else tally.text(seconds))
