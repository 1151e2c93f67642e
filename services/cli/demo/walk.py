"""Through the visits once, in the order of time: Tandem decides first, then learns what the log's policy showed.

Prequential (Dawid 1984): every visit is decided before its outcome is told. Only what carries no outcome, traits and
consents, is written ahead, in small batches. Two visits are in flight at a time, as in a shop more than one would be: a
visit is decided when the outcome of the last but one has been learnt.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tandem.common.v1.stage_pb2 import DropStage
from tandem.common.v1.subject_pb2 import ConsistencyToken
from tandem.orchestrator.v1.decision_pb2 import DecideRequest, DecideResponse, NoActionReason
from tandem.orchestrator.v1.outcome_pb2 import Outcome

from services.cli.connection import Stubs
from services.cli.demo import requests
from services.cli.demo.ahead import ahead
from services.cli.demo.tally import Tally
from services.cli.demo.visits import Visit
from services.cli.failures import CommandFailed
from shared.rpc.channel import call

BATCH = 8
IN_FLIGHT = 2
CALL_SECONDS = 30.0
ENGAGEMENT_STAGES = frozenset(
    {
        DropStage.DROP_STAGE_SUPPRESSION,
        DropStage.DROP_STAGE_ELIGIBILITY,
        DropStage.DROP_STAGE_APPLICABILITY,
        DropStage.DROP_STAGE_SUITABILITY,
    }
)


@dataclass(slots=True)
class Walked:
    """What is left after the walk: the figures, and where to read on."""

    tally: Tally = field(default_factory=Tally)
    decision_ids: list[str] = field(default_factory=list)
    """Of the visits, in their order."""
    sample_decision_id: str = ""
    """Of the latest visit that got a proposition while the engagement policy dropped others; else of the first."""
    silent_decision_id: str = ""
    """Of an outbound decision that ended in no-action because consent was missing."""


async def walk(stubs: Stubs, visits: Sequence[Visit], advance: Callable[[], None]) -> Walked:
    """`advance` is called after each visit."""
    walker = _Walker(stubs, Walked(decision_ids=[""] * len(visits)))
    began = time.perf_counter()
    in_flight: deque[asyncio.Task[None]] = deque()
    try:
        async for visit, token in ahead(visits, walker.prepare, batch=BATCH):
            if len(in_flight) == IN_FLIGHT:
                await in_flight.popleft()
                advance()
            in_flight.append(asyncio.create_task(walker.visit(visit, token)))
        while in_flight:
            await in_flight.popleft()
            advance()
    finally:
        for task in in_flight:
            task.cancel()
    walker.walked.tally.walk_s = time.perf_counter() - began
    return walker.walked


def _has_both_sides(response: DecideResponse) -> bool:
    """Whether there is a why and a why-not to show."""
    is_proposing = any(result.HasField("propositions") for result in response.placement_results)
    return is_proposing and any(drop.stage in ENGAGEMENT_STAGES and drop.count for drop in response.dropped_by_stage)


@dataclass(frozen=True, slots=True)
class _Walker:
    stubs: Stubs
    walked: Walked

    async def prepare(self, visit: Visit) -> ConsistencyToken:
        """Writes what the log knew before the visit; the answer lets the decision see it."""
        profiles = self.stubs.profiles
        written = await call(profiles.UpsertTraits, requests.traits(visit), timeout_s=CALL_SECONDS)
        token: ConsistencyToken = written.consistency_token
        for channel in requests.consented_channels(visit):
            stated = await call(profiles.SetConsent, requests.consent(visit, channel), timeout_s=CALL_SECONDS)
            token = stated.consistency_token
        return token

    async def visit(self, visit: Visit, token: ConsistencyToken) -> None:
        """Decides first, then learns."""
        await self._learn(visit, await self._decide_inbound(visit, token))
        if requests.is_contacted(visit):
            await self._contact(visit, token)

    async def _decide_inbound(self, visit: Visit, token: ConsistencyToken) -> str:
        """The id of the decision."""
        asked = time.perf_counter()
        response = await self._decide(requests.inbound(visit), token)
        self.walked.tally.decide_ms.append(1000 * (time.perf_counter() - asked))
        self.walked.tally.decisions += 1
        self.walked.decision_ids[visit.index] = response.decision_id
        if _has_both_sides(response) or not self.walked.sample_decision_id:
            self.walked.sample_decision_id = response.decision_id
        decision_id: str = response.decision_id
        return decision_id

    async def _contact(self, visit: Visit, token: ConsistencyToken) -> None:
        response = await self._decide(requests.outbound(visit), token)
        self.walked.tally.outbound_decisions += 1
        if any(r.no_action.reason == NoActionReason.NO_ACTION_REASON_NO_CONSENT for r in response.placement_results):
            self.walked.silent_decision_id = response.decision_id

    async def _decide(self, request: DecideRequest, token: ConsistencyToken) -> DecideResponse:
        request.consistency_token.CopyFrom(token)
        response: DecideResponse = await call(self.stubs.orchestrator.Decide, request, timeout_s=CALL_SECONDS)
        self.walked.tally.add_drops(response.dropped_by_stage)
        return response

    async def _learn(self, visit: Visit, decision_id: str) -> None:
        """Tells what the log's policy showed at this visit, and whether it was clicked."""
        request = requests.outcomes(visit, decision_id)
        answer = await call(self.stubs.orchestrator.CaptureOutcomes, request, timeout_s=CALL_SECONDS)
        for item, taken in zip(request.items, answer.items, strict=True):
            if taken.HasField("error"):
                raise CommandFailed("OUTCOME_REFUSED", f"visit {visit.index}: {taken.error.message}")
            self.walked.tally.impressions += item.outcome == Outcome.OUTCOME_IMPRESSION
            self.walked.tally.clicks += item.outcome == Outcome.OUTCOME_CLICKED
