"""`tandem policies approve`, `activate` and `rollback`."""

from __future__ import annotations

from typing import Any

import click
from tandem.orchestrator.v1 import orchestrator_service_pb2
from tandem.orchestrator.v1 import policy_lifecycle_pb2 as pb

from services.cli.acting_person import person_option
from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show_json
from services.cli.rendering.policies import policy_line
from shared.ids import new_id
from shared.rpc.channel import call

REQUEST_ID_HELP = "The same id changes nothing twice; default a new one."
CHANGE_SECONDS = 60.0


@click.command()
@click.argument("policy_version")
@person_option("Who approves it.")
@click.option("--request-id", default="", help=REQUEST_ID_HELP)
@json_option
@connection_options
def approve(policy_version: str, *, person: str, request_id: str, as_json: bool, **options: Any) -> None:
    """Stand for a version, so that it may be activated where that is asked for."""
    request = pb.ApprovePolicyRequest(
        request_id=request_id or new_id("approve"), policy_version=policy_version, approver=person
    )
    connection = connection_from(options)
    _tell(
        run(connection, lambda stubs: call(stubs.orchestrator.ApprovePolicy, request, timeout_s=CHANGE_SECONDS)),
        as_json,
    )


@click.command()
@click.argument("policy_version")
@person_option("Who does it, for the record.")
@click.option("--request-id", default="", help=REQUEST_ID_HELP)
@json_option
@connection_options
def activate(policy_version: str, *, person: str, request_id: str, as_json: bool, **options: Any) -> None:
    """Decide by a published version from now on."""
    request = orchestrator_service_pb2.ActivatePolicyRequest(
        request_id=request_id or new_id("activate"), policy_version=policy_version, actor=person
    )
    connection = connection_from(options)
    _tell(
        run(connection, lambda stubs: call(stubs.orchestrator.ActivatePolicy, request, timeout_s=CHANGE_SECONDS)),
        as_json,
    )


@click.command()
@click.option("--from", "policy_version", default="", help="Only if this version is still the active one.")
@person_option("Who does it, for the record.")
@click.option("--request-id", default="", help=REQUEST_ID_HELP)
@json_option
@connection_options
def rollback(*, policy_version: str, person: str, request_id: str, as_json: bool, **options: Any) -> None:
    """Go back to what was active before the active version. Once more: to the one before that.

    \b
      tandem policies rollback --from policy_5d2c1f0a
    """
    request = pb.RollBackPolicyRequest(
        request_id=request_id or new_id("rollback"), policy_version=policy_version, actor=person
    )
    connection = connection_from(options)
    _tell(
        run(connection, lambda stubs: call(stubs.orchestrator.RollBackPolicy, request, timeout_s=CHANGE_SECONDS)),
        as_json,
    )


def _tell(answer: Any, as_json: bool) -> None:
    if as_json:
        show_json(document_of(answer))
    else:
        click.echo(policy_line(answer.policy))
