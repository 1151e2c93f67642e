"""Who is meant is said in one way, and understood in two."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from services.cli.__main__ import main
from services.cli.subject_option import subject_option

COMMANDS = [["decide"], ["why-not"], ["decisions", "list"], ["export"], ["erase"]]


@click.command()
@subject_option(required=True)
def who(identities: tuple[object, ...]) -> None:
    click.echo(" ".join(f"{each.namespace}:{each.value}" for each in identities))  # type: ignore[attr-defined]


@pytest.mark.parametrize("spelling", ["--subject", "--identity"])
def test_both_spellings_name_a_person(spelling: str) -> None:
    said = CliRunner().invoke(who, [spelling, "crm=1042", "--subject", "email=ada@example.org"])
    assert (said.exit_code, said.output) == (0, "crm:1042 email:ada@example.org\n")


def test_who_says_neither_is_told_of_one() -> None:
    said = CliRunner().invoke(who, [])
    assert said.exit_code == 2
    assert "Missing option '--subject'" in said.output
    assert "--identity" not in said.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_names_a_person_shows_the_one_and_takes_the_other(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--subject NS=VALUE" in shown
    assert "--identity" not in shown
    for spelling in ("--subject", "--identity"):
        assert main([*command, spelling, "nobody"]) == 2
        assert "'nobody' is not namespace=value" in capsys.readouterr().err
