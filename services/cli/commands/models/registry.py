"""`tandem models list` and `tandem models show`: what is in the registry."""

from __future__ import annotations

from typing import Any

import click
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.models import model_view, registry_view
from shared.rpc.channel import call


@click.command("list")
@click.option("--objective", default="success", show_default=True, help="What is predicted.")
@json_option
@connection_options
def list_models(objective: str, *, as_json: bool, **options: Any) -> None:
    """List the models of an objective, the newest first, with their roles, the trainings of late, and who was used.

    \b
      tandem models list
      tandem models list --objective click --json
    """
    connection = connection_from(options)
    request = pb.ListModelsRequest(objective=objective)
    listed = run(connection, lambda stubs: call(stubs.scoring.ListModels, request, timeout_s=connection.timeout_s))
    if as_json:
        show_json(document_of(listed))
    else:
        show(registry_view(listed))


@click.command("show")
@click.argument("model_id")
@json_option
@connection_options
def show_model(model_id: str, *, as_json: bool, **options: Any) -> None:
    """Show what a model was made of: its data, its features, how it did on later presentations, its lineage.

    \b
      tandem models show success-0123456789ab
    """
    connection = connection_from(options)
    request = pb.GetModelRequest(model_id=model_id)
    got = run(connection, lambda stubs: call(stubs.scoring.GetModel, request, timeout_s=connection.timeout_s))
    if as_json:
        show_json(document_of(got))
    else:
        show(model_view(got.model))
