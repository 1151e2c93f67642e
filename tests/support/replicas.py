"""Deployments with replicas: several processes of a service on one store, reached through gRPC alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import ServerProcess, Storage, free_address


@dataclass(frozen=True, slots=True)
class ReplicatedServices:
    """Beside one process each of the others."""

    profiles: tuple[ServerProcess, ...]
    orchestrators: tuple[ServerProcess, ...]


@contextmanager
def replicated_services(count: int, storage: Storage, logs: Path) -> Iterator[ReplicatedServices]:
    """`count` processes of the profile service, and as many orchestrators, each with a profile service of its own."""
    profiles = tuple(_process("profile", number, storage, logs, {}) for number in range(count))
    rules = _process("rules", 0, storage, logs, {"PROFILE_TARGET": profiles[0].address})
    scoring = _process("scoring", 0, storage, logs, {})
    common = {"RULES_TARGET": rules.address, "SCORING_TARGET": scoring.address}
    orchestrators = tuple(
        _process("orchestrator", number, storage, logs, common | {"PROFILE_TARGET": profiles[number].address})
        for number in range(count)
    )
    with running((*profiles, rules, scoring, *orchestrators)):
        yield ReplicatedServices(profiles, orchestrators)


@contextmanager
def replicated_scoring(count: int, storage: Storage, logs: Path) -> Iterator[tuple[ServerProcess, ...]]:
    """`count` processes of the scoring service alone."""
    replicas = tuple(_process("scoring", number, storage, logs, {}) for number in range(count))
    with running(replicas):
        yield replicas


@contextmanager
def running(processes: Sequence[ServerProcess]) -> Iterator[None]:
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.wait_until_serving()
        yield
        # Who calls the others comes last and ends first.
        for process in reversed(processes):
            was_running = process.is_running
            code = process.stop()
            assert not was_running or code == 0, f"{process.module} ended with {code}: {process.last_words()}"
    finally:
        for process in processes:
            if process.is_running:
                process.kill()


def _process(service: str, number: int, storage: Storage, logs: Path, extra: Mapping[str, str]) -> ServerProcess:
    prefix, address = f"TANDEM_{service}_".upper(), free_address()
    own = {"LISTEN_ADDRESS": address, "METRICS_ADDRESS": "off", **extra}
    settings = {f"{prefix}{name}": value for name, value in own.items()}
    settings |= storage.settings(prefix, f"{storage.database}_{service}")
    return ServerProcess(f"services.{service}", address, settings, logs / f"{service}{number}.log")
