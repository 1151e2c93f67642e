"""`tandem simulate`, also `tandem policies simulate`: what one policy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.acting_person import person_option
from services.cli.commands.publish import publish_policy
from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.option_types import OUTPUT_FILE
from services.cli.output import document_of, json_option, show, show_json
from services.cli.policy_folder import POLICY, files_of
from services.cli.profile_sample import profile_options, profile_sample
from services.cli.rendering.policy_diff import simulation_view
from services.cli.rendering.simulation_page import simulation_page
from shared.rpc.channel import call

SECONDS = 600.0


@click.command()
@click.argument("policy", type=POLICY)
@click.option("--sample", "count", default=1_000, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@click.option("--seed", default=0, show_default=True, help="Of the sample: the same seed draws the same ones.")
@click.option("--by", "group_by", multiple=True, help="An attribute (bool or string) whose groups are compared.")
@profile_options
@click.option("--html", "page", type=OUTPUT_FILE, help="Write a page with plots, too.")
@person_option("Who wrote the policy in the folder POLICY.", "--author")
@json_option
@connection_options
def simulate(
    policy: str, *, group_by: Sequence[str], page: Path | None, person: str, as_json: bool, **options: Any
) -> None:
    """See what POLICY would do in place of those who decided, or now for persons of a segment. It changes nothing.

    POLICY is a published version, or a folder: that is published, and not activated.

    \b
      tandem simulate policy_5d2c1f0a
      tandem simulate policies/spring --segment 'tier == "gold"' --channel email --by gender
    """
    profiles = profile_sample(options, options["count"], options["seed"])
    files = files_of(policy)
    request = pb.SimulatePolicyRequest(policy_version=policy, group_by=group_by, profiles=profiles)
    if profiles is None:
        request.count, request.seed = options["count"], options["seed"]
    answer = run(connection_from(options), lambda stubs: _simulate(stubs, request, files, person))
    if page is not None:
        page.write_text(simulation_page(answer), encoding="utf-8")
    if as_json:
        show_json(document_of(answer))
    else:
        show(simulation_view(answer))


async def _simulate(
    stubs: Stubs, request: pb.SimulatePolicyRequest, files: Mapping[str, bytes] | None, author: str
) -> pb.SimulatePolicyResponse:
    if files is not None:
        published = await publish_policy(stubs, dict(files), activate=False, author=author)
        request.policy_version = published.policy_version
    answer: pb.SimulatePolicyResponse = await call(stubs.orchestrator.SimulatePolicy, request, timeout_s=SECONDS)
    return answer
