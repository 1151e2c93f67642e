"""Where a command finds the server, and a channel to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import grpc
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub
from tandem.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub

from services.cli.failures import CommandFailed
from services.cli.processes.plans import PORTS
from shared.errors import Unavailable
from shared.rpc.channel import open_channel
from shared.rpc.tls import ClientTls

DEFAULT_TARGET = "127.0.0.1:50051"
PROFILE_TARGET_APART = f"127.0.0.1:{PORTS['profile']}"
SCORING_TARGET_APART = f"127.0.0.1:{PORTS['scoring']}"

Command = TypeVar("Command", bound=Callable[..., Any])
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a server."""

    target: str = DEFAULT_TARGET
    profile_target: str | None = None
    """Where the profile service answers, when not at `target`."""
    token: str | None = None
    tls: ClientTls | None = None
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Stubs:
    """The services that callers talk to: over one channel, or over two where they run apart. `scoring` is over the
    first one: who speaks of models speaks to one service, whichever serves them.
    """

    orchestrator: OrchestratorServiceStub
    profiles: ProfileServiceStub
    scoring: ScoringServiceStub

    @classmethod
    def over(cls, channel: grpc.aio.Channel, profiles: grpc.aio.Channel) -> Stubs:
        orchestrator, scoring = OrchestratorServiceStub(channel), ScoringServiceStub(channel)  # type: ignore[no-untyped-call]
        return cls(orchestrator, ProfileServiceStub(profiles), scoring)  # type: ignore[no-untyped-call]


def connection_options(command: Command) -> Command:
    """Gives a command --target, --token, --timeout and the TLS options; it takes them as `**options`."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    options = [
        click.option("--target", default=DEFAULT_TARGET, show_default=True, help="Server, host:port."),
        click.option("--profile-target", help="Where the profile service answers, when not at --target."),
        click.option("--token", envvar="TANDEM_BEARER_TOKEN", help="Bearer token; or TANDEM_BEARER_TOKEN."),
        click.option("--timeout", "timeout_s", default=10.0, show_default=True, help="Seconds to wait for an answer."),
        click.option("--tls", "uses_tls", is_flag=True, help="TLS, trusting the system's authorities."),
        click.option("--tls-ca", "tls_ca_file", type=file, help="TLS, trusting this authority (PEM)."),
        click.option("--tls-certificate", "tls_certificate_file", type=file, help="Client certificate (PEM)."),
        click.option("--tls-key", "tls_key_file", type=file, help="Its private key (PEM)."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def connection_from(options: dict[str, Any]) -> Connection:
    """Of the options that `connection_options` declares. Raises click.UsageError where they do not go together."""
    ca, certificate, key = (options[f"tls_{name}_file"] for name in ("ca", "certificate", "key"))
    if (certificate is None) != (key is None):
        raise click.UsageError("--tls-certificate and --tls-key go together")
    has_tls = options["uses_tls"] or ca is not None or certificate is not None
    tls = ClientTls(ca, certificate, key) if has_tls else None
    return Connection(options["target"], options["profile_target"], options["token"], tls, options["timeout_s"])


def run(connection: Connection, talk: Callable[[Stubs], Awaitable[Answer]]) -> Answer:
    """Opens a channel, talks, closes it. Raises what the server raised, or CommandFailed where none answers."""
    try:
        return asyncio.run(_run(connection, talk))
    except Unavailable as error:
        if error.reason != "DEPENDENCY_UNAVAILABLE" or "service" in error.metadata:
            raise
        raise CommandFailed("UNAVAILABLE", _nobody_answers(connection, error.message)) from error


async def _run(connection: Connection, talk: Callable[[Stubs], Awaitable[Answer]]) -> Answer:
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(_open(connection, connection.target))
        profiles = channel
        if connection.profile_target is not None:
            profiles = await stack.enter_async_context(_open(connection, connection.profile_target))
        return await talk(Stubs.over(channel, profiles))


def _open(connection: Connection, target: str) -> grpc.aio.Channel:
    return open_channel(target, tls=connection.tls, token=connection.token)


def _nobody_answers(connection: Connection, details: str) -> str:
    if details.startswith(grpc.StatusCode.UNIMPLEMENTED.name):
        return _not_served(connection, details)
    return f"no Tandem answers at {connection.target}: start one with `tandem serve`, or set --target ({details})"


def _not_served(connection: Connection, details: str) -> str:
    """Something answers, and knows nothing of what it was asked: services that run apart, or no Tandem at all."""
    if connection.profile_target is None:
        asked, example = connection.target, f"--profile-target {PROFILE_TARGET_APART}"
        advice = f"where the services run apart, name the profile service, too: {example}; of models, ask the scoring"
        advice += f" service: --target {SCORING_TARGET_APART}"
    else:
        asked = f"{connection.target} or {connection.profile_target}"
        advice = "--target is the orchestrator, --profile-target the profile service"
    return f"{asked} does not serve what was asked: {advice} ({details})"
