"""`tandem decide-all`: one decision for everybody in an audience, as a file for channel connectors."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import click
from rich.table import Table
from tandem.orchestrator.v1.batch_pb2 import BatchDecideRequest, BatchDecideResponse
from tandem.orchestrator.v1.decision_pb2 import DecideRequest

from services.cli.arguments import parse_attribute, parse_placement
from services.cli.audience.crew import Crew, OwnCrew
from services.cli.audience.parts import Parts
from services.cli.audience.progress import AudienceProgress, load
from services.cli.audience.run import PAGE, AudienceRun, Campaign
from services.cli.connection import Connection, Stubs, connection_from, connection_options, run
from services.cli.failures import CommandFailed
from services.cli.option_types import OUTPUT_FILE, Parsed
from services.cli.output import json_option, show
from shared.rpc.channel import call, call_stream

SEARCH_SECONDS = 3_600.0
BATCH_SECONDS = 60.0


@click.command("decide-all")
@click.option("--segment", required=True, help="Whom: a condition, as of `tandem search`; 'true' is everybody.")
@click.option("--out", "out_path", type=OUTPUT_FILE, help="The Parquet file to write.")
@click.option("--campaign", default="", help="Its name: a person gets one decision of a campaign, whoever asks.")
@click.option("--direction", type=click.Choice(["inbound", "outbound"]), default="outbound", show_default=True)
@click.option("--channel", "channels", multiple=True, help="Where; default any of the direction.")
@click.option("--placement", "placements", multiple=True, type=Parsed(parse_placement, "ID[:COUNT]"), help="Slot.")
@click.option("--context", multiple=True, type=Parsed(parse_attribute, "NAME=JSON"), help="Of the moment.")
@click.option("--locale", default="", help="For instance fr; default the policy's.")
@click.option("--mode", type=click.Choice(["execute", "prefetch", "simulate"]), default="execute", show_default=True)
@click.option("--batch-size", type=click.IntRange(1, 500), default=200, show_default=True, help="Persons per request.")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Requests at the same time.")
@click.option("--part-size", type=click.IntRange(1), default=PAGE, show_default=True, help="Persons between two notes.")
@click.option("--scheduler", default="", help="A Dask scheduler whose workers ask, tcp://host:8786.")
@json_option
@connection_options
def decide_all(*, as_json: bool, **options: Any) -> None:
    """Decide for everybody in a segment, and write what channels need to a file: one row per person and placement.

    Interrupted or killed, the same command goes on where it was: nobody is decided for twice, and nobody is left out.
    With --mode simulate nothing is left behind but the counts, and the file if one is named.

    \b
      tandem decide-all --segment 'tier == "gold"' --campaign gold_autumn --channel email --out gold.parquet
      tandem decide-all --segment true --mode simulate
      tandem decide-all --segment true --campaign autumn --out all.parquet --scheduler tcp://10.0.0.1:8786
    """
    connection, campaign = _patient(connection_from(options)), _campaign(options)
    parts = None if options["out_path"] is None else Parts(options["out_path"])
    progress = AudienceProgress(campaign.fingerprint)
    if parts is not None:
        parts.prepare()
        progress = load(parts.folder, campaign.fingerprint)
    report = _Report(progress)

    async def talk(stubs: Stubs) -> int:
        async with _crew(options, connection, stubs) as crew:
            audience = AudienceRun(campaign, lambda request: _search(stubs, request), crew, parts, report)
            return await audience.run(progress, options["part_size"])

    try:
        rows = run(connection, talk)
    except KeyboardInterrupt:
        click.echo("interrupted: the same command goes on from here", err=True)
        raise
    _show(progress, rows, as_json=as_json)


def _campaign(options: dict[str, Any]) -> Campaign:
    is_simulated = options["mode"] == "simulate"
    if not is_simulated and not (options["campaign"] and options["out_path"]):
        raise click.UsageError("--campaign and --out are needed, unless --mode is simulate")
    request = DecideRequest(
        direction=f"DIRECTION_{options['direction'].upper()}",
        channels=options["channels"],
        placements=list(options["placements"]),
        context=dict(options["context"]),
        locale=options["locale"],
        mode=f"DECISION_MODE_{options['mode'].upper()}",
        campaign_id=options["campaign"],
    )
    return Campaign(options["segment"], request)


def _patient(connection: Connection) -> Connection:
    """A batch takes longer than one decision."""
    timeout_s = max(connection.timeout_s, BATCH_SECONDS)
    return Connection(connection.target, connection.profile_target, connection.token, connection.tls, timeout_s)


def _search(stubs: Stubs, request: Any) -> Any:
    return call_stream(stubs.profiles.SearchProfiles, request, timeout_s=SEARCH_SECONDS)


@asynccontextmanager
async def _crew(options: dict[str, Any], connection: Connection, stubs: Stubs) -> AsyncIterator[Crew]:
    if not options["scheduler"]:

        async def send(request: BatchDecideRequest) -> BatchDecideResponse:
            return await call(stubs.orchestrator.BatchDecide, request, timeout_s=connection.timeout_s)

        yield OwnCrew(send, options["batch_size"], options["jobs"])
        return
    try:
        on_dask = import_module("services.cli.audience.dask_crew")
    except ImportError as failure:
        text = f"--scheduler needs packages of the extra `dask`: pip install 'tandem-decisioning[dask]' ({failure})"
        raise CommandFailed("DASK_MISSING", text) from failure
    async with on_dask.dask_crew(options["scheduler"], connection, options["batch_size"]) as crew:
        yield crew


class _Report:
    """How far it is, on stderr, after every page."""

    def __init__(self, progress: AudienceProgress) -> None:
        self._began, self._before = time.monotonic(), progress.subjects
        if progress.subjects:
            click.echo(f"goes on behind {progress.subjects:,} persons", err=True)

    def __call__(self, progress: AudienceProgress) -> None:
        seconds = max(time.monotonic() - self._began, 1e-3)
        rate = (progress.subjects - self._before) / seconds
        click.echo(f"{progress.subjects:,} persons decided for, {rate:,.0f} a second", err=True)


def _show(progress: AudienceProgress, rows: int, *, as_json: bool) -> None:
    if as_json:
        told = {"subjects": progress.subjects, "gone": progress.gone, "rows": rows, "results": progress.results}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("result")
    table.add_column("rows", justify="right")
    for result, count in sorted(progress.results.items(), key=lambda each: (-each[1], each[0])):
        table.add_row(result, f"{count:,}")
    show(table)
    gone = f", {progress.gone:,} gone meanwhile" if progress.gone else ""
    click.echo(f"{progress.subjects:,} persons{gone}, {rows:,} rows in the file", err=True)
