"""Checks of columns that a caller sent. Every error names the field, and the first item that is wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidArgument

Column = NDArray[np.float64]
Ends = tuple[float, float]


def complete(path: str, column: Column, rows: int) -> Column:
    """Raises InvalidArgument where it has not one item for each row."""
    if column.size != rows:
        raise InvalidArgument.field(path, f"must have as many items as log.rewards, {rows}, not {column.size}")
    return column


def optional(path: str, column: Column, rows: int) -> Column | None:
    """None where nothing was sent. Raises InvalidArgument where not every row has an item."""
    if not column.size:
        return None
    if column.size != rows:
        raise InvalidArgument.field(path, f"must have as many items as log.rewards, {rows}, or none; not {column.size}")
    return column


def within(path: str, column: Column, ends: Ends, said: str = "") -> Column:
    """Raises InvalidArgument for what is no number, or outside; `said`: the ends as people write them."""
    low, high = ends
    wrong = np.flatnonzero(~((column >= low) & (column <= high)))
    if wrong.size:
        place = int(wrong[0])
        text = f"must lie within {said or f'[{low:g}, {high:g}]'}, not at {column[place]:g}"
        raise InvalidArgument.field(f"{path}[{place}]", text)
    return column


def at_least(path: str, column: Column, other_path: str, other: Column) -> Column:
    """Raises InvalidArgument where the item of the other column is larger."""
    wrong = np.flatnonzero(column < other)
    if wrong.size:
        place = int(wrong[0])
        text = f"must be at least {other_path}[{place}], {other[place]:g}, not {column[place]:g}"
        raise InvalidArgument.field(f"{path}[{place}]", text)
    return column
