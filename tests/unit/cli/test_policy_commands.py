"""`tandem test`, `tandem schema`, `tandem rules explain-subject`: a policy asked on a laptop, without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.__main__ import main
from services.orchestrator.domain.policy.schema import policy_schema
from tests.support.source import ROOT

BOUTIQUE = ROOT / "services/cli/samples/boutique"
LEA = str(BOUTIQUE / "personas/lea.yaml")

SMALL = """\
policy: small
channels: {web: {direction: INBOUND}}
traits: {age: {type: int}}
issues: {retain: {eligibility: [{id: adult, when: 'age >= 18'}]}}
groups: {care: {issue: retain, business_value: 2}}
actions: {call: {group: care, treatments: {call_web: {channel: web}}}}
"""
TESTS = """\
tests:
  of_age: {facts: {age: 18}, expect: {eligible: [call]}}
  too_young: {facts: {age: 17}, expect: {eligible: [call]}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(SMALL)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/ages.yaml").write_text(TESTS)
    return tmp_path


@pytest.mark.parametrize("sample", ["boutique", "fashion_store"])
def test_the_tests_of_the_samples_pass(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(ROOT / "services/cli/samples" / sample)]) == 0, capsys.readouterr().out
    assert "FAIL" not in capsys.readouterr().out


def test_a_failure_says_what_was_expected_what_came_and_why(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(small)]) == 1
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "ok    of_age",
        "FAIL  tests/ages.yaml:3:3: too_young",
        "        tests/ages.yaml:3:53: action call",
        "          expected: passes",
        "          came:     falls at ELIGIBILITY",
        "          because:  policy.yaml:4:52: adult: needs age >= 18; it held 17; would pass if age were 18 (is 17)",
    ]
    assert output.err == "1 passed, 1 failed\n"


def test_tests_are_chosen_by_name_and_told_as_json(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(small), "-k", "young", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["passed"], document["failed"], document["findings"]) == (0, 1, [])
    (test,) = document["tests"]
    assert (test["name"], test["file"], test["line"], test["passed"]) == ("too_young", "tests/ages.yaml", 3, False)
    assert test["problems"][0]["came"] == "falls at ELIGIBILITY"


def test_tests_of_a_broken_policy_are_its_findings(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small / "policy.yaml").write_text(SMALL.replace("age >= 18", "aeg >= 18"))
    assert main(["test", str(small)]) == 1
    output = capsys.readouterr()
    assert output.out.startswith("policy.yaml:4:52: UNKNOWN_ATTRIBUTE")
    assert output.err == "0 passed, 0 failed, 1 error\n"


def test_the_schema_goes_to_stdout_or_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == policy_schema()
    assert main(["schema", "--of", "tests", "--out", str(tmp_path / "tests.json")]) == 0
    assert json.loads((tmp_path / "tests.json").read_text())["title"] == "Tests of a Tandem policy"


def test_an_explanation_names_the_rule_its_place_and_the_smallest_change(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "facts.json").write_text('{"age": 16}')
    arguments = ["rules", "explain-subject", str(small), "--facts", str(small / "facts.json")]
    assert main([*arguments, "--at", "2026-11-22T10:00:00Z"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "at 2026-11-22 10:00:00 UTC",
        "segments: none",
        "falls   call at ELIGIBILITY",
        "          adult: needs age >= 18; it held 16; would pass if age were 18 (is 16)",
        "          policy.yaml:4:52",
    ]


def test_facts_have_moments_as_json_writes_them(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = SMALL.replace("age: {type: int}", "age: {type: timestamp}")
    (small / "policy.yaml").write_text(policy.replace("age >= 18", 'age < timestamp("2000-01-01T00:00:00Z")'))
    (small / "facts.json").write_text('{"age": {"timestamp": "1999-01-01T00:00:00Z"}}')
    assert main(["rules", "explain-subject", str(small), "--facts", str(small / "facts.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] == ["call"]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+05:00", "soon"])
def test_a_search_as_of_no_moment_is_a_usage_error(time: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "age > 3", "--read-time", time]) == 2
    assert "--read-time" in capsys.readouterr().err


def test_a_persona_is_explained_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["rules", "explain-subject", str(BOUTIQUE), "--persona", LEA, "--json"]
    assert main([*arguments, "--action", "student_offer", "--action", "welcome_offer"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["passed"] == ["welcome_offer"]
    (dropped,) = document["dropped"]
    assert (dropped["action"], dropped["rule_id"]) == ("student_offer", "is_student")
    assert dropped["rule_place"].startswith("actions/acquire.yaml:")
    assert "newcomers" in document["segments"]


REFUSED = {
    "nobody": ([], "USAGE: say whom"),
    "an unknown action": (["--persona", LEA, "--action", "welcom_offer"], 'did you mean "welcome_offer"?'),
    "no moment": (["--persona", LEA, "--at", "noon"], "is no moment"),
    "the first year": (["--persona", LEA, "--at", "0001-01-01T00:00:00Z"], "--at '0001-01-01T00:00:00Z' is not of the"),
    "the last year": (["--persona", LEA, "--at", "9999-12-31T23:59:59Z"], "--at '9999-12-31T23:59:59Z' is not of the"),
    "before the first year": (["--persona", LEA, "--at", "0001-01-01T00:00:00+05:00"], "--at '0001-01-01T"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_explained_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "explain-subject", str(BOUTIQUE), *arguments]) in (1, 2)
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ("{aeg: 1, age: x}", "1:15: age must be a int"),
        ("age: {ago: 5d}", "age must be a int, not a timestamp"),
        ("age: {tomorrow: 5d}", 'age: unknown key "tomorrow"'),
        ("age: {}", "age: must be a value, a list of values, or one of {timestamp: 2026-06-01T00:00:00Z}"),
        ("aeg: 1", "no attribute"),
        ("age: old", "age must be a int"),
        ("[1]", "must be a mapping"),
        ("a: [", "YAML"),
    ],
)
def test_facts_that_the_policy_does_not_know_are_refused_with_their_place(
    facts: str, message: str, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = small / "tests" / "facts.txt"
    file.write_text(facts)
    assert main(["rules", "explain-subject", str(small), "--facts", str(file)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: FACTS_INVALID: {file}:1:")
    assert message.lower() in error.lower() or "flow" in error
