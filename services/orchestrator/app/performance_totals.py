"""What everybody's contacts came to, whatever their arm: what targets are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.orchestrator.app.performance_report import Tally, TargetResult
from services.orchestrator.domain.currency import MILLIONTHS
from services.orchestrator.domain.targets import Target, TargetMetric

Kind = tuple[str, str, str, str]
"""Issue, group, action, channel."""


@dataclass(slots=True)
class Totals:
    contacts: dict[Kind, Tally] = field(default_factory=dict)
    """With what is put down to them."""
    bought: Tally = field(default_factory=Tally)
    """By everybody, whether it is put down to a contact or not."""

    def results(self, targets: Sequence[Target], span_ms: int) -> Sequence[TargetResult]:
        return [TargetResult(each.name, each.metric, each.within(span_ms), self._reached(each)) for each in targets]

    def _reached(self, target: Target) -> float:
        reached, wanted = Tally(), (target.issue, target.group, target.action, target.channel)
        for kind, tally in self.contacts.items():
            if all(name in ("", found) for name, found in zip(wanted, kind, strict=True)):
                reached.add(tally)
        of_money = reached if target.is_narrowed else self.bought
        match target.metric:
            case TargetMetric.CONTACTS:
                return reached.contacts
            case TargetMetric.RESPONSES:
                return reached.responses
            case TargetMetric.RESPONSE_RATE:
                return reached.responses / reached.contacts if reached.contacts else 0.0
            case TargetMetric.CONVERSIONS:
                return of_money.conversions
            case TargetMetric.REVENUE:
                return of_money.revenue / MILLIONTHS
