"""`tandem diff`: what a candidate policy would do, and be worth, in place of another one; a gate before a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from services.cli.rendering.diff_page import diff_page
from services.cli.rendering.policy_diff import diff_view
from shared.rpc.channel import call

DIFF_SECONDS = 600.0

Gate = Callable[[pb.DiffPoliciesResponse], bool]
GATES: Mapping[str, Gate] = {
    "refused": lambda answer: answer.verdict == pb.DIFF_VERDICT_REFUSED,
    "cannot-tell": lambda answer: answer.verdict == pb.DIFF_VERDICT_CANNOT_TELL,
    "worse": lambda answer: answer.verdict == pb.DIFF_VERDICT_WORSE,
    "not-better": lambda answer: answer.verdict != pb.DIFF_VERDICT_BETTER,
    "unfair": lambda answer: any(each.below_four_fifths for each in answer.groups),
    "starving": lambda answer: bool(newly_starving(answer)),
    "expects-less": lambda answer: answer.expected_difference.high < 0.0,
    "not-comparable": lambda answer: bool(answer.not_comparable),
    "more-contacts": lambda answer: answer.candidate.expected_contacts > 1.05 * answer.baseline.expected_contacts,
}
"""By name, when the gate stays shut."""
OF_THE_LOG = ("refused", "worse", "not-better")
OF_PROFILES = ("expects-less", "not-comparable")


def newly_starving(answer: pb.DiffPoliciesResponse) -> list[str]:
    """Actions that the baseline shows."""
    return sorted(set(answer.candidate.starving_actions) - set(answer.baseline.starving_actions))


@click.command()
@click.argument("candidate", type=POLICY, metavar="CANDIDATE")
@click.option("--baseline", default="", help="A published version; default the active one.")
@click.option("--sample", "count", default=1_000, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@click.option("--seed", default=0, show_default=True, help="Of the sample: the same seed draws the same ones.")
@click.option("--by", "group_by", multiple=True, help="An attribute (bool or string) whose groups are compared.")
@click.option("--max-untried", type=click.FloatRange(0, 1), help="No value is said above this share. [default: 0.05]")
@click.option("--fail-on", multiple=True, type=click.Choice(list(GATES)), help="Exit code 1 in this case.")
@click.option("--html", "page", type=OUTPUT_FILE, help="Write a page with plots, too.")
@profile_options
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
    """Compare CANDIDATE with the active policy over decisions on record, or over persons. It changes nothing.

    CANDIDATE is a published version, or a folder: that is published, and not activated.

    With --segment both decide now for a sample of the persons in it. Nobody knows what would come of that: values are
    what the models of each policy expect.

    \b
      tandem diff policies/spring --by gender --html diff.html
      tandem diff policy_5d2c1f0a --fail-on worse --fail-on refused --fail-on unfair
      tandem diff policies/spring --segment 'tier == "gold"' --channel email --fail-on expects-less
      tandem diff policies/spring --segment true --placement home_hero --context weather=rain --html diff.html
    """
    connection = connection_from(options)
    profiles = profile_sample(options, options["count"], options["seed"])
    _check_gates(fail_on, is_of_profiles=profiles is not None)
    files = files_of(candidate)
    answer = run(connection, lambda stubs: _diff(stubs, _Asked(candidate, files, person, profiles, options)))
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


def _check_gates(fail_on: Sequence[str], *, is_of_profiles: bool) -> None:
    """Raises click.UsageError for a gate that would never be shut, or never open."""
    for name in fail_on:
        if name in (OF_THE_LOG if is_of_profiles else OF_PROFILES):
            kind = "decisions on record: leave --segment out" if is_of_profiles else "persons: add --segment"
            raise click.UsageError(f"--fail-on {name} is about {kind}")


@dataclass(frozen=True, slots=True)
class _Asked:
    candidate: str
    files: dict[str, bytes] | None
    author: str
    profiles: pb.ProfileSample | None
    options: Mapping[str, Any]


async def _diff(stubs: Stubs, asked: _Asked) -> pb.DiffPoliciesResponse:
    candidate, options = asked.candidate, asked.options
    if asked.files is not None:
        published = await publish_policy(stubs, asked.files, activate=False, author=asked.author)
        candidate = published.policy_version
    request = pb.DiffPoliciesRequest(
        candidate=candidate, baseline=options["baseline"], group_by=options["group_by"], profiles=asked.profiles
    )
    if asked.profiles is None:
        request.count, request.seed = options["count"], options["seed"]
        if options["max_untried"] is not None:
            request.max_untried = options["max_untried"]
    answer: pb.DiffPoliciesResponse = await call(stubs.orchestrator.DiffPolicies, request, timeout_s=DIFF_SECONDS)
    return answer
