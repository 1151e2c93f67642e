"""`tandem demo`: the main job on real visits, and what it was worth."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from services.cli.demo.run import Place, load_visits, run
from services.cli.demo.view import report_view
from services.cli.output import json_option, show, show_json, stderr_console

LOG_SIZE = 10_000


@click.command()
@click.option(
    "--visits",
    "count",
    type=click.IntRange(20, LOG_SIZE),
    default=LOG_SIZE,
    show_default=True,
    help="How many of the visits to go through.",
)
@json_option
def demo(count: int, *, as_json: bool) -> None:
    """Decide on 10,000 real visits of a fashion store, learn as they come, and report what it was worth.

    Needs no server and no Docker: it starts its own server on embedded stores under .demo/ and downloads the data
    once into .cache/. The figures go to .demo/report.json.

    \b
      tandem demo
      tandem demo --visits 300 --json
    """
    place = Place(Path(".demo"), Path(".cache") / "open_bandit", stderr_console())
    report = asyncio.run(run(place, load_visits(place, count)))
    if as_json:
        show_json(report.document())
        return
    show(report_view(report))
    place.console.print(f"\nThe figures are in {place.demo / 'report.json'}")
