"""What a servicer method knows of the call it serves."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from shared.clock import Clock, system_clock
from shared.logging import request_id

REQUEST_ID_HEADER = "x-request-id"


@dataclass(frozen=True, slots=True)
class CallContext:
    """`method` is the full name, "/tandem.rules.v1.RulesService/PublishRuleSet"."""

    request_id: str
    method: str
    deadline_ms: int | None
    """The moment the answer is of no use any more; None for a stream without one."""
    metadata: Mapping[str, str]
    """Text metadata of the caller; the last value of a repeated key."""

    def remaining_s(self, clock: Clock = system_clock) -> float | None:
        """Seconds left, negative when over; None without a deadline."""
        return None if self.deadline_ms is None else (self.deadline_ms - clock()) / 1000


current_deadline_ms: ContextVar[int | None] = ContextVar("current_deadline_ms", default=None)
"""Of the call being served: outgoing calls never take longer."""


def current_request_id() -> str:
    """Of the call being served; empty outside calls."""
    return request_id.get()
