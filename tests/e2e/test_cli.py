"""The command line against a running server: what people type, and what they read."""

from __future__ import annotations

import io
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.cli.__main__ import main
from tests.support.servers import ROOT, Deployment, Form, Storage, deployed

BOUTIQUE = ROOT / "services/cli/samples/boutique"
LEA = BOUTIQUE / "personas/lea.yaml"
CLIENT = ROOT / "services/cli/examples/client.py"
PEOPLE = ROOT / "services/cli/examples/people.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of its own, with the boutique published."""
    folder = tmp_path_factory.mktemp("cli")
    with deployed(Form.ONE, Storage(folder / "stores"), folder) as running:
        address = running.addresses["orchestrator"]
        assert main(["publish", str(BOUTIQUE), "--target", address]) == 0
        yield address


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TANDEM_")]:
        monkeypatch.delenv(name)


class Tandem:
    """Runs commands against the server and hands back what they printed."""

    def __init__(self, address: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.address = address
        self._capsys = capsys

    def __call__(self, *arguments: str, expect: int = 0) -> tuple[str, str]:
        self._capsys.readouterr()
        code = main([*arguments, "--target", self.address])
        out, err = self._capsys.readouterr()
        assert code == expect, err
        return out, err

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json")[0])


@pytest.fixture
def tandem(server: str, capsys: pytest.CaptureFixture[str]) -> Tandem:
    return Tandem(server, capsys)


def test_persona_is_introduced_and_decided_for(tandem: Tandem) -> None:
    answers = (tandem("decide", "--persona", str(LEA), "--explain")[0] for _ in range(10))
    reference = "allowed by the consent of email:lea.martin@example.com#MARKETING/EMAIL"
    out = next(answer for answer in answers if reference in answer)  # silence is drawn once in fifteen times
    assert "worth " in out
    assert "Why not" in out
    assert "ELIGIBILITY" in out
    assert "In the draw" in out


def test_persona_who_is_tried_twice_does_everything_once(tandem: Tandem) -> None:
    for _ in range(2):
        response = tandem.json("decide", "--persona", str(BOUTIQUE / "personas/tom.yaml"))
    events = tandem.json("explain", response["decision_id"])["attributes"]
    counts = {name: feature["value"].get("int_value") for name, feature in events.items() if name == "page_views_7d"}
    assert counts == {"page_views_7d": "3"}


def test_simulated_persona_leaves_no_trace(tandem: Tandem) -> None:
    bruno = str(BOUTIQUE / "personas/bruno.yaml")
    response = tandem.json("decide", "--persona", bruno, "--mode", "simulate")
    assert "profile_id" not in response
    _, error = tandem("explain", response.get("decision_id", "d_none"), expect=1)
    assert "DECISION_NOT_FOUND" in error


def test_decision_as_json_is_the_contract_under_its_own_names(tandem: Tandem) -> None:
    response = tandem.json("decide", "--identity", "cookie=1", "--placement", "home_hero", "--explain", "none")
    (result,) = response["placement_results"]
    assert result["placement_id"] == "home_hero"
    assert "choice_probability" in result["propositions"]["items"][0]
    assert "dropped" not in response


def test_same_request_id_gives_the_same_decision(tandem: Tandem) -> None:
    command = ("decide", "--identity", "cookie=2", "--placement", "home_hero", "--request-id", "mine")
    assert tandem.json(*command)["decision_id"] == tandem.json(*command)["decision_id"]
    _, error = tandem("decide", "--identity", "cookie=3", "--request-id", "mine", expect=1)
    assert error.startswith("error: REQUEST_ID_REUSED: ")


def test_event_and_context_reach_the_decision(tandem: Tandem) -> None:
    said = ("--context", "weather=rain", "--event", "cart_add", "--event", 'page_view:{"category": "men"}')
    response = tandem.json("decide", "--identity", "cookie=4", "--placement", "cart_banner", *said)
    attributes = tandem.json("explain", response["decision_id"])["attributes"]
    assert attributes["context.weather"]["value"] == {"string_value": "rain"}
    assert attributes["cart_adds_1h"]["value"] == {"int_value": "1"}
    assert attributes["last_category"]["value"] == {"string_value": "men"}


def test_explanation_shows_what_was_known(tandem: Tandem) -> None:
    decision_id = tandem.json("decide", "--persona", str(LEA))["decision_id"]
    out, _ = tandem("explain", decision_id)
    assert f"decision {decision_id}" in out
    assert "It knew" in out
    assert '"Lyon"' in out
    assert "segments: " in out


def test_publishing_again_gives_the_same_version(tandem: Tandem) -> None:
    first = tandem.json("publish", str(BOUTIQUE))
    assert first["active"]
    out, _ = tandem("publish", str(BOUTIQUE), "--activate")
    assert out == f"{first['policy_version']} is active\n"


def test_second_policy_waits_until_it_is_activated(tandem: Tandem, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("policy: other\nissues: {}\n")
    original = tandem.json("publish", str(BOUTIQUE))["policy_version"]
    out, _ = tandem("publish", str(tmp_path))
    assert out.endswith("is published, not active\n")
    assert original not in out
    assert tandem("publish", str(tmp_path), "--activate")[0].endswith("is active\n")
    assert tandem("publish", str(BOUTIQUE), "--activate")[0] == f"{original} is active\n"


def test_policy_with_errors_lists_each_with_its_place(tandem: Tandem, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("policy: bad\nactions: {a: {grupp: x}}\n")
    out, error = tandem("publish", str(tmp_path), expect=1)
    assert out == ""
    *findings, last = error.splitlines()
    assert any(line.startswith("policy.yaml:2:") and "UNKNOWN_KEY" in line for line in findings)
    assert last.startswith("error: POLICY_INVALID: the policy has ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "d_nothing"], "error: DECISION_NOT_FOUND: "),
        (["decide", "--channel", "fax"], "error: UNKNOWN_CHANNEL: channels[0]: "),
        (["decide", "--placement", "nowhere"], "error: UNKNOWN_PLACEMENT: placements[0].placement_id: "),
        (["decide", "--context", "weather=5"], 'error: INVALID_FIELD: context["weather"]: '),
        (["decide", "--direction", "outbound"], "error: REQUIRED_FIELD_MISSING: subject.identities: "),
    ],
)
def test_refusal_is_one_line_with_reason_and_field(tandem: Tandem, arguments: list[str], said: str) -> None:
    out, error = tandem(*arguments, expect=1)
    assert out == ""
    assert error.startswith(said)
    assert error.count("\n") == 1


def test_client_example_has_twenty_lines_and_works(
    tandem: Tandem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = [line for line in CLIENT.read_text().splitlines() if line.strip()]
    assert len(code) <= 20
    monkeypatch.setattr(sys, "argv", [str(CLIENT), tandem.address])
    runpy.run_path(str(CLIENT), run_name="__main__")
    assert "(worth " in capsys.readouterr().out


def test_example_of_the_profile_service_works_and_knows_the_limits_of_the_policy(
    tandem: Tandem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(PEOPLE), tandem.address])
    runpy.run_path(str(PEOPLE), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["linked", "permitted", "merged", "mail_week:", "push_day:", "0"]
    assert lines[3] == "mail_week: 0 of 2"


def test_third_mail_of_a_week_is_held_back_by_the_contact_policy_of_the_boutique(
    tandem: Tandem, tmp_path: Path
) -> None:
    persona = tmp_path / "lou.yaml"
    persona.write_text(LEA.read_text().replace("lea.martin@", "lou@").replace("persona: lea", "persona: lou"))
    for _ in range(30):  # silence is drawn now and then
        response = tandem.json("decide", "--persona", str(persona), "--explain")
        held_back = {
            each.get("rule_id") for each in response.get("dropped", ()) if each["stage"].endswith("CONTACT_POLICY")
        }
        if held_back:
            break
    assert held_back == {"mail_week"}


def test_command_runs_as_a_program_of_its_own(server: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "explain", "d_nothing", "--target", server],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "error: DECISION_NOT_FOUND: there is no decision 'd_nothing'\n"


def test_token_is_asked_for_and_taken_from_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with deployed(Form.ONE, Storage(tmp_path / "stores"), tmp_path, {"BEARER_TOKEN": "s3cret"}) as running:
        address = _address(running)
        assert main(["explain", "d_1", "--target", address]) == 1
        assert capsys.readouterr().err.startswith("error: CREDENTIAL_MISSING: ")
        assert main(["explain", "d_1", "--target", address, "--token", "wrong"]) == 1
        assert capsys.readouterr().err.startswith("error: CREDENTIAL_INVALID: ")
        monkeypatch.setenv("TANDEM_BEARER_TOKEN", "s3cret")
        assert main(["explain", "d_1", "--target", address]) == 1
        assert capsys.readouterr().err.startswith("error: DECISION_NOT_FOUND: ")


def _address(running: Deployment) -> str:
    return running.addresses["orchestrator"]


def test_everything_of_a_person_is_exported_and_then_erased(tandem: Tandem, tmp_path: Path) -> None:
    tandem("decide", "--persona", str(LEA))
    target = tmp_path / "lea.jsonl"
    _, told = tandem("export", "--identity", "email=lea.martin@example.com", "--out", str(target))
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert told.strip() == f"{len(lines)} lines"
    assert lines[0]["kind"] == "profile"
    assert {"profile", "trait", "event", "consent", "change", "decision"} <= {line["kind"] for line in lines}

    out, _ = tandem("erase", "--identity", "email=lea.martin@example.com", "--yes", "--reason", "asked for")
    assert lines[0]["profile_id"] in out
    _, err = tandem("export", "--identity", "email=lea.martin@example.com", expect=1)
    assert "PROFILE_NOT_FOUND" in err
    _, err = tandem("decide", "--persona", str(LEA), expect=1)
    assert "SUBJECT_ERASED" in err


def test_an_erasure_asks_first(tandem: Tandem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    tandem("erase", "--identity", "crm=nobody", expect=130)
