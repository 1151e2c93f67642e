"""Whom policies reach, and what they are worth: by segment, and by the values of attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from services.orchestrator.app.diff.replay import ReplayedDecision
from services.orchestrator.app.diff.report import GroupReport
from services.orchestrator.app.diff.values import Columns
from services.orchestrator.domain.diff.fairness import GroupRate, group_rates
from services.orchestrator.domain.diff.off_policy import Column, Interval, Rows
from shared.values import FeatureStatus

SEGMENTS = "segments"
NOT_KNOWN = "(not known)"
LEAST_VALUED = 20
"""Persons, to say what a group is worth."""


def groups_of(
    decisions: Sequence[ReplayedDecision],
    telling: Sequence[int],
    columns: Columns | None,
    attributes: Sequence[str],
    *,
    is_valued: bool,
) -> tuple[GroupReport, ...]:
    """Of the decisions that say something, by attribute, then by segment."""
    if columns is None:
        return ()
    told = [decisions[index] for index in telling]
    reached = [_reached(told, policy) for policy in range(len(told[0].slots))]
    valued = columns if is_valued else None
    reports = [report for name in attributes for report in _of_attribute(name, told, reached, columns, valued)]
    return (*reports, *_of_segments(told, reached, columns, valued))


def _reached(decisions: Sequence[ReplayedDecision], policy: int) -> Column:
    slots = [each.slots[policy] for each in decisions]
    return np.array([0.0 if slot is None else slot.reaches() for slot in slots])


def _of_attribute(
    name: str,
    decisions: Sequence[ReplayedDecision],
    reached: Sequence[Column],
    columns: Columns,
    valued: Columns | None,
) -> Iterator[GroupReport]:
    groups = [_value(each, name) for each in decisions]
    rates = [group_rates(column, columns.person, groups) for column in reached]
    for index, candidate in enumerate(rates[-1]):
        rows = np.array([row for row, group in enumerate(groups) if group == candidate.group], dtype=np.intp)
        yield GroupReport(name, rates[0][index] if len(rates) == 2 else None, candidate, _worth(valued, rows))


def _of_segments(
    decisions: Sequence[ReplayedDecision], reached: Sequence[Column], columns: Columns, valued: Columns | None
) -> Iterator[GroupReport]:
    """Somebody may be in several, so none is measured against another."""
    for segment in sorted({name for each in decisions for name in each.segments}):
        rows = np.array([row for row, each in enumerate(decisions) if segment in each.segments], dtype=np.intp)
        persons = int(np.unique(columns.person[rows]).size)
        rates = [GroupRate(segment, rows.size, persons, float(column[rows].mean())) for column in reached]
        yield GroupReport(SEGMENTS, rates[0] if len(rates) == 2 else None, rates[-1], _worth(valued, rows))


def _worth(columns: Columns | None, rows: Rows) -> Interval | None:
    if columns is None:
        return None
    own = columns.take(rows)
    return own.difference().money_dr if own.persons >= LEAST_VALUED else None


def _value(decision: ReplayedDecision, name: str) -> str:
    feature = decision.record.features.get(name)
    if feature is None or feature.value is None or feature.status is FeatureStatus.NOT_FOUND:
        return NOT_KNOWN
    return str(feature.value)
