"""Three real mongods on loopback as one replica set, whose primary can be made to step down, crash, or freeze.

Elections are quicker than by MongoDB's defaults, so that tests see many: after ELECTION_MS (default 10 s) without a
heartbeat, which come every HEARTBEAT_MS (default 2 s).
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bson.timestamp import Timestamp
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.support.mongod import REPLICA_SET, MongoUnavailable, free_ports, last_words, start_server, stop_server

MEMBERS = 3
ELECTION_MS = 2_000
HEARTBEAT_MS = 500
WAIT_S = 60.0
STEP_DOWN_S = 5
"""For which a deposed primary does not stand for election."""

PRIMARY, SECONDARY = "isWritablePrimary", "secondary"


@dataclass(slots=True)
class Member:
    binary: Path
    data: Path
    log: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    client: MongoClient[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.client = MongoClient("127.0.0.1", self.port, directConnection=True, timeoutMS=2_000)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.process = start_server(self.binary, self.data, self.log, self.port, ["enableTestCommands=1"])

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """It keeps its connections and its belief to be what it was, and does nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop_seeing_the_majority(self) -> None:
        """Majority reads of this member stay at what they show now: as of one that was elected and has not heard yet
        what the majority has."""
        self.command({"configureFailPoint": "disableSnapshotting", "mode": "alwaysOn"})

    def see_the_majority_again(self) -> None:
        self.command({"configureFailPoint": "disableSnapshotting", "mode": "off"})

    def command(self, *command: Any, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.admin.command(*command, **options)
        return answer

    def committed(self) -> Timestamp:
        """Up to where it knows that the majority has everything."""
        committed: Timestamp = self.command("replSetGetStatus")["optimes"]["lastCommittedOpTime"]["ts"]
        return committed

    def has_committed(self, moment: Timestamp) -> bool:
        return bool(self.committed() >= moment)

    def has_role(self, *roles: str) -> bool:
        try:
            hello = self.command("hello")
        except PyMongoError:
            return False
        return any(bool(hello.get(role)) for role in roles)

    def close(self) -> None:
        self.client.close()
        if self.process is not None:
            if self.is_running:
                self.thaw()
            stop_server(self.process)


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    members: tuple[Member, ...]

    @property
    def uri(self) -> str:
        addresses = ",".join(member.address for member in self.members)
        return f"mongodb://{addresses}/?replicaSet={REPLICA_SET}"

    def primary(self) -> Member:
        """Waits for one that knows of its office and holds it."""
        found: list[Member] = []

        def is_there() -> bool:
            found[:] = [member for member in self.members if member.is_running and member.has_role(PRIMARY)]
            return bool(found)

        _wait(is_there, "there is no primary")
        return max(found, key=lambda member: member.command("hello")["electionId"])

    def step_down(self) -> Member:
        """The primary steps down as for maintenance; answers which it was."""
        deposed = self.primary()
        try:
            deposed.command({"replSetStepDown": STEP_DOWN_S, "secondaryCatchUpPeriodSecs": STEP_DOWN_S})
        except PyMongoError:
            _wait(lambda: not deposed.has_role(PRIMARY), "the primary did not step down")
        return deposed

    def kill_primary(self) -> Member:
        """As a crash would; answers which it was, for its `start`."""
        killed = self.primary()
        killed.kill()
        return killed

    def wait_for(self, member: Member) -> None:
        """Until it is one of the set again."""
        _wait_for_member(member)

    def other_primary(self, than: Member) -> Member:
        """Waits until another member is primary."""
        others = ReplicaSet(tuple(member for member in self.members if member is not than))
        return others.primary()

    def blind_the_secondaries(self) -> Member:
        """Neither sees what the majority has from now on, but all that it has had till now; answers the primary."""
        primary = self.primary()
        known = primary.committed()
        for member in self.members:
            _wait(partial(Member.has_committed, member, known), f"{member.address} does not catch up")
        for member in self.members:
            if member is not primary:
                member.stop_seeing_the_majority()
        return primary

    def elect_another(self) -> Member:
        """The primary steps down; answers the next."""
        return self.other_primary(self.step_down())

    def see_the_majority_again(self) -> None:
        for member in self.members:
            if member.is_running:  # MongoDB 6.0.5 sometimes aborts while it steps down
                member.see_the_majority_again()
        # They look up when something is written.
        self.primary().command({"appendOplogNote": 1, "data": {"note": "look up"}})

    def revive(self) -> None:
        """Starts what does not run. From the main thread: a member ends with the thread that started it."""
        for member in self.members:
            if not member.is_running:
                member.start()

    def heal(self) -> None:
        """Every member runs, and the set has a primary."""
        for member in self.members:
            if member.is_running:
                member.thaw()
                member.see_the_majority_again()
        self.revive()
        for member in self.members:
            _wait_for_member(member)
        self.primary()


@contextmanager
def running_replica_set(binary: Path, directory: Path) -> Iterator[ReplicaSet]:
    """Data and logs go to `directory`. Raises MongoUnavailable where the set does not start."""
    replica_set = ReplicaSet(
        tuple(
            Member(binary, directory / f"member{number}", directory / f"member{number}.log", port)
            for number, port in enumerate(free_ports(MEMBERS))
        )
    )
    try:
        for member in replica_set.members:
            member.start()
        _initiate(replica_set)
        yield replica_set
    finally:
        for member in replica_set.members:
            member.close()


def _initiate(replica_set: ReplicaSet) -> None:
    configuration = {
        "_id": REPLICA_SET,
        "members": [{"_id": number, "host": member.address} for number, member in enumerate(replica_set.members)],
        "settings": {"electionTimeoutMillis": ELECTION_MS, "heartbeatIntervalMillis": HEARTBEAT_MS},
    }
    for member in replica_set.members:
        _wait_for_answer(member)
    replica_set.members[0].command("replSetInitiate", configuration)
    for member in replica_set.members:
        _wait_for_member(member)
    replica_set.primary()


def _wait_for_member(member: Member) -> None:
    _wait(lambda: member.has_role(PRIMARY, SECONDARY), f"{member.address} is no member: {last_words(member.log)}")


def _wait_for_answer(member: Member) -> None:
    _wait(lambda: _answers(member), f"{member.address} does not answer")


def _answers(member: Member) -> bool:
    try:
        member.command("ping")
    except PyMongoError:
        if not member.is_running:
            raise MongoUnavailable(f"a member of the replica set ended: {last_words(member.log)}") from None
        return False
    return True


def _wait(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise MongoUnavailable(f"{otherwise}, after {WAIT_S:.0f} s")
        time.sleep(0.02)
