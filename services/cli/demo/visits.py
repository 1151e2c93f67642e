"""The log as visits: one row is one anonymous visitor, the item they were shown, and whether they clicked."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.cli.demo.data_set import DataSetUnavailable
from shared.clock import to_ms

ITEM_COUNT = 80
USER_FEATURES = tuple(f"user_feature_{i}" for i in range(4))
AFFINITIES = tuple(f"user-item_affinity_{item}" for item in range(ITEM_COUNT))


@dataclass(frozen=True, slots=True)
class Visit:
    """One row, in the order of time."""

    index: int
    log_time_ms: int
    position: int
    """The place of the item on the page: 1, 2 or 3."""
    item: int
    """What the log's policy showed: 0 to 79."""
    propensity: float
    """The probability with which that policy chose it: 1/80."""
    has_click: bool
    user_features: tuple[str, ...]
    """Four hashes."""
    affinities: tuple[tuple[int, int], ...]
    """(item, earlier clicks on it), for the items with any."""


def parse(text: str) -> tuple[Visit, ...]:
    """All visits of the log, oldest first. Raises DataSetUnavailable where the text is not the log."""
    rows = csv.reader(text.splitlines())
    header = next(rows, [])
    needed = ("timestamp", "item_id", "position", "click", "propensity_score", *USER_FEATURES, *AFFINITIES)
    missing = [name for name in needed if name not in header]
    if missing:
        raise DataSetUnavailable(f"the log has no column {missing[0]}")
    visits = sorted(_visits(rows, _Columns.of(header)), key=lambda visit: visit.log_time_ms)
    return tuple(replace(visit, index=index) for index, visit in enumerate(visits))


@dataclass(frozen=True, slots=True)
class _Columns:
    timestamp: int
    item: int
    position: int
    click: int
    propensity: int
    user_features: tuple[int, ...]
    first_affinity: int

    @classmethod
    def of(cls, header: Sequence[str]) -> _Columns:
        at = {name: index for index, name in enumerate(header)}
        features = tuple(at[name] for name in USER_FEATURES)
        first = at[AFFINITIES[0]]
        if tuple(header[first : first + ITEM_COUNT]) != AFFINITIES:
            raise DataSetUnavailable("the affinity columns of the log are not in the order of the items")
        return cls(at["timestamp"], at["item_id"], at["position"], at["click"], at["propensity_score"], features, first)


def _visits(rows: Iterator[list[str]], columns: _Columns) -> Iterator[Visit]:
    for index, row in enumerate(rows):
        try:
            yield _visit(index, row, columns)
        except (ValueError, IndexError) as error:
            raise DataSetUnavailable(f"row {index + 2} of the log cannot be read: {error}") from error


def _visit(index: int, row: list[str], columns: _Columns) -> Visit:
    affinities = row[columns.first_affinity : columns.first_affinity + ITEM_COUNT]
    return Visit(
        index=index,
        log_time_ms=to_ms(datetime.fromisoformat(row[columns.timestamp])),
        position=int(row[columns.position]),
        item=int(row[columns.item]),
        propensity=float(row[columns.propensity]),
        has_click=row[columns.click] == "1",
        user_features=tuple(row[column] for column in columns.user_features),
        affinities=tuple((item, int(float(text))) for item, text in enumerate(affinities) if text != "0.0"),
    )
