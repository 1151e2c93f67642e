"""Callers that write and then decide, and know what each decision must show.

The policy shows a trait and a count of events in the content of its one action, so that what was read is in the answer.
A caller changes its person in turn by a trait, by an event, and by an event in the decide call; never two things
at once, so every decision must show exactly what was written: `v<trait> c<count>`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from tandem.common.v1 import subject_pb2, value_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as orchestrator_pb
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.profile.v1 import event_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from tests.support.tandem_client import fresh, subject, typed

POLICY = b"""
policy: freshness
currency: EUR
default_locale: en
profiling: {basis: LEGITIMATE_INTEREST}
namespaces: {crm: {known: true}}
traits: {visits: {type: int}}
aggregates: {clicks: {event: click, measure: count}}
channels: {web: {direction: INBOUND}}
placements: {home: {channel: web}}
issues: {grow: {}}
groups: {hello: {issue: grow, business_value: '1.0', exploration: NONE}}
actions:
  greeting:
    group: hello
    treatments:
      greeting_web: {channel: web, content: {en: {title: 'v{{visits|0}} c{{clicks|0}}'}}}
arbitration: {reserve: 0.0, exploration: NONE}
"""

STEPS_OF_A_PERSON = 200
TIMEOUT_S = 30.0
RETRY_S = 0.02


@dataclass(slots=True)
class Tally:
    """What all callers saw."""

    decided: int = 0
    stale: list[str] = field(default_factory=list)
    degraded: int = 0
    """Answers that knew nobody, and said so: asked again."""
    unavailable: int = 0
    """Calls that were refused with UNAVAILABLE: repeated."""


@dataclass(slots=True)
class Person:
    name: str = field(default_factory=lambda: fresh("crm:person"))
    visits: int = 0
    clicks: int = 0
    token: subject_pb2.ConsistencyToken = field(default_factory=subject_pb2.ConsistencyToken)

    @property
    def expected(self) -> str:
        return f"v{self.visits} c{self.clicks}"


class Readers:
    """They write to one profile server and read from another."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._channels = [grpc.aio.insecure_channel(address) for address in addresses]
        self._stubs: list[Any] = [ProfileServiceStub(channel) for channel in self._channels]  # type: ignore[no-untyped-call]

    async def publish(self) -> None:
        declared = trait_pb2.TraitDeclaration(name="visits", type=value_pb2.ATTRIBUTE_TYPE_INT)
        schema = trait_pb2.TraitSchema(traits=[declared])
        request = profile_pb.PublishTraitSchemaRequest(request_id=fresh("schema"), schema=schema, activate=True)
        await self._stubs[0].PublishTraitSchema(request, timeout=TIMEOUT_S)

    async def write_and_read_often(self, rounds: int, people: int) -> list[str]:
        """Answers what was stale."""
        turns = iter(range(rounds))
        stale = await asyncio.gather(*(self._write_and_read(turns) for _ in range(people)))
        return [each for of_person in stale for each in of_person]

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close(None)

    async def _write_and_read(self, turns: Iterator[int]) -> list[str]:
        who, stale = fresh("crm:person"), []
        for visits, turn in enumerate(turns, 1):
            writer, reader = self._stubs[turn % len(self._stubs)], self._stubs[(turn + 1) % len(self._stubs)]
            trait = trait_pb2.Trait(name="visits", value=typed(visits))
            write = profile_pb.UpsertTraitsRequest(request_id=fresh("traits"), subject=subject(who), traits=[trait])
            token = (await writer.UpsertTraits(write, timeout=TIMEOUT_S)).consistency_token
            query = profile_pb.GetProfileRequest(subject=subject(who), consistency_token=token)
            shown = (await reader.GetProfile(query, timeout=TIMEOUT_S)).profile.traits["visits"].value.int_value
            if shown != visits:
                stale.append(f"{who}: {shown} instead of {visits}")
        return stale


class Callers:
    """`profiles` and `orchestrators` are addresses; a caller writes to one process and decides with the next."""

    def __init__(self, profiles: Sequence[str], orchestrators: Sequence[str]) -> None:
        self._channels = [grpc.aio.insecure_channel(address) for address in (*profiles, *orchestrators)]
        count = len(profiles)
        self._profiles: list[Any] = [ProfileServiceStub(each) for each in self._channels[:count]]  # type: ignore[no-untyped-call]
        self._orchestrators: list[Any] = [OrchestratorServiceStub(each) for each in self._channels[count:]]  # type: ignore[no-untyped-call]
        self._numbers = itertools.count()
        self.tally = Tally()

    async def publish(self) -> None:
        request = orchestrator_pb.PublishPolicyRequest(request_id=fresh("publish"), files={"policy.yaml": POLICY})
        response = await self._orchestrators[0].PublishPolicy(request, timeout=TIMEOUT_S)
        assert response.active, response

    async def decide_often(self, rounds: int, callers: int) -> Tally:
        """`rounds` writes, each followed by a decision."""
        turns = itertools.repeat(None, rounds)
        await asyncio.gather(*(self._call(number, turns) for number in range(callers)))
        return self.tally

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close(None)

    async def _call(self, number: int, turns: itertools.repeat[None]) -> None:
        person = Person()
        for step, _ in enumerate(turns, number):
            if step % STEPS_OF_A_PERSON == STEPS_OF_A_PERSON - 1:
                person = Person()
            profile = self._profiles[step % len(self._profiles)]
            orchestrator = self._orchestrators[(step + 1) % len(self._orchestrators)]
            await self._change_and_decide(step, person, profile, orchestrator)

    async def _change_and_decide(self, step: int, person: Person, profile: Any, orchestrator: Any) -> None:
        events: list[event_pb2.Event] = []
        if step % 3 == 0:
            person.visits += 1
            trait = trait_pb2.Trait(name="visits", value=typed(person.visits))
            request: Any = profile_pb.UpsertTraitsRequest(
                request_id=fresh("traits"), subject=subject(person.name), traits=[trait]
            )
            person.token = (await self._until_answered(profile.UpsertTraits, request)).consistency_token
        else:
            person.clicks += 1
            events = [event_pb2.Event(event_id=fresh("event"), subject=subject(person.name), type="click")]
        if step % 3 == 1:
            request = profile_pb.RecordEventsRequest(request_id=fresh("events"), events=events)
            person.token = (await self._until_answered(profile.RecordEvents, request)).consistency_token
            events = []
        await self._decide(person, events, orchestrator)

    async def _decide(self, person: Person, events: Sequence[event_pb2.Event], orchestrator: Any) -> None:
        while True:
            request = decision_pb2.DecideRequest(
                request_id=fresh("decide"),
                subject=subject(person.name),
                direction="DIRECTION_INBOUND",
                placements=[decision_pb2.Placement(placement_id="home")],
                consistency_token=person.token,
                events=events,
            )
            answer = await self._until_answered(orchestrator.Decide, request)
            if not answer.degraded:
                break
            self.tally.degraded += 1
            await asyncio.sleep(RETRY_S)
        self.tally.decided += 1
        person.token = answer.consistency_token
        (result,) = answer.placement_results
        shown = result.propositions.items[0].content["title"] if result.propositions.items else "nothing"
        if shown != person.expected:
            self.tally.stale.append(f"{person.name}: {shown} instead of {person.expected}")

    async def _until_answered(self, method: Any, request: Any) -> Any:
        """The same request again while the service is not available; any other refusal ends the test."""
        while True:
            try:
                return await method(request, timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError as failure:
                if failure.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self.tally.unavailable += 1
                await asyncio.sleep(RETRY_S)
