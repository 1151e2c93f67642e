"""`tandem publish`: a folder becomes one immutable policy version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tandem.orchestrator.v1.orchestrator_service_pb2 import (
    ActivatePolicyRequest,
    PublishPolicyRequest,
    PublishPolicyResponse,
)

from services.cli.acting_person import person_option
from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.output import document_of, json_option, show_json
from services.cli.policy_folder import read_policy_folder
from services.cli.rendering.findings import lines_of_messages
from shared.errors import InvalidArgument
from shared.ids import new_id
from shared.rpc.channel import call

PUBLISH_SECONDS = 60.0


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--activate", is_flag=True, help="Decide by it from now on (the first policy of a server always is).")
@person_option("Who wrote it, for the record.", "--author")
@json_option
@connection_options
def publish(folder: Path, *, activate: bool, person: str, as_json: bool, **options: Any) -> None:
    """Publish the policy in FOLDER and print its version.

    The same folder always has the same version, so publishing twice changes nothing. Where policies must be approved,
    it waits as a draft, the first one too, for `tandem policies approve` and `activate`.

    \b
      tandem lint services/cli/samples/boutique
      tandem publish services/cli/samples/boutique --activate
    """
    files = read_policy_folder(folder)
    try:
        response = run(
            connection_from(options), lambda stubs: publish_policy(stubs, files, activate=activate, author=person)
        )
    except InvalidArgument as error:
        raise _listed(error) from error
    if as_json:
        show_json(document_of(response))
        return
    for line in lines_of_messages(response.findings):
        click.echo(line, err=True)
    click.echo(f"{response.policy_version} {'is active' if response.active else 'is published, not active'}")


async def publish_policy(
    stubs: Stubs, files: dict[str, bytes], *, activate: bool, author: str = ""
) -> PublishPolicyResponse:
    """Publishes, and activates when asked."""
    request = PublishPolicyRequest(request_id=new_id("publish"), files=files, author=author)
    response: PublishPolicyResponse = await call(stubs.orchestrator.PublishPolicy, request, timeout_s=PUBLISH_SECONDS)
    if activate and not response.active:
        activation = ActivatePolicyRequest(
            request_id=new_id("activate"), policy_version=response.policy_version, actor=author
        )
        answer = await call(stubs.orchestrator.ActivatePolicy, activation, timeout_s=PUBLISH_SECONDS)
        response.active = answer.policy.active
    return response


def _listed(error: InvalidArgument) -> InvalidArgument:
    """Prints one line per finding, as a compiler would; what is left of the error says how many there are."""
    if error.reason != "POLICY_INVALID":
        return error
    for violation in error.violations:
        click.echo(f"{violation.field}: {violation.description}", err=True)
    return InvalidArgument(error.reason, error.message)
