"""Decide over gRPC with 50 and 1,000 candidates, unexplained and in full: how long callers wait, what a decision costs
all servers together beside a bare grpc.aio server that has the same answer ready, and where its time goes.

Everything is executed: recorded, and counted in the contact ledger.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from tandem.common.v1 import stage_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.orchestrator.v1.decision_pb2 import DecideRequest, DecideResponse
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from shared.rpc.channel import open_channel
from tests.bench.decide_policy import decide_request, people_requests, policy_files
from tests.bench.echo_server import DECIDE
from tests.bench.grpc_cases import echo_server
from tests.bench.report import Row
from tests.bench.server_cpu import cpu_s, cpu_seconds
from tests.support.servers import Deployment, Form, Storage, deployed, free_address

CANDIDATES = (50, 1_000)
EXPLAINS = (stage_pb2.EXPLAIN_NONE, stage_pb2.EXPLAIN_FULL)
CALLERS = 4
WARM_CALLS = 40
LEAST_CALLS = 100
QUICK_SECONDS, FULL_SECONDS = 5.0, 12.0
ECHO_SHARE = 0.3
"""Of the seconds: an answer that is ready is quick, and its time hardly varies."""
TIMEOUT_S = 60.0
STAGES = ("profile", "rules", "scoring", "arbitration", "ledger", "log")
STAGE_METRIC = "tandem_decision_stage_seconds"


@dataclass(frozen=True, slots=True)
class Measured:
    """Waits in order, and the CPU time that all servers together took for them."""

    waits_s: Sequence[float]
    cpu_s: float

    def quantile_ms(self, share: float) -> float:
        return self.waits_s[int(len(self.waits_s) * share)] * 1_000

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s / len(self.waits_s) * 1_000


@dataclass(frozen=True, slots=True)
class Case:
    form: Form
    candidates: int
    explain: stage_pb2.Explain
    seconds: float

    @property
    def title(self) -> str:
        processes = f"{self.form} process{'es' if self.form is Form.FOUR else ''}"
        explained = ", explained in full" if self.explain == stage_pb2.EXPLAIN_FULL else ""
        return f"{processes}, {self.candidates:,} candidates{explained}"


def decide_rows(form: Form, *, is_full: bool) -> list[Row]:
    metrics = free_address()
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory:
        folder = Path(directory)
        with deployed(form, Storage(folder / "stores"), folder, {"METRICS_ADDRESS": metrics}) as deployment:
            return asyncio.run(_Bench(deployment, metrics, folder).rows(FULL_SECONDS if is_full else QUICK_SECONDS))


class _Bench:
    def __init__(self, deployment: Deployment, metrics: str, folder: Path) -> None:
        self._deployment, self._metrics, self._folder = deployment, metrics, folder
        self._numbers = count()

    async def rows(self, seconds: float) -> list[Row]:
        addresses = self._deployment.addresses
        async with open_channel(addresses["orchestrator"]) as channel, open_channel(addresses["profile"]) as profiles:
            orchestrator = OrchestratorServiceStub(channel)  # type: ignore[no-untyped-call]
            store = ProfileServiceStub(profiles)  # type: ignore[no-untyped-call]
            rows = []
            for candidates in CANDIDATES:
                await _use_policy(orchestrator, candidates)
                if candidates == CANDIDATES[0]:
                    for people in people_requests():
                        await store.BatchUpsertTraits(people, timeout=TIMEOUT_S)
                for explain in EXPLAINS:
                    rows += await self._case(orchestrator, Case(self._deployment.form, candidates, explain, seconds))
        return rows

    async def _case(self, orchestrator: Any, case: Case) -> list[Row]:
        answer = await self._checked(orchestrator, case)
        await self._measure(orchestrator.Decide, case, 1, 0.0, WARM_CALLS)
        before = self._stages()
        alone = await self._measure(orchestrator.Decide, case, 1, case.seconds, LEAST_CALLS)
        after = self._stages()
        busy = await self._measure(orchestrator.Decide, case, CALLERS, case.seconds, LEAST_CALLS)
        with self._echo(answer) as (address, pid):
            async with open_channel(address) as channel:
                echo = channel.unary_unary(
                    DECIDE,
                    request_serializer=DecideRequest.SerializeToString,
                    response_deserializer=DecideResponse.FromString,
                )
                await echo(self._request(case), timeout=TIMEOUT_S, wait_for_ready=True)
                await self._measure(echo, case, CALLERS, 0.0, 5 * WARM_CALLS, pid)
                seconds = case.seconds * ECHO_SHARE
                echo_alone = await self._measure(echo, case, 1, seconds, LEAST_CALLS, pid)
                echo_busy = await self._measure(echo, case, CALLERS, seconds, LEAST_CALLS, pid)
        rows = []
        for callers, ours, theirs in ((1, alone, echo_alone), (CALLERS, busy, echo_busy)):
            for name, share in (("p50", 0.5), ("p99", 0.99)):
                title = f"{case.title}: {name}, {callers} caller{'s' if callers > 1 else ''}"
                rows.append(Row(title, "ms", ours.quantile_ms(share), {"echo": theirs.quantile_ms(share)}))
        rows.append(Row(f"{case.title}: CPU of all servers", "ms/decision", busy.cpu_ms, {"echo": echo_busy.cpu_ms}))
        per_core = {"echo": 1_000 / echo_busy.cpu_ms}
        rows.append(Row(f"{case.title}: per core", "decisions/s", 1_000 / busy.cpu_ms, per_core))
        rows.append(Row(f"{case.title}: the answer", "bytes", answer.ByteSize()))
        if case.explain == stage_pb2.EXPLAIN_NONE:
            rows += [Row(f"{case.title}: {name}", "ms", _mean_ms(name, before, after)) for name in STAGES]
        return rows

    async def _checked(self, orchestrator: Any, case: Case) -> DecideResponse:
        """An answer as the case has them; what is measured is what the title says."""
        request = self._request(case)
        request.explain = stage_pb2.EXPLAIN_FULL
        full: DecideResponse = await orchestrator.Decide(request, timeout=TIMEOUT_S)
        assert not full.degraded, full.advisories
        assert len(full.candidates) == case.candidates, len(full.candidates)
        answer: DecideResponse = await orchestrator.Decide(self._request(case), timeout=TIMEOUT_S)
        return answer

    def _request(self, case: Case) -> DecideRequest:
        number = next(self._numbers)
        return decide_request(number, f"decide-{number:08}", case.explain)

    async def _measure(
        self, method: Any, case: Case, callers: int, seconds: float, least: int, pid: int | None = None
    ) -> Measured:
        """For so long, and at least so many calls. `pid` None: the servers of the deployment."""
        waits: list[float] = []
        end = time.monotonic() + seconds

        async def caller() -> None:
            while time.monotonic() < end or len(waits) < least:
                request = self._request(case)
                began = time.perf_counter()
                await method(request, timeout=TIMEOUT_S)
                waits.append(time.perf_counter() - began)

        before = self._cpu(pid)
        await asyncio.gather(*(caller() for _ in range(callers)))
        return Measured(sorted(waits), self._cpu(pid) - before)

    def _cpu(self, pid: int | None) -> float:
        return cpu_seconds(self._deployment) if pid is None else cpu_s(pid)

    @contextmanager
    def _echo(self, answer: DecideResponse) -> Iterator[tuple[str, int]]:
        known = self._folder / "answer.binpb"
        known.write_bytes(answer.SerializeToString())
        with echo_server(str(known)) as found:
            yield found

    def _stages(self) -> dict[str, tuple[float, float]]:
        """Seconds and decisions so far, by stage."""
        with urllib.request.urlopen(f"http://{self._metrics}/metrics", timeout=10) as page:
            families = text_string_to_metric_families(page.read().decode())
        found = {
            (sample.name, sample.labels["stage"]): sample.value
            for family in families
            if family.name == STAGE_METRIC
            for sample in family.samples
            if not sample.name.endswith("_bucket")
        }
        return {
            stage: (found.get((f"{STAGE_METRIC}_sum", stage), 0.0), found.get((f"{STAGE_METRIC}_count", stage), 0.0))
            for stage in STAGES
        }


async def _use_policy(orchestrator: Any, candidates: int) -> None:
    request = pb.PublishPolicyRequest(request_id=f"publish-{candidates}", files=policy_files(candidates))
    published = await orchestrator.PublishPolicy(request, timeout=TIMEOUT_S)
    assert published.policy_version, published.findings
    if not published.active:
        version = published.policy_version
        activation = pb.ActivatePolicyRequest(request_id=f"activate-{candidates}", policy_version=version)
        await orchestrator.ActivatePolicy(activation, timeout=TIMEOUT_S)


Stages = dict[str, tuple[float, float]]


def _mean_ms(name: str, before: Stages, after: Stages) -> float:
    (seconds, decisions), (seconds_then, decisions_then) = after[name], before[name]
    return (seconds - seconds_then) / (decisions - decisions_then) * 1_000
