"""A server from SERVING to its end: health, drain, reflection, TLS, metrics."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc._cython import cygrpc  # type: ignore[attr-defined]
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from shared import errors, health
from shared.rpc import channel as rpc_channel
from shared.rpc import server as rpc_server
from shared.rpc.channel import call, open_channel
from shared.rpc.context import CallContext
from shared.rpc.tls import ClientTls, say_who_may_call
from shared.settings import ServiceSettings
from tests.support.grpc_server import Loopback, loopback
from tests.support.rules_servicer import EVALUATE, RULES, RulesServicer, nothing

SERVING, NOT_SERVING = 1, 2


async def status(channel: grpc.aio.Channel, service: str = "") -> int:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    return int((await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)).status)


async def becomes(channel: grpc.aio.Channel, service: str, expected: int) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    async for answer in stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=5):
        if answer.status == expected:
            return


async def evaluate(server: Loopback, channel: grpc.aio.Channel | None = None) -> Any:
    reached = Loopback(server.server, channel or server.channel, server.descriptor)
    return await call(reached.unary("EvaluateEngagementPolicy"), EVALUATE, timeout_s=5)


async def test_client_that_pings_as_often_as_it_may_keeps_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_server, "MIN_PING_INTERVAL_MS", 100)
    pings = [
        ("grpc.keepalive_time_ms", 300),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    async with loopback(RULES, RulesServicer()) as server:
        channel = grpc.aio.insecure_channel(server.server.address, options=pings)
        await evaluate(server, channel)
        connected = channel.get_state()
        assert connected is grpc.ChannelConnectivity.READY
        with pytest.raises(TimeoutError):  # an unwelcome client is sent away at its third ping
            await asyncio.wait_for(channel.wait_for_state_change(connected), 3)
        await channel.close(None)


def test_servers_permit_the_pings_of_our_clients() -> None:
    assert dict(rpc_channel._OPTIONS)["grpc.keepalive_time_ms"] > rpc_server.MIN_PING_INTERVAL_MS


def test_every_option_is_one_that_grpc_knows() -> None:
    """It takes no notice of others."""
    library = Path(cygrpc.__file__).read_bytes()
    settings = ServiceSettings(max_connection_age_seconds=60)
    options = [*rpc_channel._OPTIONS, *rpc_server._options(settings)]
    assert len(options) > 20
    assert not [name for name, _ in options if f"{name}\0".encode() not in library]


@pytest.mark.parametrize("component", ["", "readiness", "liveness", "tandem.rules.v1.RulesService"])
async def test_every_component_is_serving_once_the_server_runs(component: str) -> None:
    async with loopback(RULES, RulesServicer()) as server:
        assert await status(server.channel, component) == SERVING


async def test_service_whose_store_fails_is_not_serving_and_the_process_is_still_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "CHECK_INTERVAL_S", 0.01)
    is_broken = False

    async def check() -> None:
        if is_broken:
            raise errors.Unavailable("STORE_UNAVAILABLE", "gone")

    async with asyncio.timeout(5), loopback(RULES, RulesServicer(), check=check) as server:
        is_broken = True
        for component in ("tandem.rules.v1.RulesService", "", "readiness"):
            await becomes(server.channel, component, NOT_SERVING)
        assert await status(server.channel, "liveness") == SERVING
        is_broken = False
        for component in ("tandem.rules.v1.RulesService", "", "readiness"):
            await becomes(server.channel, component, SERVING)


async def test_check_that_hangs_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.02)

    async def hang() -> None:
        await asyncio.sleep(60)

    async with loopback(RULES, RulesServicer(), check=hang) as server:
        assert await status(server.channel) == NOT_SERVING


async def test_draining_server_says_not_serving_still_answers_and_finishes_what_it_began() -> None:
    began, release = asyncio.Event(), asyncio.Event()

    async def hold(_context: CallContext) -> None:
        began.set()
        await release.wait()

    servicer = RulesServicer(hold)
    async with AsyncExitStack() as clients, AsyncExitStack() as servers:
        server = await servers.enter_async_context(loopback(RULES, servicer, drain_seconds=0.3, grace_seconds=5))
        channel = await clients.enter_async_context(open_channel(server.server.address))
        in_flight = asyncio.ensure_future(evaluate(server, channel))
        await began.wait()
        stopping = asyncio.ensure_future(servers.aclose())
        await becomes(channel, "", NOT_SERVING)
        late = asyncio.ensure_future(evaluate(server, channel))
        await asyncio.sleep(0.05)
        release.set()
        assert (await in_flight).rule_set_version == "r-1"
        assert (await late).rule_set_version == "r-1"
        await stopping
        with pytest.raises(errors.Unavailable):
            await evaluate(server, channel)


async def test_watcher_of_health_does_not_use_up_the_grace_of_others() -> None:
    async with AsyncExitStack() as clients:
        async with loopback(RULES, RulesServicer(), grace_seconds=20) as server:
            channel = await clients.enter_async_context(open_channel(server.server.address))
            stub: Any = health_pb2_grpc.HealthStub(channel)
            watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=30)
            assert (await watch.read()).status == SERVING
            stopped_at = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - stopped_at < 10
        assert (await watch.read()).status == NOT_SERVING


async def test_health_answers_while_the_server_sheds_load_and_asks_for_a_token() -> None:
    began, release = asyncio.Event(), asyncio.Event()

    async def hold(_context: CallContext) -> None:
        began.set()
        await release.wait()

    async with loopback(RULES, RulesServicer(hold), max_concurrent_rpcs=1, bearer_token="t", token="t") as server:
        held = asyncio.ensure_future(evaluate(server))
        await began.wait()
        with pytest.raises(errors.ResourceExhausted):
            await evaluate(server)
        async with open_channel(server.server.address) as without_token:
            assert await status(without_token) == SERVING
        release.set()
        await held


async def listed_services(channel: grpc.aio.Channel) -> set[str]:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    async for answer in stub.ServerReflectionInfo(iter([request]), timeout=5):
        return {service.name for service in answer.list_services_response.service}
    raise AssertionError("reflection did not answer")


async def test_reflection_lists_the_services() -> None:
    async with loopback(RULES, RulesServicer()) as server:
        listed = await listed_services(server.channel)
    assert {"tandem.rules.v1.RulesService", "grpc.health.v1.Health"} <= listed


async def test_reflection_can_be_turned_off() -> None:
    async with loopback(RULES, RulesServicer(), reflection=False) as server:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await listed_services(server.channel)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cert.pem and key.pem for localhost, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    files = "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"
    subprocess.run(f"{command} {files}".split(), cwd=folder, check=True, capture_output=True)
    return folder


async def test_tls_with_a_certificate_the_client_trusts(certificates: Path) -> None:
    files: dict[str, Any] = {
        "tls_certificate_file": certificates / "cert.pem",
        "tls_key_file": certificates / "key.pem",
    }
    trusting = ClientTls(ca_file=certificates / "cert.pem")
    async with loopback(RULES, RulesServicer(), tls=trusting, **files) as server:
        assert (await evaluate(server)).rule_set_version == "r-1"
        async with open_channel(server.server.address) as plaintext:
            with pytest.raises(errors.Unavailable):
                await evaluate(server, plaintext)


async def test_client_without_certificate_is_refused_where_one_is_asked_for(certificates: Path) -> None:
    cert, key = certificates / "cert.pem", certificates / "key.pem"
    files: dict[str, Any] = {"tls_certificate_file": cert, "tls_key_file": key, "tls_client_ca_file": cert}
    known = ClientTls(cert, cert, key)
    async with loopback(RULES, RulesServicer(), tls=known, health_address="127.0.0.1:0", **files) as server:
        assert (await evaluate(server)).rule_set_version == "r-1"
        stranger = open_channel(server.server.address.replace("127.0.0.1", "localhost"), tls=ClientTls(cert))
        async with stranger:
            with pytest.raises(errors.Unavailable):
                await evaluate(server, stranger)
        async with open_channel(server.server.health_address) as probe:
            assert await status(probe, "readiness") == SERVING
            with pytest.raises(errors.TandemError):
                await evaluate(server, probe)


@pytest.mark.parametrize(
    ("address", "token", "level", "text"),
    [
        ("127.0.0.1:1", None, "INFO", "TLS and token are off (loopback)"),
        ("[::1]:1", None, "INFO", "TLS and token are off (loopback)"),
        ("127.0.0.1:1", "t", "INFO", "TLS is off, callers are checked"),
        ("0.0.0.0:1", None, "WARNING", "anyone there may read and write"),
        ("0.0.0.0:1", "t", "WARNING", "in the clear"),
    ],
)
def test_start_says_what_protects_the_server(
    caplog: pytest.LogCaptureFixture, address: str, token: Any, level: str, text: str
) -> None:
    with caplog.at_level(logging.INFO):
        say_who_may_call(ServiceSettings(listen_address=address, bearer_token=token))
    assert [(record.levelname, text in record.getMessage()) for record in caplog.records] == [(level, True)]


async def scrape(server: Loopback) -> str:
    def get() -> str:
        with urllib.request.urlopen(f"http://{server.server.metrics_address}/metrics", timeout=5) as answer:
            return str(answer.read(), "utf-8")

    return await asyncio.to_thread(get)


async def test_metrics_count_calls_by_code_and_exist_before_the_first_error() -> None:
    async def fail_once(context: CallContext) -> None:
        if "fail" in context.metadata:
            raise errors.NotFound("RULE_SET_NOT_FOUND", "none")

    series = 'tandem_rpc_handled_total{code="%s",method="ValidateRuleSet",service="tandem.rules.v1.RulesService"} '
    async with loopback(RULES, RulesServicer(fail_once), metrics_address="127.0.0.1:0") as server:
        before = await scrape(server)
        method = server.unary("EvaluateEngagementPolicy")
        await method(EVALUATE, timeout=5)
        with pytest.raises(grpc.aio.AioRpcError):
            await method(EVALUATE, timeout=5, metadata=(("fail", "1"),))
        after = await scrape(server)
    for code in ("OK", "INTERNAL", "DEADLINE_EXCEEDED"):
        assert series % code in before
    evaluated = series.replace("ValidateRuleSet", "EvaluateEngagementPolicy")
    for code in ("OK", "NOT_FOUND"):
        assert value(after, evaluated % code) - value(before, evaluated % code) == 1
    assert "tandem_build_info{" in after


def value(text: str, series: str) -> float:
    return next(float(line.removeprefix(series)) for line in text.splitlines() if line.startswith(series))


async def test_two_servers_of_one_process_share_the_declared_metrics() -> None:
    async with (
        loopback(RULES, RulesServicer(), metrics_address="127.0.0.1:0"),
        loopback(RULES, RulesServicer(nothing), metrics_address="127.0.0.1:0") as second,
    ):
        assert "tandem_rpc_seconds" in await scrape(second)


async def test_taken_metrics_address_is_refused_with_a_sentence() -> None:
    async with loopback(RULES, RulesServicer(), metrics_address="127.0.0.1:0") as first:
        with pytest.raises(errors.StartupError, match="cannot serve metrics"):
            async with loopback(RULES, RulesServicer(), metrics_address=first.server.metrics_address):
                pass
