"""`tandem policies simulate`: what a policy would do with decisions on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.connection import connection_from, connection_options, run
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.policy_diff import simulation_view
from shared.rpc.channel import call

SECONDS = 600.0


@click.command()
@click.argument("policy_version")
@click.option("--sample", "count", default=1_000, show_default=True, type=click.IntRange(1, 10_000), help="Decisions.")
@click.option("--seed", default=0, show_default=True, help="Of the sample: the same seed draws the same ones.")
@click.option("--by", "group_by", multiple=True, help="An attribute (bool or string) whose groups are compared.")
@json_option
@connection_options
def simulate(
    policy_version: str, *, count: int, seed: int, group_by: Sequence[str], as_json: bool, **options: Any
) -> None:
    """See what a published version would do in place of those who decided. It changes nothing."""
    request = pb.SimulatePolicyRequest(policy_version=policy_version, count=count, seed=seed, group_by=group_by)
    connection = connection_from(options)
    answer = run(connection, lambda stubs: call(stubs.orchestrator.SimulatePolicy, request, timeout_s=SECONDS))
    if as_json:
        show_json(document_of(answer))
    else:
        show(simulation_view(answer))
