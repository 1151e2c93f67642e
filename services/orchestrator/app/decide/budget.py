"""The time a decision may take, and how it is shared among those it asks.

A share is of what is left when somebody is asked, so whoever takes all of theirs leaves the same part of the rest to
each that comes after, and recording the decision has what nobody used.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from shared.clock import Clock
from shared.deadline import until

POLICY_SHARE = 0.25
PROFILE_SHARE = 0.5
STORE_SHARE = 0.25
"""Of each look at a store of our own."""
RULES_SHARE = 0.5
SCORING_SHARE = 0.5
VOLUME_SHARE = 0.25
LEDGER_SHARE = 0.5
"""Of what is left when the service is asked: the rest is for the steps after it."""
LAST_WORD_MS = 10
"""Kept of the caller's time, to say that a decision could not be recorded."""


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
        """The moment by which somebody must have answered who may use this part of what is left."""
        now_ms = self.clock()
        return now_ms + int(max(0, self.end_ms - now_ms) * part)

    def within(self, part: float) -> AbstractAsyncContextManager[None]:
        """Ends what takes more than this part of what is left, with DeadlineExceeded."""
        return until(self.share(part), self.clock)
