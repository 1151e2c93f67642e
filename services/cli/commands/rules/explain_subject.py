"""`tandem rules explain-subject`: what a policy's rules make of one person, and what would change it."""

from __future__ import annotations

from pathlib import Path

import click

from services.cli.failures import CommandFailed
from services.cli.moments import option_moment
from services.cli.offline import compiled
from services.cli.output import json_option, show_json
from services.cli.policy_folder import read_policy_folder
from services.cli.policy_tests.explanation import Asked, explanation_of
from services.cli.policy_tests.policy_under_test import PolicyUnderTest
from services.cli.rendering.explanation import explanation_document, explanation_lines
from services.cli.rendering.findings import lines_of
from shared.clock import system_clock, to_ms

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("explain-subject")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--persona", type=_FILE, help="Whom, as a persona file.")
@click.option("--facts", type=_FILE, help="What is known, over the persona's: names and values, YAML or JSON.")
@click.option("--action", "actions", multiple=True, help="Only this action; may be repeated.")
@click.option("--at", default="", metavar="TIME", help="When; default now.")
@json_option
def explain_subject(
    folder: Path, persona: Path | None, facts: Path | None, actions: tuple[str, ...], at: str, *, as_json: bool
) -> None:
    """Show what the rules of the policy in FOLDER make of one person.

    Per action: that it passes; or the stage and the rule it falls by, with file:line:column, the tests that failed,
    and the smallest change that would make it pass.

    \b
      tandem rules explain-subject services/cli/samples/boutique \\
        --persona services/cli/samples/boutique/personas/lea.yaml --action student_offer
      tandem rules explain-subject services/cli/samples/boutique --facts facts.json --at 2026-11-22T10:00:00Z
    """
    if persona is None and facts is None:
        raise click.UsageError("say whom: --persona FILE, --facts FILE, or both")
    findings, offline = compiled(read_policy_folder(folder))
    if offline is None:
        for found in lines_of(findings):
            click.echo(found, err=True)
        raise CommandFailed("POLICY_INVALID", f"the policy in {folder} has errors")
    policy = PolicyUnderTest(offline, folder)
    at_ms = to_ms(option_moment("--at", at)) if at else system_clock()
    explanation = explanation_of(policy, Asked(persona, facts, frozenset(actions), at_ms))
    if as_json:
        show_json(explanation_document(explanation))
        return
    for line in explanation_lines(explanation):
        click.echo(line)
