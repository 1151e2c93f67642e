"""Processes that stand still: they keep their connections and answer nothing. Callers are answered in time all the
same, operators see why, and everything goes on once they do."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tandem.orchestrator.v1 import batch_pb2, decision_pb2

from tests.support.servers import Deployment, Form, Storage, deployed, free_address
from tests.support.tandem_client import TandemClient, fresh, inbound, only, proposed

WAITS_S = 3.0
"""A caller. A service may take half of it; the machine may be busy."""
RECOVERY_S = 30.0
METRICS = free_address()
SETTINGS = {"DECIDE_BUDGET_SECONDS": "5", "METRICS_ADDRESS": METRICS}


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder: Path = tmp_path_factory.mktemp("apart")
    with deployed(Form.FOUR, Storage(folder), folder, SETTINGS) as running:
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


@contextmanager
def frozen(apart: Deployment, service: str) -> Iterator[None]:
    apart.processes[service].freeze()
    try:
        yield
    finally:
        apart.processes[service].thaw()


def in_time(client: TandemClient, request: decision_pb2.DecideRequest) -> decision_pb2.DecideResponse:
    """Raises DEADLINE_EXCEEDED where it is not."""
    response: decision_pb2.DecideResponse = client.orchestrator.Decide(request, timeout=WAITS_S)
    return response


def recovers(client: TandemClient, who: str) -> decision_pb2.DecideResponse:
    deadline = time.monotonic() + RECOVERY_S
    while (response := client.decide(inbound(who))).degraded:
        assert time.monotonic() < deadline, response.advisories
        time.sleep(0.1)
    return response


def counted(stage: str, cause: str) -> float:
    """What a scrape shows."""
    series = f'tandem_decisions_degraded_total{{cause="{cause}",stage="{stage}"}} '
    with urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=10) as page:
        lines = page.read().decode().splitlines()
    [value] = [line.removeprefix(series) for line in lines if line.startswith(series)]
    return float(value)


def waited_for() -> float:
    """The connection may be given up meanwhile: then it is down."""
    return counted("scoring", "slow") + counted("scoring", "down")


def test_a_frozen_scorer_is_waited_for_at_first_and_then_left_out(
    client: TandemClient, apart: Deployment, who: str
) -> None:
    recovers(client, who)
    unanswered, skipped = waited_for(), counted("scoring", "skipped")
    with frozen(apart, "scoring"):
        took = []
        for _ in range(8):
            start = time.monotonic()
            response = in_time(client, inbound(who))
            took.append(time.monotonic() - start)
            assert (response.degraded, list(response.advisories)) == (True, ["SCORING_UNAVAILABLE"])
            assert proposed(response) == [["espresso"]]
        assert waited_for() >= unanswered + 5
        assert counted("scoring", "skipped") > skipped
        assert min(took) < WAITS_S / 4, "a scorer that is left out costs nothing"
    assert recovers(client, who).versions.model


@pytest.mark.parametrize("service", ["rules", "profile"])
def test_frozen_rules_or_a_frozen_profile_service_close_in_time(
    client: TandemClient, apart: Deployment, who: str, service: str
) -> None:
    recovers(client, who)
    before = counted(service, "slow") + counted(service, "down")
    with frozen(apart, service):
        closed = in_time(client, inbound(who, "home_hero", "side_bar"))
        assert (closed.degraded, list(closed.advisories)) == (True, [f"{service.upper()}_UNAVAILABLE"])
        fallback, silence = closed.placement_results
        assert fallback.fallback.reason == decision_pb2.NO_ACTION_REASON_DEGRADED
        assert silence.no_action.reason == decision_pb2.NO_ACTION_REASON_DEGRADED
    assert counted(service, "slow") + counted(service, "down") == before + 1
    assert proposed(recovers(client, who)) != [[]]
    assert client.get(closed.decision_id).response == closed


def test_every_decision_of_a_batch_comes_in_time(client: TandemClient, apart: Deployment, who: str) -> None:
    recovers(client, who)
    requests = [inbound(who) for _ in range(5)]
    with frozen(apart, "scoring"):
        batch = batch_pb2.BatchDecideRequest(requests=requests)
        response = client.orchestrator.BatchDecide(batch, timeout=WAITS_S)
    assert [list(item.result.advisories) for item in response.items] == [["SCORING_UNAVAILABLE"]] * 5
    assert all(only(item.result).propositions.items for item in response.items)
    recovers(client, who)


def test_a_service_that_starts_again_is_used_again(client: TandemClient, apart: Deployment, who: str) -> None:
    recovers(client, who)
    for service in ("scoring", "rules", "profile"):
        apart.processes[service].kill()
        assert in_time(client, inbound(who)).degraded
        apart.restart(service)
        recovers(client, who)
