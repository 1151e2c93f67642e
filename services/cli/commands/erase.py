"""`tandem erase`: nothing is kept of a person any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.orchestrator.v1.orchestrator_service_pb2 import EraseSubjectDataRequest
from tandem.profile.v1.rights_pb2 import EraseSubjectRequest, EraseSubjectResponse

from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.subject_option import subject_option
from shared.ids import new_id
from shared.rpc.channel import call


@click.command()
@subject_option(required=True)
@click.option("--reason", default="", help="For the audit trail; must not name the person.")
@click.option("--request-id", default="", help="The same id gives the same answer; default a new one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connection_options
def erase(*, identities: Sequence[Identity], reason: str, request_id: str, yes: bool, **options: Any) -> None:
    """Erase a person everywhere, and keep the identities out from then on. This cannot be undone.

    \b
      tandem erase --subject crm=1042 --reason 'article 17 request of 2026-11-22'
    """
    names = ", ".join(f"{each.namespace}={each.value}" for each in identities)
    if not yes:
        click.confirm(f"Erase everything of {names}, for ever?", abort=True, err=True)
    connection = connection_from(options)
    request = EraseSubjectRequest(
        request_id=request_id or new_id("req"), subject=Subject(identities=identities), reason=reason
    )
    erased = run(connection, lambda stubs: _erase(stubs, request, connection.timeout_s))
    click.echo(f"erased {', '.join(erased.profile_ids)} ({erased.erasure_id})")


async def _erase(stubs: Stubs, request: EraseSubjectRequest, timeout_s: float) -> EraseSubjectResponse:
    erased: EraseSubjectResponse = await call(stubs.profiles.EraseSubject, request, timeout_s=timeout_s)
    # The orchestrator follows by itself; asked at once, it is done when this command ends.
    decisions = EraseSubjectDataRequest(request_id=f"{erased.erasure_id}.cli", profile_ids=erased.profile_ids)
    await call(stubs.orchestrator.EraseSubjectData, decisions, timeout_s=timeout_s)
    return erased
