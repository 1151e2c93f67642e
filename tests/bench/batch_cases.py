"""A campaign by BatchDecide beside the same by Decide, in one run: e-mails of the boutique's policy, with limits and
consents, to persons who were never written to.

Per core: subjects for each second of CPU time that all servers together take, callers left out.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.common.v1 import subject_pb2
from tandem.orchestrator.v1 import batch_pb2, decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.profile.v1 import consent_pb2, profile_service_pb2, trait_pb2
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from shared.rpc.channel import open_channel
from tests.bench.report import Row
from tests.bench.server_cpu import cpu_seconds
from tests.support.servers import ROOT, Deployment, Form, Storage, deployed
from tests.support.tandem_client import typed

SAMPLE = ROOT / "services/cli/samples/boutique"
QUICK, FULL = 1_000, 4_000
BATCH = 200
AT_ONCE, BATCHES_AT_ONCE = 16, 2
TIMEOUT_S = 60.0
TIERS = ("bronze", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Spent:
    """On so many subjects."""

    subjects: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.subjects / self.seconds

    @property
    def per_core(self) -> float:
        return self.subjects / self.cpu_seconds


def batch_rows(form: Form, *, is_full: bool) -> list[Row]:
    people = FULL if is_full else QUICK
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory:
        folder = Path(directory)
        with deployed(form, Storage(folder / "stores"), folder) as deployment:
            single, batched = asyncio.run(_measured(deployment, people))
    title = f"{form} process{'es' if form is Form.FOUR else ''}, sqlite: BatchDecide of {BATCH}"
    return [
        Row(f"{title}, per core", "subjects/s", batched.per_core, {"Decide": single.per_core}),
        Row(f"{title}, {BATCHES_AT_ONCE} at once", "subjects/s", batched.per_second, {"Decide": single.per_second}),
    ]


async def _measured(deployment: Deployment, people: int) -> tuple[Spent, Spent]:
    """One after the other: by Decide, then by BatchDecide, each for people of its own."""
    async with (
        open_channel(deployment.addresses["orchestrator"]) as channel,
        open_channel(deployment.addresses["profile"]) as profiles,
    ):
        orchestrator = OrchestratorServiceStub(channel)  # type: ignore[no-untyped-call]
        files = {
            str(path.relative_to(SAMPLE)): path.read_bytes()
            for path in SAMPLE.rglob("*.yaml")
            if path.relative_to(SAMPLE).parts[0] not in ("personas", "tests")
        }
        await orchestrator.PublishPolicy(pb.PublishPolicyRequest(request_id="policy", files=files), timeout=TIMEOUT_S)
        store = ProfileServiceStub(profiles)  # type: ignore[no-untyped-call]
        await _in_turns([_known(store, start) for start in range(0, 2 * people + BATCH, 100)], 2)
        requests = [_request(number) for number in range(2 * people + BATCH)]
        await _batched(orchestrator, requests[2 * people :])()  # everything is compiled and warm
        single = await _spent(deployment, [_decided(orchestrator, each) for each in requests[:people]], AT_ONCE, people)
        batches = [requests[start : start + BATCH] for start in range(people, 2 * people, BATCH)]
        together = await _spent(deployment, [_batched(orchestrator, each) for each in batches], BATCHES_AT_ONCE, people)
        return single, together


Work = Callable[[], Awaitable[Any]]


async def _spent(deployment: Deployment, work: Sequence[Work], at_once: int, subjects: int) -> Spent:
    before, began = cpu_seconds(deployment), time.monotonic()
    await _in_turns(work, at_once)
    seconds = time.monotonic() - began
    return Spent(subjects, seconds, cpu_seconds(deployment) - before)


async def _in_turns(work: Sequence[Work], at_once: int) -> None:
    left = iter(work)

    async def worker() -> None:
        for each in left:
            await each()

    await asyncio.gather(*(worker() for _ in range(at_once)))


def _known(store: Any, start: int) -> Work:
    async def write() -> None:
        numbers = range(start, start + 100)
        items = [
            profile_service_pb2.BatchUpsertTraitsRequest.Item(
                subject=_subject(number),
                traits=[
                    trait_pb2.Trait(name="age", value=typed(20 + number % 50)),
                    trait_pb2.Trait(name="city", value=typed("Paris")),
                    trait_pb2.Trait(name="loyalty_tier", value=typed(TIERS[number % 3])),
                ],
            )
            for number in numbers
        ]
        request = profile_service_pb2.BatchUpsertTraitsRequest(request_id=f"traits-{start}", items=items)
        await store.BatchUpsertTraits(request, timeout=TIMEOUT_S)
        consent = consent_pb2.Consent(purpose="marketing", status=consent_pb2.CONSENT_STATUS_GRANTED)
        for number in numbers:
            statement = profile_service_pb2.SetConsentRequest(
                request_id=f"consent-{number}", subject=_subject(number), consent=consent
            )
            await store.SetConsent(statement, timeout=TIMEOUT_S)

    return write


def _decided(orchestrator: Any, request: decision_pb2.DecideRequest) -> Work:
    return lambda: orchestrator.Decide(request, timeout=TIMEOUT_S)


def _batched(orchestrator: Any, requests: Sequence[decision_pb2.DecideRequest]) -> Work:
    async def decide() -> None:
        answer = await orchestrator.BatchDecide(batch_pb2.BatchDecideRequest(requests=requests), timeout=TIMEOUT_S)
        assert all(item.HasField("result") and not item.result.degraded for item in answer.items)

    return decide


def _request(number: int) -> decision_pb2.DecideRequest:
    return decision_pb2.DecideRequest(
        request_id=f"decide-{number}",
        subject=_subject(number),
        direction="DIRECTION_OUTBOUND",
        channels=["email"],
        campaign_id="autumn",
    )


def _subject(number: int) -> subject_pb2.Subject:
    names = {"crm": str(number), "email": f"c{number}@example.org"}
    return subject_pb2.Subject(
        identities=[subject_pb2.Identity(namespace=namespace, value=value) for namespace, value in names.items()]
    )
