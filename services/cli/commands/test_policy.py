"""`tandem test`: the tests that lie beside a policy's rules, without a server."""

from __future__ import annotations

from pathlib import Path

import click

from services.cli.output import json_option, show_json
from services.cli.policy_folder import read_policy_folder
from services.cli.policy_tests.run import run_tests
from services.cli.rendering.policy_tests import report_document, report_lines, summary


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-k", "keyword", default="", metavar="NAME", help="Only tests whose name holds NAME.")
@json_option
def test(folder: Path, keyword: str, *, as_json: bool) -> int:
    """Run the tests of the policy in FOLDER: tests/*.yaml, in simulated time, on the engine that decides.

    Exits with 1 where a test fails, or where something is wrong with the policy or a test.

    \b
      tandem test services/cli/samples/boutique
      tandem test services/cli/samples/boutique -k cart --json
    """
    run = run_tests(read_policy_folder(folder), folder, keyword)
    if as_json:
        show_json(report_document(run))
    else:
        for line in report_lines(run):
            click.echo(line)
        click.echo(summary(run), err=True)
    return 1 if run.failed or run.has_errors else 0
