"""`tandem rules eval`: what expressions give for some facts; one, or a file of cases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from services.cli.failures import CommandFailed
from services.cli.moments import option_moment
from services.cli.output import json_option, show_json
from services.cli.rule_cases.answer import Wrong
from services.cli.rule_cases.cases import (
    BadCase,
    Failed,
    answer_document,
    answered,
    failure_document,
    failures,
    read_cases,
)
from services.cli.rule_cases.json_text import read_json
from shared.clock import system_clock

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("eval")
@click.option("--cases", "case_file", type=_FILE, help="Cases, one JSON object a line: name, expr, facts, expect.")
@click.option("--expr", "expression", metavar="E", help="One expression.")
@click.option("--facts", "facts_file", type=_FILE, help="What is known, for --expr: a JSON object of names and values.")
@click.option("--at", default="", metavar="TIME", help="What now() is; default now.")
@json_option
def evaluate(case_file: Path | None, expression: str | None, facts_file: Path | None, at: str, *, as_json: bool) -> int:
    """Evaluate expressions as policies do, by the engine that decides.

    Facts are typed by their JSON: true, 18, 0.5, "gold", [41, 42], null (known to be empty), {"timestamp":
    "2026-06-01T00:00:00Z"}, any other object as a map. An attribute without a fact is missing. The answer is {result},
    {unknown} with the attributes that it would take, or {error}. A case expects a JSON value, "unknown" or "error".
    Exits with 1 where a case fails, or --expr gives an error.

    \b
      tandem rules eval --expr 'age >= 18 && within(last_visit, "30d")' --facts facts.json --json
      tandem rules eval --cases cases.jsonl --json
    """
    now = option_moment("--at", at) if at else datetime.fromtimestamp(system_clock() / 1000, UTC)
    if (case_file is None) == (expression is None) or (case_file is not None and facts_file is not None):
        raise click.UsageError("say what: --cases FILE, or --expr E and perhaps --facts FILE")
    if case_file is not None:
        return _cases(case_file, now, as_json=as_json)
    given = answered(expression or "", _facts(facts_file), now)
    if as_json:
        show_json(answer_document(given))
    else:
        ((kind, value),) = answer_document(given).items()
        click.echo(json.dumps(value, ensure_ascii=False) if kind == "result" else f"{kind}: {value}")
    return 1 if isinstance(given, Wrong) else 0


def _cases(path: Path, now: datetime, *, as_json: bool) -> int:
    try:
        outcomes = list(failures(read_cases(path.read_text(encoding="utf-8").splitlines()), now))
    except (BadCase, UnicodeDecodeError) as error:
        raise CommandFailed("BAD_CASE", f"{path}: {error}") from error
    failed = [each for each in outcomes if isinstance(each, Failed)]
    counts = {"passed": len(outcomes) - len(failed), "failed": len(failed)}
    if as_json:
        show_json({**counts, "failures": [failure_document(each) for each in failed]})
        return 1 if failed else 0
    for each in failed:
        given = json.dumps(answer_document(each.answer), ensure_ascii=False)
        click.echo(f"{path}:{each.case.line}: {each.case.name}: {given}, not {json.dumps(each.case.expect)}")
    click.echo(f"{counts['passed']} passed, {counts['failed']} failed", err=True)
    return 1 if failed else 0


def _facts(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        facts = read_json(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CommandFailed("BAD_FACTS", f"{path}: {error}") from error
    if not isinstance(facts, dict):
        raise CommandFailed("BAD_FACTS", f"{path}: facts are an object of names and values")
    return facts
