"""From replayed decisions to columns, and from columns to values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.orchestrator.app.diff.logged_slot import FirstSlot, Weighed, weighed
from services.orchestrator.app.diff.replay import ReplayedDecision
from services.orchestrator.app.diff.report import PolicyValue
from services.orchestrator.domain.diff.money import money_of
from services.orchestrator.domain.diff.off_policy import (
    Column,
    Interval,
    Linear,
    LoggedRows,
    PolicyRows,
    Rows,
    doubly_robust,
    interval,
    snips,
)

Estimator = Callable[[LoggedRows, PolicyRows], Linear]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Of decisions whose first slot says something: successes and money of the log, and of each policy."""

    person: Rows
    successes: LoggedRows
    money: LoggedRows
    policies_successes: tuple[PolicyRows, ...]
    policies_money: tuple[PolicyRows, ...]

    def take(self, rows: Rows) -> Columns:
        return Columns(
            self.person[rows],
            self.successes.take(rows),
            self.money.take(rows),
            tuple(each.take(rows) for each in self.policies_successes),
            tuple(each.take(rows) for each in self.policies_money),
        )

    @property
    def persons(self) -> int:
        return int(np.unique(self.person).size)

    def value(self, policy: int) -> PolicyValue:
        return self._told(lambda log, policies, estimate: estimate(log, policies[policy]))

    def difference(self) -> PolicyValue:
        """Of the second policy and the first one."""
        return self._told(lambda log, policies, estimate: estimate(log, policies[1]).minus(estimate(log, policies[0])))

    def _told(self, of: Callable[[LoggedRows, Sequence[PolicyRows], Estimator], Linear]) -> PolicyValue:
        def told(log: LoggedRows, policies: Sequence[PolicyRows], estimate: Estimator) -> Interval:
            return interval(of(log, policies, estimate), self.person)

        return PolicyValue(
            told(self.successes, self.policies_successes, snips),
            told(self.successes, self.policies_successes, doubly_robust),
            told(self.money, self.policies_money, snips),
            told(self.money, self.policies_money, doubly_robust),
        )


def valued(decisions: Sequence[ReplayedDecision]) -> list[int]:
    """Which of them say something of values."""
    return [
        index
        for index, each in enumerate(decisions)
        if each.logged is not None and all(slot is not None for slot in each.slots)
    ]


def columns_of(decisions: Sequence[ReplayedDecision]) -> Columns:
    """Of those that say something."""
    names = {each.person: index for index, each in enumerate(decisions)}
    person: Rows = np.array([names[each.person] for each in decisions], dtype=np.intp)
    logged = [_drawn(each) for each in decisions]
    successes, rates, money, expected = (np.array(column) for column in zip(*logged, strict=True))
    policies = [[_weighed(each, policy) for each in decisions] for policy in range(len(decisions[0].slots))]
    return Columns(
        person,
        LoggedRows(successes, rates, person),
        LoggedRows(money, expected, person),
        tuple(_rows(each, [row.successes for row in each]) for each in policies),
        tuple(_rows(each, [row.money for row in each]) for each in policies),
    )


def _drawn(decision: ReplayedDecision) -> tuple[float, float, float, float]:
    """Success, its expectation, money, its expectation."""
    logged = decision.logged
    assert logged is not None
    stood = logged.settled
    if stood.drawn is None:
        return 0.0, 0.0, 0.0, 0.0
    drawn = stood.options[stood.drawn]
    money = money_of(decision.success, drawn.value, drawn.cost)
    return decision.success, drawn.propensity, money, drawn.expected_money


def _weighed(decision: ReplayedDecision, policy: int) -> Weighed:
    logged, made = decision.logged, decision.slots[policy]
    assert logged is not None
    assert made is not None
    return weighed(logged, made)


def _rows(weighed_rows: Sequence[Weighed], direct: Sequence[float]) -> PolicyRows:
    return PolicyRows(
        np.array([each.weight for each in weighed_rows]),
        np.array([each.silent for each in weighed_rows]),
        np.array(direct),
        np.array([each.untried for each in weighed_rows]),
    )


def moved(decisions: Sequence[ReplayedDecision]) -> Column:
    """float64[N]: the total variation between what two policies do first."""
    return np.array([_variation(each.slots[0], each.slots[1]) for each in decisions])


def _variation(one: FirstSlot | None, other: FirstSlot | None) -> float:
    assert one is not None
    assert other is not None
    mine, theirs = one.law(), other.law()
    apart = abs(sum(mine.values()) - sum(theirs.values()))
    apart += sum(abs(mine.get(name, 0.0) - theirs.get(name, 0.0)) for name in mine.keys() | theirs.keys())
    return apart / 2
