"""Cells of one column as an array. A cell that does not fit is told with its row; so is the first of its kind alone.

Cells are texts (CSV), or None, numbers, texts, bools, times and lists (Parquet).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np

from services.scoring.domain.logs.log import Column

Cell = Any

LARGEST = 1e15
"""Of a number: beyond it a sum over a log says nothing of the other rows."""
_MISSING_TEXTS = frozenset({"", "nan"})
_BOOLS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), 0.0),
}
_LATEST_SECONDS = 1e11
"""As seconds the year 5138, as milliseconds 1973: larger numbers are milliseconds."""


class BadCell(Exception):
    """The place of a cell from 0, and what is wrong with it."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True, slots=True)
class Cells:
    """A column as it was read, one cell a row."""

    name: str
    cells: Sequence[Cell]

    def numbers(self) -> Column:
        """float64[N], NaN where there is none. Raises BadCell."""
        return self._read(_number)

    def bools(self) -> Column:
        """float64[N] of 0, 1 and NaN."""
        return self._read(_bool)

    def numbers_or_bools(self) -> Column:
        """An outcome may be written as yes and no."""
        return self._read(_number_or_bool)

    def moments_ms(self) -> Column:
        """float64[N], milliseconds since 1970, UTC; NaN where there is none."""
        return self._read(_moment_ms)

    def texts(self) -> list[str | None]:
        """None where there is none."""
        try:
            return self._each(_text)
        except BadCell as bad:
            raise BadCell(bad.row, f'column "{self.name}": {bad}') from None

    def lists(self) -> list[tuple[str, ...]]:
        """A list of texts each: JSON, or separated by | in CSV."""
        try:
            return self._each(_list)
        except BadCell as bad:
            raise BadCell(bad.row, f'column "{self.name}": {bad}') from None

    def _read(self, read: Callable[[Cell], float]) -> Column:
        try:
            return np.array(self._each(read), np.float64)
        except BadCell as bad:
            raise BadCell(bad.row, f'column "{self.name}": {bad}') from None

    def _each(self, read: Callable[[Cell], Any]) -> list[Any]:
        """Equal texts are read once."""
        known: dict[Cell, Any] = {}
        found: list[Any] = []
        for row, cell in enumerate(self.cells):
            is_text = isinstance(cell, str)
            if is_text and cell in known:
                found.append(known[cell])
                continue
            try:
                value = read(cell)
            except ValueError as error:
                raise BadCell(row, str(error)) from None
            if is_text and len(known) < 100_000:
                known[cell] = value
            found.append(value)
        return found


def require(column: Column, name: str, holds: Any, message: str) -> None:
    """Raises BadCell at the first row where a condition does not hold; NaN counts as a cell that is missing."""
    missing = np.isnan(column)
    wrong = missing | ~holds
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadCell(row, f'column "{name}": {"nothing is written" if missing[row] else message.format(column[row])}')


def _number(cell: Cell) -> float:
    if cell is None:
        return math.nan
    if isinstance(cell, str):
        if cell.strip().lower() in _MISSING_TEXTS:
            return math.nan
        if "_" in cell:
            raise ValueError(f"{_shown(cell)} is no number")
        try:
            number = float(cell)
        except ValueError:
            raise ValueError(f"{_shown(cell)} is no number") from None
    elif isinstance(cell, bool | list | dict | datetime | date):
        raise ValueError(f"{_shown(cell)} is no number")
    else:
        try:
            number = float(cell)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{_shown(cell)} is no number") from None
    if abs(number) > LARGEST:
        raise ValueError(f"{_shown(cell)} is out of all measure: at most {LARGEST:g} is taken for a number")
    return number


def _bool(cell: Cell) -> float:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return math.nan
    text = str(cell).strip().lower()
    if text in _MISSING_TEXTS:
        return math.nan
    if text not in _BOOLS:
        raise ValueError(f"{_shown(cell)} is neither true nor false")
    return _BOOLS[text]


def _number_or_bool(cell: Cell) -> float:
    is_word = isinstance(cell, bool) or (isinstance(cell, str) and cell.strip().lower() in _BOOLS)
    return _bool(cell) if is_word else _number(cell)


def _moment_ms(cell: Cell) -> float:
    if isinstance(cell, datetime):
        moment = cell
    elif isinstance(cell, date):
        moment = datetime.combine(cell, time(), UTC)
    elif isinstance(cell, str) and not _is_number(cell):
        if cell.strip().lower() in _MISSING_TEXTS:
            return math.nan
        try:
            moment = datetime.fromisoformat(cell.strip())
        except ValueError:
            raise ValueError(f"{_shown(cell)} is no time such as 2026-11-22T10:00:00Z") from None
    else:
        number = _number(cell)
        return number * 1_000.0 if abs(number) < _LATEST_SECONDS else number
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000.0
    except (OverflowError, ValueError):
        raise ValueError(f"{_shown(cell)} lies outside the years that can be reckoned with") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _text(cell: Cell) -> str | None:
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, list | dict):
        raise ValueError(f"{_shown(cell)} is no single value")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # a column of whole numbers with a gap is one of doubles
    return str(cell)


def _list(cell: Cell) -> tuple[str, ...]:
    if isinstance(cell, str):
        try:
            found = json.loads(cell) if cell.strip().startswith("[") else cell.split("|")
        except json.JSONDecodeError as error:
            raise ValueError(f"{_shown(cell)} is no list: {error.msg}") from None
    else:
        found = cell
    if not isinstance(found, list):
        raise ValueError(f"{_shown(cell)} is no list")
    texts = tuple(_text(item.strip() if isinstance(item, str) else item) for item in found)
    if not texts or None in texts:
        raise ValueError(f"{_shown(cell)} holds no action, or an empty one")
    return tuple(text for text in texts if text is not None)


def _shown(cell: Cell) -> str:
    text = str(cell)
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'
