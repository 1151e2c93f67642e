"""Persons who withdraw while decisions are made about them, and what each decision made of it.

Every round has one person, reached by callers who never stop asking. At a random moment the person withdraws, in one of
several ways. A decision whose call started after the acknowledgement must not use what was withdrawn; one that started
before may.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import grpc
from tandem.common.v1 import value_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as orchestrator_pb
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.profile.v1 import consent_pb2, event_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from tests.support.shop_policy import policy_files
from tests.support.tandem_client import fresh, subject, typed
from tests.support.tc_strings import tc_string

TIMEOUT_S = 30.0
ASKING_AT_ONCE = 3
"""Callers per person."""
CALLS_AFTER = 2
"""Of each caller, once it is told of the acknowledgement."""
LONGEST_DELAY_S = 0.1
FIRST_USE_S = 20.0


class Way(StrEnum):
    """How a person withdraws."""

    CHANNEL = "channel"
    """The consent to e-mail, on the identity it was given on."""
    OBJECTION = "objection"
    """Marketing at all, on another identity of the person."""
    SOFT_OPT_IN = "soft opt-in"
    """E-mail, to which there was no consent but a soft opt-in."""
    PROFILING = "profiling"
    """The use of the profile."""
    SIGNAL = "signal"
    """The same, by the browser that asks."""

    @property
    def reaches_out(self) -> bool:
        return self in (Way.CHANNEL, Way.OBJECTION, Way.SOFT_OPT_IN)


@dataclass(slots=True)
class Person:
    number: str = field(default_factory=lambda: fresh("crm:person"))
    browser: str = field(default_factory=lambda: fresh("cookie:browser"))

    @property
    def names(self) -> list[tuple[str, ...]]:
        return [(self.number,), (self.browser,), (self.browser, self.number)]


@dataclass(slots=True)
class Tally:
    """Over all rounds."""

    rounds: int = 0
    decided: int = 0
    used_before: int = 0
    """Decisions that used what was not withdrawn yet."""
    started_after: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Round:
    way: Way
    person: Person = field(default_factory=Person)
    first_use: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged_at: float = 0.0
    calls: list[tuple[float, bool, str]] = field(default_factory=list)
    """When each started, whether it used what is withdrawn, and its decision."""


class Withdrawals:
    """`profiles` and `orchestrators` are addresses; every call goes to any of them."""

    def __init__(self, profiles: Sequence[str], orchestrators: Sequence[str], seed: int) -> None:
        self._channels = [grpc.aio.insecure_channel(address) for address in (*profiles, *orchestrators)]
        count = len(profiles)
        self._profiles: list[Any] = [ProfileServiceStub(each) for each in self._channels[:count]]  # type: ignore[no-untyped-call]
        self._orchestrators: list[Any] = [OrchestratorServiceStub(each) for each in self._channels[count:]]  # type: ignore[no-untyped-call]
        self._chance = random.Random(seed)
        self.tally = Tally()

    async def publish(self) -> None:
        request = orchestrator_pb.PublishPolicyRequest(request_id=fresh("publish"), files=policy_files())
        response = await self._orchestrators[0].PublishPolicy(request, timeout=TIMEOUT_S)
        assert response.active, response

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close(None)

    async def withdraw_often(self, rounds: int, persons_at_once: int) -> Tally:
        ways = iter([list(Way)[number % len(Way)] for number in range(rounds)])
        await asyncio.gather(*(self._withdraw_in_turn(ways) for _ in range(persons_at_once)))
        return self.tally

    async def _withdraw_in_turn(self, ways: Any) -> None:
        for way in ways:
            await self._withdraw_once(Round(way))

    async def _withdraw_once(self, round_: Round) -> None:
        await self._introduce(round_)
        asking = [asyncio.create_task(self._keep_asking(round_, number)) for number in range(ASKING_AT_ONCE)]
        try:
            await asyncio.wait_for(round_.first_use.wait(), FIRST_USE_S)
            await asyncio.sleep(self._chance.uniform(0, LONGEST_DELAY_S))
            await self._withdraw(round_)
            round_.acknowledged_at = time.monotonic()
            round_.acknowledged.set()
            await asyncio.gather(*asking)
        finally:
            for task in asking:
                task.cancel()
        self._count(round_)

    def _count(self, round_: Round) -> None:
        self.tally.rounds += 1
        self.tally.decided += len(round_.calls)
        for started_at, has_used, decision_id in round_.calls:
            is_after = started_at > round_.acknowledged_at
            self.tally.started_after += is_after
            self.tally.used_before += has_used and not is_after
            if has_used and is_after:
                self.tally.violations.append(f"{round_.way}: {decision_id} of {round_.person}")

    async def _introduce(self, round_: Round) -> None:
        """A known customer with a browser, and what will be withdrawn."""
        person = round_.person
        trait = trait_pb2.Trait(name="age", value=typed(42))
        both = subject(person.browser, person.number)
        await self._profile("UpsertTraits", "traits", subject=subject(person.number), traits=[trait])
        seen = event_pb2.Event(event_id=fresh("event"), subject=both, type="view")
        await self._profile("RecordEvents", "events", events=[seen])
        if round_.way is Way.SOFT_OPT_IN:
            await self._state(person.number, "GRANTED", legal_basis="LEGAL_BASIS_SOFT_OPT_IN", similar_groups=["tea"])
        elif round_.way.reaches_out:
            await self._state(person.number, "GRANTED")

    async def _withdraw(self, round_: Round) -> None:
        person = round_.person
        match round_.way:
            case Way.CHANNEL | Way.SOFT_OPT_IN:
                await self._state(person.number, "REVOKED")
            case Way.OBJECTION:
                await self._state(person.browser, "DENIED", channel="")
            case Way.PROFILING:
                await self._state(person.number, "DENIED", purpose="profiling", channel="")
            case Way.SIGNAL:
                await self._profile(
                    "RecordConsentSignals", "signal", subject=subject(person.browser), tcf_string=tc_string()
                )

    async def _state(self, who: str, status: str, **fields: Any) -> None:
        stated = {"purpose": "marketing", "channel": "email", "status": f"CONSENT_STATUS_{status}", **fields}
        await self._profile("SetConsent", "consent", subject=subject(who), consent=consent_pb2.Consent(**stated))

    async def _profile(self, method: str, kind: str, **fields: Any) -> None:
        request = getattr(profile_pb, f"{method}Request")(request_id=fresh(kind), **fields)
        await getattr(self._chance.choice(self._profiles), method)(request, timeout=TIMEOUT_S)

    async def _keep_asking(self, round_: Round, number: int) -> None:
        left = CALLS_AFTER
        while left:
            left -= round_.acknowledged.is_set()
            started_at = time.monotonic()
            request = _request(round_, number)
            answer = await self._chance.choice(self._orchestrators).Decide(request, timeout=TIMEOUT_S)
            has_used = _has_used(round_, answer)
            round_.calls.append((started_at, has_used, answer.decision_id))
            if has_used:
                round_.first_use.set()


def _request(round_: Round, number: int) -> decision_pb2.DecideRequest:
    names = round_.person.names[1] if round_.way is Way.SIGNAL else round_.person.names[number % 3]
    request = decision_pb2.DecideRequest(request_id=fresh("decide"), subject=subject(*names))
    if round_.way.reaches_out:
        request.direction = decision_pb2.DIRECTION_OUTBOUND
        request.channels.append("EMAIL")
    else:
        request.direction = decision_pb2.DIRECTION_INBOUND
        request.placements.add(placement_id="home_hero")
    return request


def _has_used(round_: Round, answer: decision_pb2.DecideResponse) -> bool:
    """Whether the decision reached the person by e-mail, or knew what the profile says."""
    if round_.way.reaches_out:
        return any(result.propositions.items for result in answer.placement_results)
    return bool(answer.feature_statuses["age"] == value_pb2.FEATURE_STATUS_PRESENT)
