"""`tandem pressure`: what contacts taught of marketing pressure."""

from __future__ import annotations

from typing import Any

import click
from tandem.orchestrator.v1.pressure_pb2 import GetPressureRequest, GetPressureResponse

from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.pressure import pressure_view
from shared.rpc.channel import call


@click.command()
@json_option
@connection_options
def pressure(*, as_json: bool, **options: Any) -> None:
    """Show what contacts do to the responses and unsubscribes of those that follow, how sure that is, and what one more
    contact costs who is contacted at some pace.

    A contact raises a person's level by the weight of its channel, and each half life halves what is left of it. What
    the level does is learnt from gaps without contacts that begin at random, never from whom contacts were aimed at;
    until the gaps tell, one more contact costs nothing.

    \b
      tandem pressure
      tandem pressure --json
    """
    connection = connection_from(options)
    answer: GetPressureResponse = run(
        connection,
        lambda stubs: call(stubs.orchestrator.GetPressure, GetPressureRequest(), timeout_s=connection.timeout_s),
    )
    if as_json:
        show_json(document_of(answer))
    elif not answer.HasField("plan"):
        click.echo("the active policy declares no pressure")
    else:
        show(pressure_view(answer))
