"""`tandem schema`: what editors need to complete and check policy files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from services.cli.option_types import OUTPUT_FILE
from services.cli.policy_tests.case_file import case_schema
from services.orchestrator.domain.policy.schema import policy_schema


@click.command()
@click.option("--of", "kind", type=click.Choice(["policy", "tests"]), default="policy", show_default=True)
@click.option("--out", type=OUTPUT_FILE, help="Write it to a file.")
def schema(kind: str, out: Path | None) -> None:
    """Print the JSON Schema of policy files, or of the files in their tests/.

    An editor with a YAML language server takes it from a first line such as
    `# yaml-language-server: $schema=../policy.schema.json`.

    \b
      tandem schema
      tandem schema --out policy.schema.json
      tandem schema --of tests --out tests.schema.json
    """
    text = json.dumps(policy_schema() if kind == "policy" else case_schema(), ensure_ascii=False, indent=2) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
