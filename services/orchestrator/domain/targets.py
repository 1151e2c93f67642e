"""What the business wants to reach, beside which reports put what was reached."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class TargetMetric(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.TargetMetric."""

    CONTACTS = 1
    RESPONSES = 2
    CONVERSIONS = 3
    REVENUE = 4
    RESPONSE_RATE = 5


@dataclass(frozen=True, slots=True)
class Target:
    """So much within every `per_ms`; None: within whatever a report is about, as of a rate. What is not named is not
    asked for; channel in upper case."""

    name: str
    metric: TargetMetric
    amount: float
    per_ms: int | None = None
    issue: str = ""
    group: str = ""
    action: str = ""
    channel: str = ""

    def within(self, span_ms: int) -> float:
        """What should be reached in a period of this length."""
        return self.amount if self.per_ms is None else self.amount * span_ms / self.per_ms

    @property
    def is_narrowed(self) -> bool:
        """To some contacts: then conversions and money are those that are put down to them."""
        return bool(self.issue or self.group or self.action or self.channel)
