"""`tandem lint`: all that is wrong with a policy folder, and all that is suspicious, without a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.cli.offline import collector_paused, compiled, findings_of
from services.cli.output import json_option, show_json
from services.cli.policy_folder import read_policy_folder
from services.cli.rendering.findings import lines_of, summary
from services.orchestrator.domain.policy_parts import Finding
from shared.clock import system_clock

if TYPE_CHECKING:
    from services.rules.domain.lint.population import PopulationReport


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--population",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A sample of people, JSON Lines of personas or of facts: whom does each rule drop?",
)
@json_option
def lint(folder: Path, population: Path | None, *, as_json: bool) -> int:
    """Check the policy in FOLDER: syntax, names, types, lengths of texts, and rules that cannot do what they are for.

    One finding per line, as file:line:column: CODE message. Exits with 1 where there is an error. Needs no server.

    \b
      tandem lint services/cli/samples/boutique
      tandem lint services/cli/samples/boutique --json
      tandem lint services/cli/samples/boutique --population people.jsonl
    """
    files = read_policy_folder(folder)
    with collector_paused():
        findings = findings_of(files)
        report = None if population is None else _population(files, folder, population)
    lines = lines_of([*findings, *_of_population(report)])
    errors = sum(line.is_error for line in lines)
    if as_json:
        documents = [line.document() for line in lines]
        sample = {} if report is None else {"population": _document(report)}
        show_json({"errors": errors, "warnings": len(lines) - errors, "findings": documents, **sample})
    else:
        for line in lines:
            click.echo(line)
        if report is not None:
            _show(report)
        click.echo(summary(lines, str(folder)), err=True)
    return 1 if errors else 0


def _population(files: Mapping[str, bytes], folder: Path, people: Path) -> PopulationReport | None:
    """None where the policy has errors."""
    from services.cli.population import population_of

    offline = compiled(files)[1]
    return None if offline is None else population_of(offline, folder, people, system_clock())


def _of_population(report: PopulationReport | None) -> Iterator[Finding]:
    from services.local.rule_sets import finding_of

    return map(finding_of, report.findings if report is not None else ())


def _document(report: PopulationReport) -> dict[str, object]:
    from services.cli.rendering.population import population_document

    return population_document(report)


def _show(report: PopulationReport) -> None:
    from services.cli.rendering.population import population_lines

    for line in population_lines(report):
        click.echo(line)
