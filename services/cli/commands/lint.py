"""`tandem lint`: all that is wrong with a policy folder, without a server."""

from __future__ import annotations

from pathlib import Path

import click

from services.cli.offline import collector_paused, findings_of
from services.cli.output import json_option, show_json
from services.cli.policy_folder import read_policy_folder
from services.cli.rendering.findings import lines_of, summary


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def lint(folder: Path, *, as_json: bool) -> int:
    """Check the policy in FOLDER: syntax, names, types of conditions, lengths of texts. Needs no server.

    One finding per line, as file:line:column: CODE message. Exits with 1 where there is an error.

    \b
      tandem lint services/cli/samples/boutique
      tandem lint services/cli/samples/boutique --json
    """
    with collector_paused():
        lines = lines_of(findings_of(read_policy_folder(folder)))
    errors = sum(line.is_error for line in lines)
    if as_json:
        documents = [line.document() for line in lines]
        show_json({"errors": errors, "warnings": len(lines) - errors, "findings": documents})
    else:
        for line in lines:
            click.echo(line)
        click.echo(summary(lines, str(folder)), err=True)
    return 1 if errors else 0
