"""EvaluateEngagementPolicy and its batch over gRPC: subjects per second of the server's CPU, with 1,000 actions."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from tandem.rules.v1 import rules_service_pb2 as pb
from tandem.rules.v1.rules_service_pb2_grpc import RulesServiceStub

from services.rules.api.published import rule_set_to
from shared.rpc.values import feature_to_proto
from tests.bench.report import Row
from tests.bench.rules_cases import Case, content_of
from tests.bench.server_cpu import cpu_s
from tests.support.servers import ServerProcess, Storage, free_address

ACTIONS = 1_000
CALLERS = 4
BATCH = 250


def grpc_rows(*, is_full: bool) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory:
        return asyncio.run(_rows(Path(directory), calls=4_000 if is_full else 800))


async def _rows(folder: Path, calls: int) -> list[Row]:
    address = free_address()
    settings = {"TANDEM_RULES_LISTEN_ADDRESS": address, "TANDEM_RULES_METRICS_ADDRESS": "off"}
    settings |= Storage(folder / "stores").settings("TANDEM_RULES_", "bench")
    server = ServerProcess("services.rules", address, settings, folder / "rules.log")
    server.start()
    try:
        server.wait_until_serving()
        assert server.process is not None
        options = [("grpc.max_receive_message_length", 64 * 2**20), ("grpc.max_send_message_length", 64 * 2**20)]
        async with grpc.aio.insecure_channel(address, options=options) as channel:
            return await _measured(RulesServiceStub(channel), server.process.pid, calls)  # type: ignore[no-untyped-call]
    finally:
        server.stop()


async def _measured(stub: Any, pid: int, calls: int) -> list[Row]:
    content = content_of(Case(ACTIONS, 30, is_shared=True, is_complete=True), subjects=BATCH)
    published = await stub.PublishRuleSet(
        pb.PublishRuleSetRequest(request_id="bench", rule_set=rule_set_to(content.rule_set())), timeout=120
    )
    version = published.rule_set_version
    subjects = [{name: feature_to_proto(each) for name, each in facts.items()} for facts in content.facts()]
    single = [pb.EvaluateEngagementPolicyRequest(rule_set_version=version, attributes=each) for each in subjects]
    batch = pb.BatchEvaluateEngagementPolicyRequest(
        rule_set_version=version,
        subjects=[pb.BatchEvaluateEngagementPolicyRequest.Subject(attributes=each) for each in subjects],
    )
    one = await _per_cpu_s(stub.EvaluateEngagementPolicy, single, pid, calls, 1)
    many = await _per_cpu_s(stub.BatchEvaluateEngagementPolicy, [batch], pid, max(calls // BATCH, 8), BATCH)
    title = f"over gRPC, {ACTIONS:,} actions x 4, 30 attributes"
    return [
        Row(f"EvaluateEngagementPolicy {title}", "subjects/s a core", one),
        Row(f"BatchEvaluateEngagementPolicy {title}, {BATCH} at once", "subjects/s a core", many, {"one by one": one}),
    ]


async def _per_cpu_s(method: Any, requests: Sequence[Any], pid: int, calls: int, subjects: int) -> float:
    """Subjects per second of CPU of the server, which `calls` calls keep busy."""

    async def caller(count: int) -> None:
        for place in range(count):
            await method(requests[place % len(requests)], timeout=60)

    await caller(4)
    before = cpu_s(pid)
    await asyncio.gather(*(caller(calls // CALLERS) for _ in range(CALLERS)))
    return calls // CALLERS * CALLERS * subjects / (cpu_s(pid) - before)
