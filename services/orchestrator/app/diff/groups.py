"""Whom policies reach, and what they are worth: by segment, and by the values of attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.orchestrator.app.diff.report import GroupReport
from services.orchestrator.domain.diff.fairness import GroupRate, group_rates
from services.orchestrator.domain.diff.off_policy import Column, Interval, Rows
from shared.values import Feature, FeatureStatus

SEGMENTS = "segments"
NOT_KNOWN = "(not known)"
LEAST_VALUED = 20
"""Persons, to say what a group is worth."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Of N decisions: `person` intp[N], `reached` float64[N] of each policy, `values` and `segments` of length N."""

    person: Rows
    reached: Sequence[Column]
    values: Mapping[str, Sequence[str]]
    """By attribute."""
    segments: Sequence[tuple[str, ...]]
    worth: Callable[[Rows], Interval | None]
    """The difference in money of some rows; None where it is not said."""
    sampled: float = 0.0
    """The share of all whom the rates are about that is here, as in domain.diff.off_policy."""


def groups_of(told: Grouped) -> tuple[GroupReport, ...]:
    """By attribute, then by segment."""
    of_attributes = [report for name in told.values for report in _of_attribute(name, told)]
    return (*of_attributes, *_of_segments(told))


def _of_attribute(name: str, told: Grouped) -> Iterator[GroupReport]:
    groups = told.values[name]
    rates = [group_rates(column, told.person, groups, told.sampled) for column in told.reached]
    for index, candidate in enumerate(rates[-1]):
        rows = np.array([row for row, group in enumerate(groups) if group == candidate.group], dtype=np.intp)
        yield GroupReport(name, rates[0][index] if len(rates) == 2 else None, candidate, _worth(told, rows))


def _of_segments(told: Grouped) -> Iterator[GroupReport]:
    """Somebody may be in several, so none is measured against another."""
    for segment in sorted({name for each in told.segments for name in each}):
        rows = np.array([row for row, each in enumerate(told.segments) if segment in each], dtype=np.intp)
        persons = int(np.unique(told.person[rows]).size)
        rates = [GroupRate(segment, rows.size, persons, float(column[rows].mean())) for column in told.reached]
        yield GroupReport(SEGMENTS, rates[0] if len(rates) == 2 else None, rates[-1], _worth(told, rows))


def _worth(told: Grouped, rows: Rows) -> Interval | None:
    return told.worth(rows) if np.unique(told.person[rows]).size >= LEAST_VALUED else None


def group_name(features: Mapping[str, Feature], attribute: str) -> str:
    feature = features.get(attribute)
    if feature is None or feature.value is None or feature.status is FeatureStatus.NOT_FOUND:
        return NOT_KNOWN
    return str(feature.value)
