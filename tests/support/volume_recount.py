"""Recounts what contacts took of budgets, stock and capacity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.support.decision_log import RETURNED_UNSEEN, SILENT, Contact
from tests.support.decision_rules import Amount

ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one resource in one period. `most` is the most that was out at any moment."""

    resource: str
    period_ms: int
    amount: float
    committed: float
    realised: float
    most: float

    @property
    def is_over(self) -> bool:
        return self.most > self.amount + ROUNDING


def units_of(amount: Amount, contact: Contact, costs: Mapping[str, float]) -> float:
    """What the contact takes by the policy; 0 where the resource is not about it, or it was only served again."""
    if contact.is_again or not amount.scope.holds(contact):
        return 0.0
    return costs[contact.treatment] if amount.by_cost else 1.0


def spent(amount: Amount, contacts: Iterable[Contact], costs: Mapping[str, float]) -> Iterator[Spent]:
    """By period. What came back is there again from when that was told, what was taken is gone once it was decided."""
    periods: dict[int, list[tuple[Contact, float]]] = {}
    for each in contacts:
        units = units_of(amount, each, costs)
        if units:
            period_ms = each.from_ms // amount.period_ms * amount.period_ms if amount.period_ms else 0
            periods.setdefault(period_ms, []).append((each, units))
    for period_ms, taken in sorted(periods.items()):
        moves = sorted(move for each, units in taken for move in _moves(each, units))
        level, most = 0.0, 0.0
        for _, change in moves:
            level += change
            most = max(most, level)
        realised = sum(units for each, units in taken if _has_arrived(each))
        yield Spent(amount.resource, period_ms, amount.amount, level, realised, most)


def _moves(contact: Contact, units: float) -> Iterator[tuple[int, float]]:
    yield contact.until_ms, units
    returned = contact.first_told(RETURNED_UNSEEN)
    if returned is not None:
        yield returned.told_ms, -units


def _has_arrived(contact: Contact) -> bool:
    return any(each.outcome not in RETURNED_UNSEEN | SILENT for each in contact.told)
