"""GetProfile over gRPC: how long callers wait, and what it costs the server beside a bare echo of its answer."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import grpc
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.profile.v1.profile_service_pb2 import GetProfileRequest, GetProfileResponse

from tests.bench.echo_server import METHOD
from tests.bench.report import Row
from tests.bench.server_cpu import cpu_s
from tests.support.servers import ROOT, ServerProcess, Storage, free_address

CALLS = 6_000
CALLERS = 4


@contextmanager
def profile_server(storage: Storage, log: Path) -> Iterator[ServerProcess]:
    address = free_address()
    settings = {"TANDEM_PROFILE_LISTEN_ADDRESS": address, "TANDEM_PROFILE_METRICS_ADDRESS": "off"}
    settings |= storage.settings("TANDEM_PROFILE_", storage.database)
    server = ServerProcess("services.profile", address, settings, log)
    server.start()
    try:
        server.wait_until_serving()
        yield server
    finally:
        server.stop()


@contextmanager
def echo_server(*arguments: str) -> Iterator[tuple[str, int]]:
    """Its address and process id."""
    address = free_address()
    paths = os.pathsep.join((str(ROOT), str(ROOT / "shared/gen")))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.echo_server", address, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
    )
    try:
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


async def cases(name: str, storage: Storage, folder: Path, people: int) -> list[Row]:
    chance = random.Random(11)

    def request() -> GetProfileRequest:
        identity = Identity(namespace="crm", value=f"{chance.randrange(people):08}")
        return GetProfileRequest(subject=Subject(identities=[identity]))

    with profile_server(storage, folder / f"{name}.log") as server:
        assert server.process is not None
        async with _channel(server.address) as channel:
            get = channel.unary_unary(
                "/tandem.profile.v1.ProfileService/GetProfile",
                request_serializer=GetProfileRequest.SerializeToString,
                response_deserializer=GetProfileResponse.FromString,
            )
            answer = await get(request(), timeout=10)
            alone = await _measure(get, request, server.process.pid, CALLS // 3, 1)
            busy = await _measure(get, request, server.process.pid, CALLS, CALLERS)
    with echo_server() as (address, pid):
        async with _channel(address) as channel:
            echo = channel.unary_unary(
                METHOD,
                request_serializer=GetProfileResponse.SerializeToString,
                response_deserializer=GetProfileResponse.FromString,
            )
            await echo(answer, timeout=10, wait_for_ready=True)
            echo_alone = await _measure(echo, lambda: answer, pid, CALLS // 3, 1)
            echo_busy = await _measure(echo, lambda: answer, pid, CALLS, CALLERS)
    of = f"{name}: GetProfile over gRPC, {people:,} profiles"
    rows = [
        Row(f"{of}, server CPU", "ms a call", busy.cpu_ms, {"echo": echo_busy.cpu_ms}),
        Row(f"{of}, answer", "bytes", answer.ByteSize()),
    ]
    for callers, mine, theirs in ((1, alone, echo_alone), (CALLERS, busy, echo_busy)):
        rows.append(Row(f"{of}, {callers} caller(s), p50", "ms", mine.p50_ms, {"echo": theirs.p50_ms}))
        rows.append(Row(f"{of}, {callers} caller(s), p99", "ms", mine.p99_ms, {"echo": theirs.p99_ms}))
    return rows


class Measured:
    def __init__(self, waits_s: list[float], cpu_s: float) -> None:
        ordered = sorted(waits_s)
        self.p50_ms = ordered[len(ordered) // 2] * 1_000
        self.p99_ms = ordered[len(ordered) * 99 // 100] * 1_000
        self.cpu_ms = cpu_s / len(ordered) * 1_000


async def _measure(method: Any, request: Callable[[], Any], pid: int, calls: int, callers: int) -> Measured:
    waits: list[float] = []

    async def caller(count: int, kept: list[float]) -> None:
        for _ in range(count):
            message = request()
            began = time.perf_counter()
            await method(message, timeout=10)
            kept.append(time.perf_counter() - began)

    await caller(200, [])
    before = cpu_s(pid)
    await asyncio.gather(*(caller(calls // callers, waits) for _ in range(callers)))
    return Measured(waits, cpu_s(pid) - before)


@asynccontextmanager
async def _channel(address: str) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield channel
