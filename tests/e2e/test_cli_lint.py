"""`tandem lint`: all findings at once, each with its place, without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.__main__ import main
from tests.support.servers import ROOT

FOUR_ERRORS = """\
policy: broken
traits:
  age: {type: int}
channels:
  web: {direction: INBOUND}
  sms: {direction: OUTBOUND, limits: {text: 160, charset: GSM-7}}
issues: {grow: {business_value: 1}}
groups: {offers: {issue: grow}}
actions:
  late_offer:
    group: offers
    eligibility:
      - {id: adult, when: 'age >= "18"'}
      - {id: is_gold, when: 'loyalty_tier == "gold"'}
    treatments:
      late_sms: {channel: sms, content: {en: {text: 'TEXT'}}}
  late_offer:
    group: offers
    treatments:
      late_web: {channel: web, content: {en: {title: Again}}}
""".replace("TEXT", 161 * "x")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(FOUR_ERRORS)
    return tmp_path


def test_ill_typed_condition_unknown_attribute_long_sms_and_duplicate_action_are_all_reported(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", str(broken)]) == 1
    output = capsys.readouterr()
    places = [tuple(line.split(" ")[:2]) for line in output.out.splitlines()]
    assert places == [
        ("policy.yaml:13:32:", "CEL_TYPE"),
        ("policy.yaml:14:30:", "UNKNOWN_ATTRIBUTE"),
        ("policy.yaml:16:54:", "CONTENT_TOO_LONG"),
        ("policy.yaml:17:3:", "DUPLICATE_ACTION"),
    ]
    assert "late_sms" in output.out
    assert "161 characters, the limit is 160" in output.out
    assert output.err == f"4 errors, 0 warnings in {broken}\n"


def test_findings_as_json(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(broken), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["errors"] == 4
    assert [finding["line"] for finding in document["findings"]] == [13, 14, 16, 17]
    assert document["findings"][0].keys() == {"file", "line", "column", "code", "message", "severity"}


@pytest.mark.parametrize("sample", ["boutique", "fashion_store"])
def test_samples_have_no_errors(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(ROOT / "services/cli/samples" / sample)]) == 0, capsys.readouterr().out


def test_file_that_is_no_yaml_is_a_finding_not_a_crash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy.yaml").write_text("policy: [unclosed\n")
    assert main(["lint", str(tmp_path)]) == 1
    assert "YAML_SYNTAX" in capsys.readouterr().out


def test_folder_without_policy_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"error: POLICY_INVALID: {tmp_path} holds no .yaml file\n"
