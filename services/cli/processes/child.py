"""A server as a child process: started, awaited until it serves, and ended with its parent in any case."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from shared.rpc.channel import open_channel

SETTINGS_PREFIX = "TANDEM_"
POLL_SECONDS = 0.1
PR_SET_PDEATHSIG = 1


class ChildEnded(Exception):
    """A child ended that should have served."""

    def __init__(self, name: str, exit_code: int) -> None:
        super().__init__(f"{name} ended with exit code {exit_code}")
        self.name = name
        self.exit_code = exit_code


class ChildIsSlow(Exception):
    """A child did not serve in time."""


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """What to run: `python -m module`, with these settings and no others."""

    name: str
    module: str
    address: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Child:
    """One that runs."""

    plan: ChildPlan
    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, plan: ChildPlan, *, inherits: Mapping[str, str], output: IO[bytes] | None = None) -> Child:
        """In a session of its own, so that Ctrl-C reaches the parent alone and the parent decides the order.

        `output` takes stdout and stderr; without it the child writes where the parent does.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            plan.module,
            env={**inherits, **plan.settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        return cls(plan, process)

    async def until_serving(self, timeout_s: float) -> None:
        """Raises ChildEnded or ChildIsSlow."""
        try:
            async with asyncio.timeout(timeout_s), open_channel(self.plan.address) as channel:
                while not await _serves(channel):
                    if self.process.returncode is not None:
                        raise ChildEnded(self.plan.name, self.process.returncode)
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise ChildIsSlow(f"{self.plan.name} did not serve within {timeout_s:.0f} s") from error

    async def stop(self, grace_s: float) -> int:
        """SIGTERM, time to drain, and SIGKILL for one that does not end. Answers the exit code."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(grace_s):
                return await self.process.wait()
        except TimeoutError:
            self.process.kill()
            return await self.process.wait()


def environment_without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What a child inherits: everything but the settings of this process."""
    return {name: value for name, value in environ.items() if not name.upper().startswith(SETTINGS_PREFIX)}


def free_address() -> str:
    """A loopback address nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return f"127.0.0.1:{port}"


async def _serves(channel: grpc.aio.Channel) -> bool:
    try:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1.0)
    except grpc.aio.AioRpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _end_with_parent() -> None:
    """A parent that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
