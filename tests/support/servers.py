"""Tandem as its users run it: one process or four, as real children on free ports, reached through gRPC alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("profile", "rules", "scoring", "orchestrator")
RULES_SETTINGS = {"TRIGGER_LEASE_SECONDS": "1"}
"""After a kill, triggers go on soon."""
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Form(StrEnum):
    ONE = "one"
    FOUR = "four"


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a deployment keeps its state: in a folder, or in databases whose names begin with `database`."""

    folder: Path
    mongo_uri: str = ""
    database: str = ""

    def settings(self, prefix: str, database: str) -> dict[str, str]:
        if not self.mongo_uri:
            return {f"{prefix}DATA_DIR": str(self.folder)}
        names = {"STORE": "mongo", "MONGO_URI": self.mongo_uri, "MONGO_DATABASE": database}
        return {f"{prefix}{name}": value for name, value in names.items()}


@dataclass(slots=True)
class ServerProcess:
    """One server process that can be killed and started again at its address."""

    module: str
    address: str
    settings: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.with_parent", self.module],
                cwd=ROOT,
                env={
                    **inherited,
                    **self.settings,
                    "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "shared/gen"))),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_serving(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with grpc.insecure_channel(self.address) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            while not _serves(health):
                assert self.is_running, f"{self.module} ended: {self.last_words()}"
                assert time.monotonic() < deadline, f"{self.module} does not serve: {self.last_words()}"
                time.sleep(0.05)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """As a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """It keeps its connections, and answers nothing until it is thawed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """As an operator would; answers the exit code."""
        assert self.process is not None
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2_000:]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Running servers. `addresses` by service; in one process they are all the same."""

    form: Form
    storage: Storage
    processes: Mapping[str, ServerProcess]
    addresses: Mapping[str, str] = field(default_factory=dict)

    def restart(self, name: str) -> None:
        self.processes[name].start()
        self.processes[name].wait_until_serving()


@contextmanager
def deployed(
    form: Form, storage: Storage, logs: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Deployment]:
    """Starts what the form needs, waits until all of it serves, and stops it; every process must end with 0.

    `settings` are without prefix, for the process that decides.
    """
    processes = _one(storage, logs, settings or {}) if form is Form.ONE else _four(storage, logs, settings or {})
    try:
        for process in processes.values():
            process.start()
        for process in processes.values():
            process.wait_until_serving()
        addresses = {name: processes[name if form is Form.FOUR else "tandem"].address for name in SERVICES}
        yield Deployment(form, storage, processes, addresses)
        _stop(list(processes.values()))
    finally:
        for process in processes.values():
            if process.is_running:
                process.kill()


def _stop(processes: Sequence[ServerProcess]) -> None:
    """The orchestrator, which comes last, ends first: it calls the others."""
    for process in reversed(processes):
        was_running = process.is_running
        code = process.stop()
        assert not was_running or code == 0, f"{process.module} ended with {code}: {process.last_words()}"


def _one(storage: Storage, logs: Path, extra: Mapping[str, str]) -> dict[str, ServerProcess]:
    address = free_address()
    settings = {"TANDEM_LISTEN_ADDRESS": address, "TANDEM_METRICS_ADDRESS": "off"}
    settings |= storage.settings("TANDEM_", storage.database)
    settings |= {f"TANDEM_{name}": value for name, value in (RULES_SETTINGS | dict(extra)).items()}
    return {"tandem": ServerProcess("services", address, settings, logs / "tandem.log")}


def _four(storage: Storage, logs: Path, extra: Mapping[str, str]) -> dict[str, ServerProcess]:
    addresses = {name: free_address() for name in SERVICES}
    targets = {f"{name}_TARGET".upper(): addresses[name] for name in SERVICES[:-1]}
    upstream = {"PROFILE_TARGET": addresses["profile"]}
    processes = {}
    for name, address in addresses.items():
        prefix = f"TANDEM_{name}_".upper()
        own = {"LISTEN_ADDRESS": address, "METRICS_ADDRESS": "off"}
        own |= {"orchestrator": targets | dict(extra), "rules": RULES_SETTINGS | upstream}.get(name, {})
        settings = {f"{prefix}{key}": value for key, value in own.items()}
        settings |= storage.settings(prefix, f"{storage.database}_{name}")
        processes[name] = ServerProcess(f"services.{name}", address, settings, logs / f"{name}.log")
    return processes


def free_address() -> str:
    """A loopback address nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return f"127.0.0.1:{port}"


def _serves(health: health_pb2_grpc.HealthStub) -> bool:
    try:
        answer = health.Check(health_pb2.HealthCheckRequest(), timeout=1.0)
    except grpc.RpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
