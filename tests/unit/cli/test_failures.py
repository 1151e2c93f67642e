"""Errors as one line."""

from __future__ import annotations

import click
import pytest

from services.cli.__main__ import main
from services.cli.failures import CommandFailed, exit_code_of, line_of
from shared.errors import InvalidArgument, NotFound, Violation


def test_line_has_reason_and_message() -> None:
    error = NotFound("DECISION_NOT_FOUND", "there is no decision d_1")
    assert line_of(error) == "error: DECISION_NOT_FOUND: there is no decision d_1"
    assert exit_code_of(error) == 1


def test_field_is_named_once() -> None:
    named = InvalidArgument.field("traits[0].value", "must be a finite number")
    assert line_of(named) == "error: INVALID_FIELD: traits[0].value: must be a finite number"
    unnamed = InvalidArgument(
        "INVALID_FIELD", "two fields are wrong", violations=[Violation("a.b", "must be positive")]
    )
    assert line_of(unnamed) == "error: INVALID_FIELD: two fields are wrong (a.b: must be positive)"


def test_line_breaks_of_a_message_do_not_break_the_line() -> None:
    assert line_of(CommandFailed("X", "one\n  two\r\nthree")) == "error: X: one two three"


def test_usage_errors_exit_with_2() -> None:
    assert exit_code_of(click.UsageError("no")) == 2
    assert line_of(click.UsageError("no")) == "error: USAGE: no"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["decide", "--identity", "crm"], "'crm' is not namespace=value"),
        (["decide", "--context", "x=NaN"], "NaN is not a finite number"),
        (["decide", "--placement", "a:0"], "'a:0' is not id or id:count"),
        (["decide", "--event", "cart_add"], "--event needs to know who did it"),
        (["decide", "--tls-certificate", __file__], "--tls-certificate and --tls-key go together"),
        (["decide", "--mode", "perhaps"], "'perhaps' is not one of 'execute', 'prefetch', 'simulate'"),
        (["publish", "no/such/folder"], "'no/such/folder' does not exist"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["explain"], "Missing argument 'DECISION_ID'"),
    ],
)
def test_wrong_command_line_is_one_line_on_stderr(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert said in output.err


def test_server_that_is_not_there_is_one_line_that_says_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "d_1", "--target", "127.0.0.1:1"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: UNAVAILABLE: no Tandem answers at 127.0.0.1:1: start one with `tandem serve`")
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "decide", "explain", "lint", "publish", "demo"])
def test_every_command_teaches_by_example_and_speaks_json(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"    tandem {command}" in text
    assert "--json" in text
