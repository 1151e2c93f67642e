"""Writers against several profile servers while something they stand on is taken away, and the audit afterwards.

Each person has two writers at a time, and each of their requests goes to another server; one that is refused is
repeated, with the same id and to the next server, until it is answered. What was acknowledged is written down. What
must hold: everything acknowledged is there, nothing twice, and nothing was refused with anything but UNAVAILABLE.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from tandem.common.v1 import value_pb2
from tandem.profile.v1 import consent_pb2, contact_ledger_pb2, contact_pb2, event_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from tests.support.tandem_client import Refusal, fresh, subject, typed

TIMEOUT_S = 60.0
"""Longer than any server may take to say that it is not available."""
RETRY_S = 0.02

SCHEMA = trait_pb2.TraitSchema(
    traits=[trait_pb2.TraitDeclaration(name="visits", type=value_pb2.ATTRIBUTE_TYPE_INT)],
    aggregates=[trait_pb2.AggregateDeclaration(name="clicks", event="click", measure="MEASURE_COUNT")],
)


CAP = 3
SCHEMA.contact_limits.add(limit_id="cap", max=CAP, window=Duration(seconds=86_400))
MAIL = contact_pb2.Contact(channel="EMAIL", direction="OUTBOUND", action="comeback")


@dataclass(slots=True)
class Acknowledged:
    """Of one person."""

    person: str = field(default_factory=lambda: fresh("crm:person"))
    visits: int = 0
    event_ids: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    """The proof of each, by which they are told apart."""
    reservation_ids: set[str] = field(default_factory=set)
    refused_contacts: int = 0


@dataclass(slots=True)
class Load:
    """`acknowledged_at` are the moments of acknowledgements, for the time without any."""

    addresses: Sequence[str]
    people: list[Acknowledged] = field(default_factory=list)
    acknowledged_at: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    _writing: asyncio.Future[list[None]] = field(init=False)
    _is_over: bool = False
    _turns: Iterator[int] = field(default_factory=itertools.count)
    _stubs: list[Any] = field(default_factory=list)
    _channels: list[grpc.aio.Channel] = field(default_factory=list)

    async def open(self) -> None:
        # A server that was killed is called again soon after it is back.
        options = [("grpc.max_reconnect_backoff_ms", 200)]
        self._channels = [grpc.aio.insecure_channel(address, options=options) for address in self.addresses]
        self._stubs = [ProfileServiceStub(channel) for channel in self._channels]  # type: ignore[no-untyped-call]
        request = pb.PublishTraitSchemaRequest(request_id=fresh("schema"), schema=SCHEMA, activate=True)
        await self._until_answered("PublishTraitSchema", request)

    def start(self, people: int) -> None:
        self.people += [Acknowledged() for _ in range(people)]
        states = [self._write(person, [self._trait]) for person in self.people]
        happenings = [self._write(person, [self._event, self._consent, self._contact]) for person in self.people]
        self._writing = asyncio.gather(*states, *happenings)

    async def stop(self) -> None:
        """Returns when the last write was answered."""
        self._is_over = True
        await self._writing

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close(None)

    async def flows_again(self) -> None:
        """Returns when every person was acknowledged something from now on, on average four times."""
        enough = len(self.acknowledged_at) + 4 * len(self.people)
        while len(self.acknowledged_at) < enough:
            assert not self._writing.done(), f"a writer gave up: {self._writing.exception()!r}"
            await asyncio.sleep(0.05)

    def longest_silence_s(self, since: float, until: float) -> float:
        """Without a single acknowledgement, within a stretch of time."""
        moments = [since, *(moment for moment in self.acknowledged_at if since <= moment <= until), until]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))

    async def _write(self, person: Acknowledged, steps: Sequence[Callable[[Acknowledged], Awaitable[None]]]) -> None:
        for step in itertools.cycle(steps):
            if self._is_over:
                return
            await step(person)
            self.acknowledged_at.append(time.monotonic())

    async def _trait(self, person: Acknowledged) -> None:
        trait = trait_pb2.Trait(name="visits", value=typed(person.visits + 1))
        request = pb.UpsertTraitsRequest(request_id=fresh("traits"), subject=subject(person.person), traits=[trait])
        await self._until_answered("UpsertTraits", request)
        person.visits += 1

    async def _event(self, person: Acknowledged) -> None:
        event = event_pb2.Event(event_id=fresh("event"), subject=subject(person.person), type="click")
        await self._until_answered("RecordEvents", pb.RecordEventsRequest(request_id=fresh("events"), events=[event]))
        person.event_ids.append(event.event_id)

    async def _consent(self, person: Acknowledged) -> None:
        proof, granted = fresh("proof"), consent_pb2.CONSENT_STATUS_GRANTED
        consent = consent_pb2.Consent(purpose="marketing", channel="email", status=granted, proof=proof)
        request = pb.SetConsentRequest(request_id=fresh("consent"), subject=subject(person.person), consent=consent)
        await self._until_answered("SetConsent", request)
        person.statements.append(proof)

    async def _contact(self, person: Acknowledged) -> None:
        request = contact_ledger_pb2.ReserveContactRequest(
            request_id=fresh("reserve"), subject=subject(person.person), contacts=[MAIL]
        )
        (result,) = (await self._until_answered("ReserveContact", request)).results
        if result.HasField("granted"):
            person.reservation_ids.add(result.granted.reservation_id)
        else:
            person.refused_contacts += 1

    async def _until_answered(self, rpc: str, request: Any) -> Any:
        """The same request again, at the next server; every refusal is counted by its code and reason."""
        for number in self._turns:
            try:
                return await getattr(self._stubs[number % len(self._stubs)], rpc)(request, timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError as failure:
                refusal = Refusal.of(failure)
                self.refusals[f"{refusal.code.name} {refusal.reason}"] += 1
                await asyncio.sleep(RETRY_S)
        raise AssertionError("there is no server")

    async def audit(self) -> list[str]:
        """What was acknowledged and is not there, or is there twice."""
        log = Counter[str]()
        async for page in self._stubs[0].TailEvents(pb.TailEventsRequest(), timeout=TIMEOUT_S):
            log.update(each.event.event_id for each in page.events)
        faults = [f"event {event_id} is in the log {count} times" for event_id, count in log.items() if count > 1]
        for person in self.people:
            faults += await self._faults_of(person, log)
        return faults

    async def _faults_of(self, person: Acknowledged, log: Counter[str]) -> list[str]:
        request = pb.GetProfileRequest(subject=subject(person.person))
        profile = (await self._until_answered("GetProfile", request)).profile
        faults = [f"event {event_id} is lost" for event_id in person.event_ids if event_id not in log]
        clicks = profile.aggregates["clicks"].value.int_value
        if clicks != len(person.event_ids):
            faults.append(f"{person.person} has {clicks} clicks after {len(person.event_ids)} events")
        if profile.traits["visits"].value.int_value != person.visits:
            faults.append(f"{person.person} has {profile.traits['visits'].value.int_value} visits, not {person.visits}")
        return [*faults, *await self._missing_statements(person), *await self._faults_of_ledger(person)]

    async def _faults_of_ledger(self, person: Acknowledged) -> list[str]:
        request = contact_ledger_pb2.GetContactLedgerRequest(subject=subject(person.person))
        entries = (await self._until_answered("GetContactLedger", request)).entries
        held = {entry.reservation_id for entry in entries}
        faults = [f"reservation {each} is lost" for each in person.reservation_ids - held]
        if len(held) > CAP or (person.refused_contacts and len(held) < CAP):
            faults.append(f"{person.person} has {len(held)} contacts, and {person.refused_contacts} were refused")
        return faults

    async def _missing_statements(self, person: Acknowledged) -> list[str]:
        found: list[str] = []
        page_token = ""
        while not found or page_token:
            request = pb.ListConsentsRequest(
                subject=subject(person.person), page_size=1_000, page_token=page_token, include_history=True
            )
            page = await self._until_answered("ListConsents", request)
            found += (consent.proof for consent in page.consents)
            page_token = page.next_page_token
            if not page_token:
                break
        return [f"statement {each} is lost" for each in person.statements if each not in found] + [
            f"statement {each} is recorded twice" for each, count in Counter(found).items() if count > 1
        ]
