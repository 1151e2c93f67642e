"""grpc.health.v1 with named components, kept true by checking.

""            the whole: SERVING while every service is
"readiness"   the same, under the name a probe can ask for
"liveness"    SERVING until shutdown, whatever a store does: a restart would not heal the store
<service>     its own check, for instance "tandem.profile.v1.ProfileService"
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2

from shared.errors import Unavailable
from shared.rpc.interceptors.drain import Drain

_log = logging.getLogger("tandem.health")
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

CHECK_INTERVAL_S = 2.0
CHECK_TIMEOUT_S = 2.0
LIVENESS, READINESS, WHOLE = "liveness", "readiness", ""

Check = Callable[[], Awaitable[None]]
"""Returns where the service can serve, raises where it cannot."""


class _Servicer(health.aio.HealthServicer):  # type: ignore[name-defined, misc]
    """grpc's own, but that watchers hang up at shutdown instead of using up the grace of others."""

    def __init__(self, drain: Drain) -> None:
        super().__init__()
        self._drain = drain

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:
        try:
            async with self._drain.stream():
                await super().Watch(request, context)
        except Unavailable as failure:
            await context.abort(grpc.StatusCode.UNAVAILABLE, failure.message)


class Health:
    def __init__(self, checks: Mapping[str, Check], drain: Drain) -> None:
        self.servicer = _Servicer(drain)
        self._checks = checks
        self._serving: dict[str, bool] = {}

    async def start(self, stack: AsyncExitStack) -> None:
        """Checks everything once, then goes on checking until the stack closes."""
        for name in (WHOLE, READINESS, *self._checks):
            await self.servicer.set(name, _NOT_SERVING)
        await self.servicer.set(LIVENESS, _SERVING)
        await self._check_all()
        task = asyncio.create_task(self._watch(), name="health")
        stack.callback(task.cancel)

    async def drain(self) -> None:
        """Everything NOT_SERVING, for good: clients and load balancers go elsewhere."""
        await self.servicer.enter_graceful_shutdown()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            await self._check_all()

    async def _check_all(self) -> None:
        results = await asyncio.gather(*(self._check(name, check) for name, check in self._checks.items()))
        for name in (WHOLE, READINESS):
            await self._set(name, all(results))

    async def _check(self, name: str, check: Check) -> bool:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                await check()
        except Exception as failure:  # noqa: BLE001 - the top of a background loop: any failure means not serving
            if self._serving.get(name, True):
                _log.warning("not serving", extra={"fields": {"service": name, "cause": str(failure)}})
            await self._set(name, False)
            return False
        await self._set(name, True)
        return True

    async def _set(self, name: str, is_serving: bool) -> None:
        if self._serving.get(name) is not is_serving:
            self._serving[name] = is_serving
            await self.servicer.set(name, _SERVING if is_serving else _NOT_SERVING)
