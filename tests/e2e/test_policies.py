"""Policies are listed, approved, activated, compared and rolled back from outside, by the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymongo import MongoClient
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.__main__ import main
from tests.support.dumps import dump_mongo, dump_sqlite
from tests.support.servers import Deployment, Form, deployed
from tests.support.shop_policy import edited
from tests.support.storages import StorageOf
from tests.support.tandem_client import Refusal, TandemClient, fresh, inbound


@pytest.fixture(
    scope="module", params=[("sqlite", Form.ONE), ("mongo", Form.FOUR)], ids=lambda each: f"{each[1]}-{each[0]}"
)
def running(
    request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    kind, form = request.param
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("logs")) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def shop(running: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(running.addresses)
    caller.publish()
    for index in range(60):
        who = fresh("crm:diffed")
        caller.upsert(who, age=20 + index, tier=("silver", "gold")[index % 2])
        caller.decide(inbound(who, "side_bar"))
    yield caller
    caller.close()


def folder(path: Path, changes: dict[str, str]) -> str:
    path.mkdir()
    for name, content in edited(changes).items():
        (path / name).write_bytes(content)
    return str(path)


def told(capsys: pytest.CaptureFixture[str], target: str, *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json", "--target", target]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_policy_lives_from_draft_to_retired(
    running: Deployment, shop: TandemClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = running.addresses["orchestrator"]
    before = told(capsys, target, "policies", "show")["policy"]["policy_version"]
    path = folder(tmp_path / "next", {"lever: 1.5": "lever: 1.4"})
    version = told(capsys, target, "publish", path, "--author", "ada")["policy_version"]
    assert told(capsys, target, "policies", "show", version)["policy"]["state"] == "POLICY_STATE_DRAFT"
    approved = told(capsys, target, "policies", "approve", version, "--by", "bob")["policy"]
    assert (approved["state"], approved["author"], approved["approver"]) == ("POLICY_STATE_APPROVED", "ada", "bob")
    assert told(capsys, target, "policies", "activate", version, "--by", "cyd")["policy"]["activator"] == "cyd"
    assert shop.decide(inbound(None, "side_bar")).versions.policy == version
    back = told(capsys, target, "policies", "rollback", "--from", version)["policy"]
    assert (back["policy_version"], back["state"]) == (before, "POLICY_STATE_ACTIVE")
    assert shop.decide(inbound(None, "side_bar")).versions.policy == before
    assert main(["policies", "rollback", "--from", version, "--target", target]) == 1
    assert "POLICY_NOT_ACTIVE" in capsys.readouterr().err
    states = {each["policy_version"]: each["state"] for each in told(capsys, target, "policies", "list")["policies"]}
    assert (states[version], states[before]) == ("POLICY_STATE_RETIRED", "POLICY_STATE_ACTIVE")
    assert main(["policies", "show", version, "--files", str(tmp_path / "was"), "--target", target]) == 0
    assert {each.name: each.read_bytes() for each in (tmp_path / "was").iterdir()} == edited(
        {"lever: 1.5": "lever: 1.4"}
    )
    assert main(["policies", "list", "--target", target]) == 0
    assert "RETIRED" in capsys.readouterr().out


def test_a_diff_is_a_gate_and_a_page(
    running: Deployment, shop: TandemClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop
    target, page = running.addresses["orchestrator"], tmp_path / "diff.html"
    path = folder(tmp_path / "candidate", {"lever: 1.5": "lever: 1.2"})
    document = told(capsys, target, "diff", path, "--by", "tier", "--html", str(page), "--fail-on", "refused")
    assert int(document["decisions"]) >= 60
    assert document["difference"]["money_dr"].keys() == {"mean", "low", "high"}
    text = page.read_text()
    assert text.count("<svg") >= 5
    assert "of the first slot" in text
    assert re.findall(r"(?:src|href)=|url\(|https?:", text) == [], "it needs nothing else"
    itself = told(capsys, target, "policies", "show")["policy"]["policy_version"]
    assert main(["diff", itself, "--fail-on", "not-better", "--target", target]) == 1
    output = capsys.readouterr()
    assert "no difference seen" in output.out
    assert "the gate is shut: not-better" in output.err
    version = document["candidate"]["policy_version"]
    run = told(capsys, target, "policies", "simulate", version)["run"]
    assert run["value"]["money_dr"] == document["candidate"]["value"]["money_dr"]
    assert main(["policies", "simulate", version, "--target", target]) == 0
    assert "expected contacts" in capsys.readouterr().out


def dump(deployment: Deployment) -> dict[str, list[str]]:
    storage = deployment.storage
    if not storage.mongo_uri:
        return dump_sqlite(storage.folder)
    with MongoClient[dict[str, Any]](storage.mongo_uri) as mongo:
        return dump_mongo(mongo, storage.database)


def test_policies_are_compared_over_persons_of_a_segment(
    running: Deployment, shop: TandemClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop
    target, page = running.addresses["orchestrator"], tmp_path / "diff.html"
    changes = {
        "lever: 1.5": "lever: 0.9",
        "policy: corner_shop\n": "policy: corner_shop\narms: {holdout: 0.0005}\nstock:\n"
        "  greetings: {units: 1, channel: web}\n",
    }
    version = told(capsys, target, "publish", folder(tmp_path / "candidate", changes))["policy_version"]
    before = dump(running)
    asked = "diff", version, "--segment", "gold", "--placement", "side_bar", "--sample", "20", "--by", "tier"
    document = told(capsys, target, *asked, "--html", str(page), "--fail-on", "not-comparable")
    assert document["audience"] | {"decision_time": ""} == {
        "condition": 'tier == "gold"',
        "audience": "30",
        "weight": 1.5,
        "decision_time": "",
    }
    assert (document["persons"], document["candidate"]["resource_use"]["greetings"] <= 1.0) == ("20", True)
    assert document["candidate"]["expected_contacts"] < 2.0 < document["baseline"]["expected_contacts"]
    assert document["expected_difference"]["high"] < 0.0
    assert document["verdict"] == "DIFF_VERDICT_EXPECTS_LESS"
    assert document["arms"] == {"shares": [{"arm": "HOLDOUT", "candidate": 0.0005}]}
    assert "HOLDOUT 0% to 0.05%" in document["verdict_text"]
    text = page.read_text()
    assert "Nobody was asked" in text
    assert "Control arms differ" in text
    assert re.findall(r"(?:src|href)=|url\(|https?:", text) == [], "it needs nothing else"
    again = told(capsys, target, *asked)
    assert again["candidate"]["contacts_by_action"] == document["candidate"]["contacts_by_action"]
    assert main([*asked, "--fail-on", "expects-less", "--target", target]) == 1
    output = capsys.readouterr()
    assert "expects less" in output.out
    assert "0.05%" in output.out
    assert "the gate is shut: expects-less" in output.err
    simulated = "simulate", version, "--segment", 'tier == "gold"', "--placement", "side_bar", "--sample", "20"
    run = told(capsys, target, *simulated, "--html", str(tmp_path / "run.html"))["run"]
    assert run["expected_money"] == document["candidate"]["expected_money"]
    assert (tmp_path / "run.html").read_text().count("<svg") >= 4
    assert main([*simulated, "--target", target]) == 0
    assert "what each policy's own models expect" in " ".join(capsys.readouterr().out.split())
    assert dump(running) == before


def test_what_has_no_log_or_nobody_is_refused(
    running: Deployment, shop: TandemClient, capsys: pytest.CaptureFixture[str]
) -> None:
    target = running.addresses["orchestrator"]
    version = told(capsys, target, "policies", "show")["policy"]["policy_version"]
    for command in ("diff", "simulate"):
        assert main([command, version, "--segment", "age > 500", "--target", target]) == 1
        assert "error: NO_PROFILES: " in capsys.readouterr().err
    sample = pb.ProfileSample(segment="true", direction="DIRECTION_OUTBOUND")
    for beside in ({"count": 5}, {"seed": 5}, {"max_untried": 0.0}):
        request = pb.DiffPoliciesRequest(candidate=version, profiles=sample, **beside)
        assert refusal(shop, request).fields == (next(iter(beside)),)
    for segment in ("", "  "):
        request = pb.DiffPoliciesRequest(candidate=version, profiles=pb.ProfileSample(segment=segment))
        assert refusal(shop, request).fields == ("profiles.segment",)


def refusal(shop: TandemClient, request: pb.DiffPoliciesRequest) -> Refusal:
    with pytest.raises(grpc.RpcError) as refused:
        shop.orchestrator.DiffPolicies(request, timeout=30.0)
    return Refusal.of(refused.value)


def test_a_diff_with_an_attribute_nobody_recorded_names_it(
    running: Deployment, shop: TandemClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop
    changes = {"traits:\n": "traits:\n  shoe_size: {type: int}\n", "'age >= 18'": "'shoe_size >= 18'"}
    path = folder(tmp_path / "candidate", changes)
    assert main(["diff", path, "--target", running.addresses["orchestrator"]]) == 1
    assert 'attribute "shoe_size" was not recorded then' in capsys.readouterr().err
