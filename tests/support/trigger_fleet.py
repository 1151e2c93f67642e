"""A profile and a rules service as real processes that work through a week of events, and hands that kill them."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc
import msgspec
from tandem.profile.v1 import event_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub
from tandem.rules.v1 import rules_service_pb2 as rules_pb
from tandem.rules.v1 import trigger_pb2
from tandem.rules.v1.rules_service_pb2_grpc import RulesServiceStub

from services.rules.api.published import rule_set_to
from services.rules.domain.triggers.outcome import Happening
from shared.rpc.values import timestamp_proto, value_from_proto, value_to_proto
from tests.support.servers import ServerProcess, free_address
from tests.support.tandem_client import fresh, subject
from tests.support.trigger_week import Told, Week, rule_set

TIMEOUT_S = 60.0
BATCH = 500
WORKER = b"services.rules.durable_worker"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Fleet:
    """Of one folder."""

    folder: Path
    profile: ServerProcess
    rules: ServerProcess

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers of durable-rules."""
        process = self.rules.process
        return [] if process is None else [pid for pid in children(process.pid) if WORKER in command_of(pid)]

    def tell_what_fires(self) -> None:
        """The rule set, its triggers active; then the rules service stops, until there is a log to read."""
        publish_schema(self.profile.address)
        with grpc.insecure_channel(self.rules.address) as channel:
            stub = RulesServiceStub(channel)  # type: ignore[no-untyped-call]
            publish = rules_pb.PublishRuleSetRequest(request_id=fresh("publish"), rule_set=rule_set_to(rule_set()))
            version = stub.PublishRuleSet(publish, timeout=TIMEOUT_S).rule_set_version
            activate = rules_pb.ActivateTriggersRequest(request_id=fresh("activate"), rule_set_version=version)
            stub.ActivateTriggers(activate, timeout=TIMEOUT_S)

    def record(self, log: Week) -> dict[str, str]:
        """Persons and events; answers who the profiles are."""
        with grpc.insecure_channel(self.profile.address) as channel:
            stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
            who: dict[str, str] = {}
            people = list(log.facts)
            for start in range(0, len(people), BATCH):
                who |= _know(stub, {each: log.facts[each] for each in people[start : start + BATCH]})
            for start in range(0, len(log.events), BATCH):
                _record(stub, log.events[start : start + BATCH])
        return who

    def as_logged(self, log: Week) -> Week:
        """In the order of the event log: events of different persons in one call have no order there."""
        by_id = {each.event_id: each for each in log.events}
        with grpc.insecure_channel(self.profile.address) as channel:
            stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
            pages = stub.TailEvents(profile_pb.TailEventsRequest(), timeout=TIMEOUT_S * 10)
            events = tuple(by_id.pop(each.event.event_id) for page in pages for each in page.events)
        assert not by_id, f"recorded and not in the log: {sorted(by_id)[:10]}"
        return replace(log, events=events)

    def position(self) -> int:
        """How many events of the log were worked through."""
        ((progress,),) = self._ask("SELECT progress FROM trigger_head")
        return int(position_of(progress)) if progress else 0

    def is_done(self, events: int) -> bool:
        now_ms = time.time_ns() // 1_000_000
        due = self._ask("SELECT count(*) FROM trigger_timer WHERE due_ms <= ?", now_ms)
        traits = self._ask("SELECT last_firing - delivered FROM trigger_head")
        return self.position() >= events and due == [(0,)] and traits == [(0,)]

    def fired(self, who: Mapping[str, str]) -> Counter[Told]:
        """Emitted, as ObserveEvents tells; persons by their numbers."""
        person_of = {profile_id: person for person, profile_id in who.items()}
        request = rules_pb.ObserveEventsRequest(after_position="0")
        found: Counter[Told] = Counter()
        with grpc.insecure_channel(self.rules.address) as channel:
            stub = RulesServiceStub(channel)  # type: ignore[no-untyped-call]
            for page in stub.ObserveEvents(request, timeout=TIMEOUT_S * 10):
                found.update(_told(each, person_of) for each in page.fired)
        return found

    def hesitating(self, who: Mapping[str, str]) -> set[str]:
        """Persons of whom the profile service knows the inferred trait."""
        people, found = list(who), set[str]()
        with grpc.insecure_channel(self.profile.address) as channel:
            stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
            for start in range(0, len(people), BATCH):
                asked = people[start : start + BATCH]
                requests = [profile_pb.GetProfileRequest(subject=subject(f"crm:{each}")) for each in asked]
                answer = stub.BatchGetProfiles(profile_pb.BatchGetProfilesRequest(requests=requests), timeout=TIMEOUT_S)
                found |= {
                    each
                    for each, item in zip(asked, answer.items, strict=True)
                    if "hesitates" in item.result.profile.traits
                }
        return found

    def _ask(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.folder / 'rules.sqlite'}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(sql, values).fetchall()


@contextmanager
def trigger_fleet(folder: Path, logs: Path) -> Iterator[Fleet]:
    """Neither runs yet; what runs at the end is killed."""
    profile, rules = free_address(), free_address()
    off = {"METRICS_ADDRESS": "off", "DATA_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    of_profile = {f"TANDEM_PROFILE_{name}": value for name, value in {**off, "LISTEN_ADDRESS": profile}.items()}
    own = {**off, "LISTEN_ADDRESS": rules, "PROFILE_TARGET": profile, "TRIGGER_LEASE_SECONDS": "1"}
    of_rules = {f"TANDEM_RULES_{name}": value for name, value in own.items()}
    fleet = Fleet(
        folder,
        ServerProcess("services.profile", profile, of_profile, logs / "profile.log"),
        ServerProcess("services.rules", rules, of_rules, logs / "rules.log"),
    )
    try:
        yield fleet
    finally:
        for server in (fleet.rules, fleet.profile):
            if server.is_running:
                server.kill()


def started(server: ServerProcess) -> None:
    server.start()
    server.wait_until_serving()


@dataclass(slots=True)
class Killer:
    """Kills a worker or the service when the work has come so far, each time after a random pause."""

    fleet: Fleet
    events: int
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def kill_while_it_works(self, workers: int, services: int) -> None:
        kinds = ["worker"] * workers + ["service"] * services
        self.chance.shuffle(kinds)
        for number, kind in enumerate(kinds):
            self._wait_for(self.events * number // len(kinds))
            time.sleep(self.chance.uniform(0, 0.2))
            self._kill_worker() if kind == "worker" else self._kill_service()

    def _wait_for(self, position: int) -> None:
        while self.fleet.position() < position:
            time.sleep(0.02)

    def _kill_worker(self) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not (workers := self.fleet.workers):
            if self.fleet.is_done(self.events):  # none is needed, so none runs
                return
            assert time.monotonic() < deadline, f"no worker runs: {self.fleet.rules.last_words()}"
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.kill(self.chance.choice(workers), signal.SIGKILL)
            self.killed["worker"] += 1

    def _kill_service(self) -> None:
        self.fleet.rules.kill()
        self.killed["service"] += 1
        started(self.fleet.rules)


def children(pid: int) -> list[int]:
    found = []
    for each in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if int((each / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(each.name))
    return found


def command_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def memory_mb(pid: int) -> float:
    """Of its own: pages of files that it has mapped, the stores above all, come and go as the system likes."""
    (own,) = re.findall(r"^RssAnon:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(own) / 1024


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def position_of(progress: object) -> str:
    assert isinstance(progress, bytes)
    return str(msgspec.msgpack.decode(progress)["position"])


def publish_schema(address: str) -> None:
    kinds = {"vip": "BOOL", "score": "INT", "hesitates": "BOOL"}
    traits = [trait_pb2.TraitDeclaration(name=name, type=f"ATTRIBUTE_TYPE_{kind}") for name, kind in kinds.items()]
    request = profile_pb.PublishTraitSchemaRequest(
        request_id=fresh("schema"), schema=trait_pb2.TraitSchema(traits=traits), activate=True
    )
    with grpc.insecure_channel(address) as channel:
        ProfileServiceStub(channel).PublishTraitSchema(request, timeout=TIMEOUT_S)  # type: ignore[no-untyped-call]


def _know(stub: ProfileServiceStub, people: Mapping[str, Mapping[str, bool | int]]) -> dict[str, str]:
    items = [
        profile_pb.BatchUpsertTraitsRequest.Item(
            subject=subject(f"crm:{person}"), traits=_traits(facts or {"score": 0})
        )
        for person, facts in people.items()
    ]
    request = profile_pb.BatchUpsertTraitsRequest(request_id=fresh("people"), items=items)
    answer = stub.BatchUpsertTraits(request, timeout=TIMEOUT_S)
    return {person: item.result.profile_id for person, item in zip(people, answer.items, strict=True)}


def _traits(facts: Mapping[str, bool | int]) -> list[trait_pb2.Trait]:
    return [trait_pb2.Trait(name=name, value=value_to_proto(value)) for name, value in facts.items()]


def _record(stub: ProfileServiceStub, happenings: Sequence[Happening]) -> None:
    events = [
        event_pb2.Event(
            event_id=each.event_id,
            subject=subject(f"crm:{each.profile_id}"),
            type=each.type,
            event_time=timestamp_proto(each.event_ms),
            properties={name: value_to_proto(value) for name, value in each.properties.items()},
        )
        for each in happenings
    ]
    stub.RecordEvents(profile_pb.RecordEventsRequest(request_id=fresh("events"), events=events), timeout=TIMEOUT_S)


def _told(fired: trigger_pb2.FiredTrigger, person_of: Mapping[str, str]) -> Told:
    payload = tuple(sorted((name, value_from_proto(value, name)) for name, value in fired.payload.items()))
    moment_ms = fired.fired_time.seconds * 1000 + fired.fired_time.nanos // 1_000_000
    return fired.trigger_id, person_of[fired.profile_id], fired.name, payload, fired.cause_event_id, moment_ms
