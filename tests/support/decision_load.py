"""Many callers at once of a shop with limits: decisions, outcomes, and persons who change their minds or become one.

What was acknowledged of consents and merges is kept for the checker of decisions, and a digest of every answer. A
person has two profiles, of an identity each, which may turn out to be one; what a person says is told in turn.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from tandem.common.v1 import stage_pb2
from tandem.orchestrator.v1 import decision_list_pb2, decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.profile.v1 import consent_pb2, event_pb2, identity_graph_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from tests.support.decision_checker import digest, whole_digest
from tests.support.decision_statements import FOR_EVER, Acknowledged, Merge, Statement
from tests.support.tandem_client import fresh, outcome, subject, typed

ROOT = Path(__file__).resolve().parents[2]
DEMO_POLICY = ROOT / "services" / "cli" / "samples" / "fashion_store"
LIMITS = Path(__file__).parent / "policies" / "limited_fashion_store"
TIMEOUT_S = 60.0
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED)
"""What is no fault: a machine may be too slow for its load."""
TRIES, PAUSE_S = 20, 0.5
DECISIONS_PER_PERSON = 25
AMOUNTS = {"amount: 1.2,": "1.2", "units: 200}": "200", "units: 300,": "300"}
"""Of a population of 1,000, as the policy has them."""
HOME = "Europe/Paris"
ZONES = (
    *(HOME, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Auckland", "America/St_Johns"),
    *("Asia/Tokyo", "Africa/Casablanca", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC"),
)
CHANNELS = ("EMAIL", "PUSH")
EXPLAINED = (*(stage_pb2.EXPLAIN_NONE,) * 2, stage_pb2.EXPLAIN_REASONS, stage_pb2.EXPLAIN_FULL)
FEATURES = {
    "user_feature_0": ("81ce123cbb5bd8ce818f60fb3586bba5", "4ae385d792f81dde128124a925a830de"),
    "user_feature_1": ("03a5648a76832f83c859d46bc06cb64a", "another"),
    "user_feature_3": ("f97571b9c14a786aab269f0b427d2a85", "another"),
}


def policy_files(people: int, changes: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """The policy of the demo with limits; amounts fit the population."""
    files = {}
    for folder in (DEMO_POLICY, LIMITS):
        for path in sorted(folder.rglob("*.yaml")):
            if path.parent.name != "tests":
                files[path.relative_to(folder).as_posix()] = path.read_text()
    scaled = {old: old.replace(usual, f"{float(usual) * people / 1_000:g}") for old, usual in AMOUNTS.items()}
    for old, new in {**scaled, **(changes or {})}.items():
        assert any(old in text for text in files.values()), old
        files = {name: text.replace(old, new) for name, text in files.items()}
    return {name: text.encode() for name, text in files.items()}


@dataclass(slots=True, eq=False)
class Person:
    names: tuple[str, str]
    zone: str
    is_one: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def known(self) -> list[str]:
        """Identities one can write to."""
        return [each for each in self.names if not each.startswith("cookie")]


@dataclass(slots=True)
class Load:
    """What a run did. `failures` by method and code; `answered` has a digest of each whole answer, by decision."""

    said: Acknowledged = field(default_factory=Acknowledged)
    answered: dict[str, bytes] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    undecided: int = 0
    """Requests to decide that got no answer."""
    degraded: int = 0
    seconds: float = 0.0


class Callers:
    def __init__(self, addresses: Mapping[str, str], people: int, seed: int) -> None:
        self._channels = {name: grpc.aio.insecure_channel(addresses[name]) for name in ("orchestrator", "profile")}
        self._orchestrator: Any = OrchestratorServiceStub(self._channels["orchestrator"])  # type: ignore[no-untyped-call]
        self._profile: Any = ProfileServiceStub(self._channels["profile"])  # type: ignore[no-untyped-call]
        self._chance = random.Random(seed)
        self._people = [self._person(number) for number in range(people)]
        self._outcomes: list[Any] = []
        self.load = Load()

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close(None)

    def _person(self, number: int) -> Person:
        second = "cookie" if number % 3 else "loyalty"
        return Person((fresh("crm:p"), fresh(f"{second}:p")), self._chance.choice(ZONES))

    async def introduce(self, at_once: int) -> None:
        """Everybody, each under two names that nobody knows to be one, and what most of them permit."""
        await _bounded(at_once, (self._introduce(each) for each in self._people))

    async def run(self, decisions: int, at_once: int) -> None:
        started = time.monotonic()
        await _bounded(at_once, (self._step() for _ in range(decisions)))
        await self._tell_outcomes(len(self._outcomes))
        self.load.seconds += time.monotonic() - started

    async def _introduce(self, person: Person) -> None:
        for name in person.names:
            traits = {"home_zone": person.zone}
            traits |= {feature: self._chance.choice(values) for feature, values in FEATURES.items()}
            written = [trait_pb2.Trait(name=key, value=typed(value)) for key, value in traits.items()]
            fields = {"subject": subject(name), "traits": written}
            answer = await self._call(self._profile, "UpsertTraits", profile_pb.UpsertTraitsRequest, **fields)
            self.load.said.profile_of[name] = answer.profile_id
            self.load.said.zones[answer.profile_id] = person.zone
        for name in person.known:
            for channel in CHANNELS:
                if self._chance.random() < 0.7:
                    await self._state(name, "GRANTED", channel)

    async def _step(self) -> None:
        """One decision about somebody, and now and then something that changes what may be decided."""
        person, draw = self._chance.choice(self._people), self._chance.random()
        if draw < 0.06:
            await self._change_mind(person)
        elif draw < 0.09 and not person.is_one:
            await self._become_one(person)
        if len(self._outcomes) > 20:
            await self._tell_outcomes(20)
        request = self._request(person)
        asked = [self._decide(request)]
        if self._chance.random() < 0.01 and request.mode != decision_pb2.DECISION_MODE_SIMULATE:
            asked.append(self._decide(request))
        await asyncio.gather(*asked)

    def _request(self, person: Person) -> decision_pb2.DecideRequest:
        reaches_out = self._chance.random() < 0.4
        name = self._chance.choice(person.known if reaches_out else person.names)
        request = decision_pb2.DecideRequest(request_id=fresh("decide"), subject=subject(name))
        modes = ("EXECUTE", "PREFETCH", "SIMULATE")
        request.mode = f"DECISION_MODE_{self._chance.choices(modes, (80, 12, 8))[0]}"  # type: ignore[assignment]
        request.explain = self._chance.choice(EXPLAINED)
        if reaches_out:
            request.direction = decision_pb2.DIRECTION_OUTBOUND
            request.channels.extend(self._chance.choice((CHANNELS, CHANNELS[:1], CHANNELS[1:])))
        else:
            self._visit(request)
        self._add_events(request, name)
        return request

    def _visit(self, request: decision_pb2.DecideRequest) -> None:
        request.direction = decision_pb2.DIRECTION_INBOUND
        places = self._chance.sample(("left", "middle", "right"), self._chance.randrange(1, 4))
        for place in places:
            request.placements.add(placement_id=place, count=self._chance.choice((1, 1, 2)))
        if self._chance.random() < 0.1:
            request.dedup.across_placements = False
        if self._chance.random() < 0.2:
            request.sticky_key = "page"

    def _add_events(self, request: decision_pb2.DecideRequest, name: str) -> None:
        draw = self._chance.random()
        if draw < 0.015:
            request.events.append(event_pb2.Event(event_id=fresh("event"), subject=subject(name), type="purchase"))
        elif draw < 0.2:
            click = event_pb2.Event(event_id=fresh("event"), subject=subject(name), type="item_click")
            click.properties["item"].CopyFrom(typed(f"item_{self._chance.randrange(80):02d}"))
            request.events.append(click)

    async def _decide(self, request: decision_pb2.DecideRequest) -> None:
        """Once: of a second try nobody could say when its contacts were taken."""
        self.load.calls["Decide"] += 1
        try:
            answer = await self._orchestrator.Decide(request, timeout=TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            if error.code() not in PASSING:
                raise
            self.load.failures[f"Decide {error.code().name}"] += 1
            self.load.undecided += 1
            return
        self.load.degraded += answer.degraded
        if request.mode == decision_pb2.DECISION_MODE_SIMULATE:
            self.load.said.simulated.add(answer.decision_id)
            return
        told = digest(answer)
        assert self.load.said.answers.setdefault(answer.decision_id, told) == told, "one request, two answers"
        self.load.answered[answer.decision_id] = whole_digest(answer)
        is_prefetch = request.mode == decision_pb2.DECISION_MODE_PREFETCH
        for place in answer.placement_results:
            for item in place.propositions.items:
                self._outcomes += self._what_came(item, is_prefetch=is_prefetch)

    def _what_came(self, item: decision_pb2.Proposition, *, is_prefetch: bool) -> Iterator[Any]:
        draw = self._chance.random()
        if draw < 0.3:
            return
        proposition_id, is_mail = item.proposition_id, item.channel in CHANNELS
        if (is_mail and draw < 0.38) or (is_prefetch and draw < 0.5):
            lost = ("BOUNCED", "FAILED") if is_mail and not is_prefetch else ("NOT_PRESENTED",)
            yield outcome(proposition_id, self._chance.choice(lost))
            return
        yield outcome(proposition_id, "DELIVERED" if is_mail and not is_prefetch else "IMPRESSION")
        reactions: dict[str, float] = {"CLICKED": 20, "CONVERTED": 4, "REJECTED": 3, "DISMISSED": 5, "": 68}
        if is_mail:
            reactions |= {"UNSUBSCRIBED": 1.0, "COMPLAINED": 0.5, "DISMISSED": 0.0}
        (reaction,) = self._chance.choices(list(reactions), list(reactions.values()))
        if reaction:
            told = outcome(proposition_id, reaction)
            yield told
            if self._chance.random() < 0.1:
                yield told  # twice
        if reaction == "CONVERTED" and self._chance.random() < 0.3:
            yield outcome(proposition_id, "RETURNED")

    async def _tell_outcomes(self, most: int) -> None:
        """Late, and in any order."""
        self._chance.shuffle(self._outcomes)
        for start in range(0, most, 500):
            items, self._outcomes = self._outcomes[: min(500, most - start)], self._outcomes[min(500, most - start) :]
            if items:
                await self._call(self._orchestrator, "CaptureOutcomes", pb.CaptureOutcomesRequest, items=items)

    async def _change_mind(self, person: Person) -> None:
        name, draw = self._chance.choice(person.known), self._chance.random()
        async with person.turn:
            if draw < 0.35:
                await self._state(name, "GRANTED", self._chance.choice(CHANNELS))
            elif draw < 0.6:
                await self._state(name, self._chance.choice(("REVOKED", "DENIED")), self._chance.choice(CHANNELS))
            elif draw < 0.7:
                await self._state(name, "GRANTED", self._chance.choice(CHANNELS), lasts_ms=1_500)
            elif draw < 0.78:
                await self._state(name, "REVOKED", "")  # an objection
            elif draw < 0.93:
                await self._state(name, "GRANTED", "")  # takes it back
            elif person.zone == HOME:
                # Of who objects to profiling nobody knows the zone: the policy's holds, which is theirs.
                await self._state(name, "DENIED", "", purpose="PROFILING")

    async def _state(
        self, name: str, status: str, channel: str, *, purpose: str = "MARKETING", lasts_ms: int = 0
    ) -> None:
        consent = consent_pb2.Consent(purpose=purpose, channel=channel, status=f"CONSENT_STATUS_{status}")
        sent_ms, expire_ms = _now_ms(), FOR_EVER
        if lasts_ms:
            expire_ms = sent_ms + lasts_ms
            consent.granted_time.FromMilliseconds(
                sent_ms + 2
            )  # after all that was said before, however late it arrives
            consent.expire_time.FromMilliseconds(expire_ms)
        fields = {"subject": subject(name), "consent": consent}
        await self._call(self._profile, "SetConsent", profile_pb.SetConsentRequest, **fields)
        told_ms = math.ceil(time.time() * 1_000)
        self.load.said.statements.append(Statement(name, purpose, channel, status, sent_ms, told_ms, expire_ms))

    async def _become_one(self, person: Person) -> None:
        person.is_one = True
        one, other = person.names
        sent_ms = _now_ms()
        fields = {"survivor": subject(one), "merged": subject(other)}
        await self._call(self._profile, "MergeProfiles", identity_graph_pb2.MergeProfilesRequest, **fields)
        told_ms = math.ceil(time.time() * 1_000)
        profiles = self.load.said.profile_of
        self.load.said.merges.append(Merge(profiles[one], profiles[other], sent_ms, told_ms))

    async def _call(self, stub: Any, method: str, request_type: Any, **fields: Any) -> Any:
        """Until it is acknowledged: the checker would not know what holds."""
        self.load.calls[method] += 1
        request = request_type(request_id=fresh("call"), **fields)
        for _ in range(TRIES):
            try:
                return await getattr(stub, method)(request, timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                if error.code() not in PASSING:
                    raise
                self.load.failures[f"{method} {error.code().name}"] += 1
            await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"{method} is never acknowledged: {self.load.failures}")

    async def read_log(self, at_once: int) -> AsyncIterator[pb.GetDecisionResponse]:
        """Every decision on record."""
        token = ""
        while True:
            page = await self._orchestrator.ListDecisions(_page(token), timeout=TIMEOUT_S)
            for start in range(0, len(page.decisions), at_once):
                asked = [self._get(each.decision_id) for each in page.decisions[start : start + at_once]]
                for entry in await asyncio.gather(*asked):
                    yield entry
            token = page.next_page_token
            if not token:
                return

    async def _get(self, decision_id: str) -> pb.GetDecisionResponse:
        request = pb.GetDecisionRequest(decision_id=decision_id)
        answer: pb.GetDecisionResponse = await self._orchestrator.GetDecision(request, timeout=TIMEOUT_S)
        return answer


@asynccontextmanager
async def calling(addresses: Mapping[str, str], people: int, seed: int) -> AsyncIterator[Callers]:
    callers = Callers(addresses, people, seed)
    yield callers
    await callers.close()


def _page(token: str) -> decision_list_pb2.ListDecisionsRequest:
    return decision_list_pb2.ListDecisionsRequest(page_size=1_000, page_token=token)


def _now_ms() -> int:
    return int(time.time() * 1_000)


async def _bounded(at_once: int, work: Iterator[Awaitable[None]]) -> None:
    """So many at a time; the first failure ends all."""

    async def worker() -> None:
        for each in work:
            await each

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())
