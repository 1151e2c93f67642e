"""`tandem volume`: how budgets, stock and capacity stand."""

from __future__ import annotations

from typing import Any

import click
from tandem.orchestrator.v1.volume_pb2 import GetVolumeRequest, GetVolumeResponse

from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.volume import volume_table
from shared.rpc.channel import call


@click.command()
@click.argument("resources", nargs=-1)
@json_option
@connection_options
def volume(resources: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Show what is committed, realised and left of RESOURCES, or of all that the active policy declares.

    Committed is what decisions took, realised what outcomes confirmed of it. The price is what a unit brings elsewhere;
    it is subtracted from the priority of what uses it. The forecast is of the end of the period, nine times of ten
    within the interval.

    \b
      tandem volume
      tandem volume autumn_mail --json
    """
    request = GetVolumeRequest(resource_ids=resources)

    connection = connection_from(options)
    answer: GetVolumeResponse = run(
        connection, lambda stubs: call(stubs.orchestrator.GetVolume, request, timeout_s=connection.timeout_s)
    )
    if as_json:
        show_json(document_of(answer))
    elif not answer.resources:
        click.echo("the active policy declares no budgets, stock or capacity")
    else:
        show(volume_table(answer))
