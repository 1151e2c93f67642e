"""Things that go wrong with somebody a decision asks, put before the real adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.orchestrator.domain.trouble import Cause, Party
from shared.clock import system_clock
from shared.deadline import until
from shared.errors import Internal, Unavailable

Answering = Callable[..., Awaitable[Any]]
Nonsense = Callable[[Any], Any]
"""What is made of the real answer."""


class How(StrEnum):
    DOWN = "down"
    SLOW = "slow"
    ERROR = "an error"
    NONSENSE = "nonsense"


CAUSES = {How.DOWN: Cause.DOWN, How.SLOW: Cause.SLOW, How.ERROR: Cause.FAULTY, How.NONSENSE: Cause.FAULTY}


@dataclass(frozen=True, slots=True)
class Outage:
    """Of a method of the adapter of a port."""

    party: Party
    adapter: type
    method: str
    how: How
    nonsense: Nonsense | None = None

    @property
    def cause(self) -> Cause:
        return CAUSES[self.how]

    def begin(self, patch: pytest.MonkeyPatch) -> None:
        """Until the patch is undone."""
        real: Answering = getattr(self.adapter, self.method)
        patch.setattr(self.adapter, self.method, self._replaced(real))

    def _replaced(self, real: Answering) -> Answering:
        async def method(*arguments: Any, **named: Any) -> Any:
            match self.how:
                case How.DOWN:
                    raise Unavailable("DEPENDENCY_UNAVAILABLE", "nobody is there")
                case How.ERROR:
                    raise Internal("INTERNAL", "it failed")
                case How.SLOW:
                    await _too_long(named)
            assert self.nonsense is not None
            return self.nonsense(await real(*arguments, **named))

        return method


async def _too_long(named: dict[str, Any]) -> None:
    """As a real adapter: it has heard of the deadline. One that has none is ended from outside."""
    deadline_ms = named.get("deadline_ms")
    if deadline_ms is None:
        await asyncio.sleep(3_600)
        raise AssertionError("nobody ended it")
    async with until(deadline_ms, system_clock):
        await asyncio.sleep(3_600)


def without(party: Party, cause: Cause) -> float:
    """How many decisions did so, as operators see it."""
    labels = {"stage": party.value, "cause": cause.value}
    return REGISTRY.get_sample_value("tandem_decisions_degraded_total", labels) or 0.0
