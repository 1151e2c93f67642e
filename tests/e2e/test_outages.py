"""Services that die while others go on: the answer is degraded, or closed, and nothing acknowledged is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tandem.orchestrator.v1 import decision_pb2

from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.tandem_client import TandemClient, fresh, inbound, only, outbound, outcome, proposed

RECOVERY_S = 20.0
SLOW_MACHINE = {"DECIDE_BUDGET_SECONDS": "5"}


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Four processes of our own to kill."""
    folder: Path = tmp_path_factory.mktemp("apart")
    with deployed(Form.FOUR, Storage(folder), folder, SLOW_MACHINE) as running:
        yield running


@pytest.fixture(scope="module")
def client(apart: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(apart.addresses)
    assert caller.publish().active
    yield caller
    caller.close()


@pytest.fixture
def who(client: TandemClient) -> str:
    person = fresh("crm:person")
    client.upsert(person, age=42)
    client.consent(person, "GRANTED", channel="")
    return person


def decided_well(client: TandemClient, who: str) -> decision_pb2.DecideResponse:
    """Once the orchestrator has found a service that came back."""
    deadline = time.monotonic() + RECOVERY_S
    while True:
        response = client.decide(inbound(who))
        if not response.degraded:
            return response
        assert time.monotonic() < deadline, response.advisories
        time.sleep(0.1)


def test_without_the_scoring_process_value_ranks_and_outcomes_wait(
    client: TandemClient, apart: Deployment, who: str
) -> None:
    before = decided_well(client, who)
    apart.processes["scoring"].kill()
    degraded = client.decide(inbound(who))
    assert (degraded.degraded, list(degraded.advisories)) == (True, ["SCORING_UNAVAILABLE"])
    assert proposed(degraded) == [["espresso"]]
    proposition = only(degraded).propositions.items[0]
    assert proposition.propensity == pytest.approx(0.1)
    assert proposition.choice_probability == 1.0
    captured = client.capture(outcome(only(before).propositions.items[0].proposition_id))
    assert captured.items[0].HasField("result")
    apart.restart("scoring")
    deadline = time.monotonic() + RECOVERY_S
    while decided_well(client, who).versions.model == before.versions.model:
        assert time.monotonic() < deadline, "the outcome was never learnt"
        time.sleep(0.1)


@pytest.mark.parametrize("service", ["rules", "profile"])
def test_without_the_rules_or_the_profile_process_it_fails_closed(
    client: TandemClient, apart: Deployment, who: str, service: str
) -> None:
    decided_well(client, who)
    apart.processes[service].kill()
    closed = client.decide(inbound(who, "home_hero", "side_bar"))
    assert (closed.degraded, list(closed.advisories)) == (True, [f"{service.upper()}_UNAVAILABLE"])
    fallback, silence = closed.placement_results
    assert fallback.fallback.reason == decision_pb2.NO_ACTION_REASON_DEGRADED
    assert silence.no_action.reason == decision_pb2.NO_ACTION_REASON_DEGRADED
    assert only(client.decide(outbound(who))).no_action.reason == decision_pb2.NO_ACTION_REASON_DEGRADED
    apart.restart(service)
    assert proposed(decided_well(client, who)) != [[]]
    assert client.get(closed.decision_id).response == closed
