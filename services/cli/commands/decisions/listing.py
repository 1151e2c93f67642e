"""`tandem decisions list`: which decisions were made, for whom, when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.orchestrator.v1 import decision_list_pb2 as pb

from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.moments import option_moment
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.decision_list import decision_list_view
from services.cli.subject_option import subject_option
from shared.clock import to_ms
from shared.rpc.channel import call
from shared.rpc.values import timestamp_proto

PAGE = 200


@click.command("list")
@subject_option("For whom.")
@click.option("--action", default="", help="That was proposed.")
@click.option("--channel", default="", help="Where.")
@click.option("--result", type=click.Choice(["proposed", "fallback", "silence"]), help="What a placement got.")
@click.option("--since", default="", help="From this moment on.")
@click.option("--until", default="", help="Before this moment.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="So many, the newest.")
@json_option
@connection_options
def list_decisions(
    identities: Sequence[Identity],
    *,
    action: str,
    channel: str,
    result: str | None,
    since: str,
    until: str,
    most: int,
    as_json: bool,
    **options: Any,
) -> None:
    """List decisions, the newest first. Action, channel and result are those of one placement.

    \b
      tandem decisions list --subject crm=1042 --since 2026-11-17
      tandem decisions list --action winter_sale --channel email --most 200 --json
    """
    request = pb.ListDecisionsRequest(
        subject=Subject(identities=identities),
        action=action,
        channel=channel,
        result=f"DECISION_RESULT_{result.upper()}" if result else None,
        start_time=_moment("--since", since),
        end_time=_moment("--until", until),
    )
    connection = connection_from(options)
    found = run(connection, lambda stubs: _pages(stubs, request, most, connection.timeout_s))
    if as_json:
        show_json(document_of(pb.ListDecisionsResponse(decisions=found)))
    else:
        show(decision_list_view(found))


async def _pages(
    stubs: Stubs, request: pb.ListDecisionsRequest, most: int, timeout_s: float
) -> list[pb.DecisionSummary]:
    found: list[pb.DecisionSummary] = []
    while True:
        request.page_size = min(PAGE, most - len(found))
        page = await call(stubs.orchestrator.ListDecisions, request, timeout_s=timeout_s)
        found += page.decisions
        request.page_token = page.next_page_token
        if len(found) >= most or not request.page_token:
            return found


def _moment(option: str, text: str) -> Timestamp | None:
    return timestamp_proto(to_ms(option_moment(option, text))) if text else None
