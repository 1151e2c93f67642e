"""`tandem models health`: how the models in use fare."""

from __future__ import annotations

from typing import Any

import click
from tandem.scoring.v1 import model_health_pb2

from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.models import health_view
from shared.rpc.channel import call


@click.command()
@click.option("--objective", default="success", show_default=True, help="What is predicted.")
@click.option("--window", type=click.IntRange(1, 100_000), default=10_000, show_default=True, help="Presentations.")
@json_option
@connection_options
def health(objective: str, window: int, *, as_json: bool, **options: Any) -> None:
    """Show how good the models in use have been on the last presentations, each of which they predicted before they
    learnt from it; how their features have drifted; how much is explored; and what is wrong.

    \b
      tandem models health
      tandem models health --objective click --window 50000 --json
    """
    connection = connection_from(options)
    request = model_health_pb2.GetModelHealthRequest(objective=objective, window=window)
    found = run(connection, lambda stubs: call(stubs.scoring.GetModelHealth, request, timeout_s=connection.timeout_s))
    if as_json:
        show_json(document_of(found))
    else:
        show(health_view(found))
