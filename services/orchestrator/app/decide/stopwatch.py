"""How long the steps of a decision took."""

from __future__ import annotations

from collections.abc import Callable

from services.orchestrator.domain.decision import Timing


class Stopwatch:
    """Laps by name, in nanoseconds of a monotonic counter."""

    def __init__(self, ticks_ns: Callable[[], int]) -> None:
        self._ticks_ns = ticks_ns
        self._start_ns = self._last_ns = ticks_ns()
        self._laps_ns: dict[str, int] = {}

    def lap(self, name: str) -> None:
        """Everything since the last lap belongs to this step."""
        now_ns = self._ticks_ns()
        self._laps_ns[name] = self._laps_ns.get(name, 0) + now_ns - self._last_ns
        self._last_ns = now_ns

    def timing(self) -> Timing:
        laps = self._laps_ns
        return Timing(
            laps.get("profile", 0),
            laps.get("rules", 0),
            laps.get("scoring", 0),
            laps.get("arbitration", 0),
            self._ticks_ns() - self._start_ns,
            laps.get("ledger", 0),
        )
