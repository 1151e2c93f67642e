"""`tandem explain`: why and why not, of a decision on record."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Group
from rich.text import Text
from tandem.orchestrator.v1.orchestrator_service_pb2 import ExplainDecisionRequest

from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.attributes import attributes_view
from services.cli.rendering.decision import decision_view
from services.cli.rendering.pressure_standing import standing_text
from shared.rpc.channel import call


@click.command()
@click.argument("decision_id")
@json_option
@connection_options
def explain(decision_id: str, *, as_json: bool, **options: Any) -> None:
    """Show why DECISION_ID came out as it did: what it read, what fell where, what each option was worth.

    \b
      tandem explain d_5d2c1f0a9b8e7d6c5b4a3f2e
    """
    connection = connection_from(options)
    request = ExplainDecisionRequest(decision_id=decision_id)
    explanation = run(
        connection, lambda stubs: call(stubs.orchestrator.ExplainDecision, request, timeout_s=connection.timeout_s)
    )
    if as_json:
        show_json(document_of(explanation))
        return
    pressure = [Text(standing_text(explanation.pressure)), Text()] if explanation.HasField("pressure") else []
    decision = decision_view(explanation.response, explanation.marginals)
    show(Group(decision, *pressure, attributes_view(explanation)))
