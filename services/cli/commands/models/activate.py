"""`tandem models activate`: gives a model a role."""

from __future__ import annotations

from typing import Any

import click
from tandem.scoring.v1 import model_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show_json
from services.cli.rendering.models import assignment_line
from shared.ids import new_id
from shared.rpc.channel import call

_ROLES = {
    "champion": model_pb2.MODEL_ROLE_CHAMPION,
    "challenger": model_pb2.MODEL_ROLE_CHALLENGER,
    "apprentice": model_pb2.MODEL_ROLE_APPRENTICE,
}


@click.command()
@click.argument("model_id")
@click.option("--as", "role", type=click.Choice(list(_ROLES)), default="champion", show_default=True)
@click.option("--reason", default="", help="For the history.")
@click.option("--expected-revision", type=click.IntRange(0), default=0, help="Only if nobody changed it since; 0: any.")
@click.option("--request-id", default="", help="The same id changes nothing twice; default a new one.")
@json_option
@connection_options
def activate(model_id: str, role: str, *, as_json: bool, **options: Any) -> None:
    """Say what a model is used for.

    A champion answers. A challenger is scored and logged beside it, and not used. An apprentice is scored and logged in
    place of a champion, while the expected rate answers. A champion that is replaced becomes the challenger. The model
    without a base (bayes-...) is activated by its id like any other.

    \b
      tandem models activate success-0123456789ab --as challenger
      tandem models activate success-0123456789ab --reason "2 % less log loss over a week"
    """
    connection = connection_from(options)
    request = pb.ActivateModelRequest(
        request_id=options["request_id"] or new_id("cli"),
        model_id=model_id,
        role=_ROLES[role],
        expected_revision=options["expected_revision"],
        reason=options["reason"],
    )
    answer = run(connection, lambda stubs: call(stubs.scoring.ActivateModel, request, timeout_s=connection.timeout_s))
    if as_json:
        show_json(document_of(answer))
    else:
        click.echo(assignment_line(answer.assignment))
