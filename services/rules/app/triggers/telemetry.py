"""What operators are told of triggers."""

from __future__ import annotations

from typing import Protocol

from services.rules.app.trigger_store import Sizes, StateChange


class TriggerTelemetry(Protocol):
    def stepped(self, kind: str, seconds: float, events: int, change: StateChange) -> None:
        """A step of a kind (log, inbox, fan_out, timers, schedule, erasure) was committed."""
        ...

    def lags(self, seconds: float) -> None:
        """How long the newest event that was seen had waited; 0 at the end of the log."""
        ...

    def sized(self, sizes: Sizes) -> None: ...

    def skipped(self, kind: str, count: int) -> None:
        """Events, timers or moments that were left out: what they do fails, or their time is long over."""
        ...

    def traits_pending(self, firings: int) -> None:
        """How many firings wait to be looked at for traits to bring."""
        ...

    def trait_refused(self, reason: str) -> None: ...
