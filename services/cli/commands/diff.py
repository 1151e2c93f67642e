"""`tandem diff`: what a candidate policy would do, and be worth, in place of another one; a gate before a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.acting_person import person_option
from services.cli.commands.publish import publish_policy
from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.output import document_of, json_option, show, show_json
from services.cli.policy_folder import read_policy_folder
from services.cli.rendering.diff_page import diff_page
from services.cli.rendering.policy_diff import diff_view
from shared.rpc.channel import call

DIFF_SECONDS = 600.0

GATES: Mapping[str, Callable[[pb.DiffPoliciesResponse], bool]] = {
    "refused": lambda answer: answer.verdict == pb.DIFF_VERDICT_REFUSED,
    "cannot-tell": lambda answer: answer.verdict == pb.DIFF_VERDICT_CANNOT_TELL,
    "worse": lambda answer: answer.verdict == pb.DIFF_VERDICT_WORSE,
    "not-better": lambda answer: answer.verdict != pb.DIFF_VERDICT_BETTER,
    "unfair": lambda answer: any(each.below_four_fifths for each in answer.groups),
    "starving": lambda answer: bool(newly_starving(answer)),
    "more-contacts": lambda answer: answer.candidate.expected_contacts > 1.05 * answer.baseline.expected_contacts,
}
"""By name, when the gate stays shut."""


def newly_starving(answer: pb.DiffPoliciesResponse) -> list[str]:
    """Actions that the baseline shows."""
    return sorted(set(answer.candidate.starving_actions) - set(answer.baseline.starving_actions))


@click.command()
@click.argument("candidate")
@click.option("--baseline", default="", help="A published version; default the active one.")
@click.option("--sample", "count", default=1_000, show_default=True, type=click.IntRange(1, 10_000), help="Decisions.")
@click.option("--seed", default=0, show_default=True, help="Of the sample: the same seed draws the same ones.")
@click.option("--by", "group_by", multiple=True, help="An attribute (bool or string) whose groups are compared.")
@click.option("--max-untried", type=click.FloatRange(0, 1), help="No value is said above this share. [default: 0.05]")
@click.option("--fail-on", multiple=True, type=click.Choice(list(GATES)), help="Exit code 1 in this case.")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with plots, too.")
@person_option("Who wrote the policy in the folder CANDIDATE.", "--author")
@json_option
@connection_options
def diff(
    candidate: str,
    *,
    fail_on: Sequence[str],
    page: Path | None,
    person: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare CANDIDATE with the active policy over decisions on record. It changes nothing.

    CANDIDATE is a published version, or a folder: that is published, and not activated.

    \b
      tandem diff policies/spring --by gender --html diff.html
      tandem diff policy_5d2c1f0a --fail-on worse --fail-on refused --fail-on unfair
    """
    connection = connection_from(options)
    files = read_policy_folder(Path(candidate)) if Path(candidate).is_dir() else None
    answer = run(connection, lambda stubs: _diff(stubs, candidate, files, person, options))
    if page is not None:
        page.write_text(diff_page(answer), encoding="utf-8")
    if as_json:
        show_json(document_of(answer))
    else:
        show(diff_view(answer))
    shut = [name for name in fail_on if GATES[name](answer)]
    if shut:
        click.echo(f"the gate is shut: {', '.join(shut)}", err=True)
        click.get_current_context().exit(1)


async def _diff(
    stubs: Stubs, candidate: str, files: dict[str, bytes] | None, author: str, options: Mapping[str, Any]
) -> pb.DiffPoliciesResponse:
    if files is not None:
        published = await publish_policy(stubs, files, activate=False, author=author)
        candidate = published.policy_version
    request = pb.DiffPoliciesRequest(
        candidate=candidate,
        baseline=options["baseline"],
        count=options["count"],
        seed=options["seed"],
        group_by=options["group_by"],
        max_untried=options["max_untried"],
    )
    answer: pb.DiffPoliciesResponse = await call(stubs.orchestrator.DiffPolicies, request, timeout_s=DIFF_SECONDS)
    return answer
