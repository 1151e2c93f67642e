"""What was learnt of marketing pressure as a caller asks for it, on both stores, in one process and in four."""

from __future__ import annotations

import json
from collections.abc import Iterator

import grpc
import pytest
from tandem.orchestrator.v1 import pressure_pb2

from services.cli.__main__ import main
from tests.support.policies_in_use import use_policy
from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.shop_policy import edited, policy_files
from tests.support.storages import StorageOf
from tests.support.tandem_client import TIMEOUT_S, Refusal, TandemClient, fresh, only, outbound
from tests.support.volume import declared

SECTION = "pressure: {half_life: 7d, response_window: 2d, gaps: {share: 0.000001, lengths: [1d]}}"
"""So few gaps that nobody is in one."""
CONFIGURATIONS = [("sqlite", Form.ONE), ("mongo", Form.FOUR)]


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda each: f"{each[1]}-{each[0]}")
def running(
    request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    kind, form = request.param
    storage: Storage
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("pressure")) as deployment:
        yield deployment


@pytest.fixture
def caller(running: Deployment) -> Iterator[TandemClient]:
    client = TandemClient(running.addresses)
    yield client
    client.close()


def asked(caller: TandemClient) -> pressure_pb2.GetPressureResponse:
    answer: pressure_pb2.GetPressureResponse = caller.orchestrator.GetPressure(
        pressure_pb2.GetPressureRequest(), timeout=TIMEOUT_S
    )
    return answer


def test_what_is_learnt_is_told_to_callers_and_at_the_terminal(
    running: Deployment, caller: TandemClient, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        asked(caller)
    assert Refusal.of(refused.value).reason == "NO_ACTIVE_POLICY"
    terminal = ["--target", running.addresses["orchestrator"], "--timeout", "30"]

    def says(*options: str) -> str:
        assert main(["pressure", *options, *terminal]) == 0
        return capsys.readouterr().out

    use_policy(caller, policy_files())
    assert not asked(caller).HasField("plan")
    assert "declares no pressure" in says()

    use_policy(caller, edited(declared(SECTION)))
    who = f"crm:{fresh('customer')}"
    caller.upsert(who, age=42)
    caller.consent(who, "GRANTED")
    assert only(caller.decide(outbound(who))).WhichOneof("result") == "propositions"
    answer = asked(caller)
    assert (answer.waiting, answer.samples, answer.certainty) == (1, 0, 0.0)
    assert answer.plan.half_life.seconds == 7 * 86_400
    assert "decisions that wait for responses: 1" in says()
    document = json.loads(says("--json"))
    assert document["plan"]["response_window"] == "172800s"
    assert document["waiting"] == "1"
