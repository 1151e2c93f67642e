"""The options that draw persons in place of decisions: what does not go together is said before anybody is asked."""

from __future__ import annotations

import pytest

from services.cli.__main__ import main

NOBODY = ("--target", "127.0.0.1:1")


@pytest.mark.parametrize("command", ["diff", "simulate"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--segment", ""), "--segment is empty"),
        (("--segment", "  "), "--segment is empty"),
        (("--placement", "home_hero"), "--placement goes with --segment"),
        (("--channel", "email"), "--channel goes with --segment"),
        (("--context", "weather=rain"), "--context goes with --segment"),
        (("--at", "2026-11-22"), "--at goes with --segment"),
        (("--direction", "inbound"), "--direction goes with --segment"),
        (("--segment", "true", "--at", "noon"), "is no moment"),
        (("--segment", "true", "--at", ""), "is no moment"),
        (("--html", ""), "it is empty"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    command: str, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "policy_1", *options, *NOBODY]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: USAGE: ")
    assert said in error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--segment", "true", "--max-untried", "0"), "with --segment there is no log"),
        (("--segment", "true", "--fail-on", "worse"), "leave --segment out"),
        (("--segment", "true", "--fail-on", "unfair", "--fail-on", "refused"), "leave --segment out"),
        (("--fail-on", "expects-less"), "add --segment"),
        (("--fail-on", "not-comparable"), "add --segment"),
    ],
)
def test_what_only_a_log_or_only_persons_can_answer_is_kept_apart(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "policy_1", *options, *NOBODY]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("named", ["", " "])
@pytest.mark.parametrize(("command", "argument"), [("diff", "CANDIDATE"), ("simulate", "POLICY")])
def test_a_policy_without_a_name_is_not_the_current_folder(
    command: str, argument: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, named, *NOBODY]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: USAGE: Invalid value for '{argument}': it is empty: ")


@pytest.mark.parametrize("command", [["lint"], ["publish"], ["test"], ["rules", "explain-subject"]])
def test_nor_is_a_folder_without_a_name(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, ""]) == 2
    assert capsys.readouterr().err.startswith("error: USAGE: Invalid value for 'FOLDER': ")
