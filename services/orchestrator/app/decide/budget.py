"""The time a decision may take, and how it is shared among the services it asks."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock

PROFILE_SHARE = 0.5
RULES_SHARE = 0.5
SCORING_SHARE = 0.5
LEDGER_SHARE = 0.5
"""Of what is left when the service is asked: the rest is for the steps after it."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`end_ms` is the moment by which the decision must be answered."""

    end_ms: int
    clock: Clock

    @classmethod
    def starting_now(cls, deadline_ms: int | None, at_most_ms: int, clock: Clock) -> Budget:
        """The caller's deadline, but not more than `at_most_ms` from now."""
        end_ms = clock() + at_most_ms
        return cls(end_ms if deadline_ms is None else min(end_ms, deadline_ms), clock)

    def share(self, part: float) -> int:
        """The moment by which a service must have answered that may use this part of what is left."""
        now_ms = self.clock()
        return now_ms + int(max(0, self.end_ms - now_ms) * part)
