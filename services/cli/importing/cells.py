"""A cell of a row as the value that the mapping says it is. What it is not is refused, with its column."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo

from services.cli.importing.files.rows import Cell, Row
from services.cli.importing.mapping import Columns, TimeMapping, ValueMapping, WordMapping
from shared.clock import to_datetime, to_ms
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Scalar, Value

_INT = re.compile(r"[-+]?[0-9]{1,19}")
_DOUBLE = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,4})?")
_TRUE, _FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})
_SHOWN_CHARS = 60
_OUT_OF_YEARS = "not within the years 1 to 9999"


class RowRefused(Exception):
    """A row of which nothing is imported, and why."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


def cell_of(row: Row, columns: Columns, null_texts: frozenset[str]) -> tuple[str, Cell]:
    """The first of the columns that holds something, and what; None where none of them does."""
    for column in columns:
        cell = row.cells.get(column.name)
        if cell is not None and not (isinstance(cell, str) and cell.strip() in null_texts):
            return column.name, cell
    return columns[0].name, None


def text_of(column: str, cell: Cell) -> str:
    """A name or an id: text, or a whole number."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise RowRefused(column, f"must be text or a whole number, not {shown(cell)}")


def shown(cell: Cell) -> str:
    """A cell in the words of a message."""
    text = repr(cell)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def word_of(row: Row, mapping: WordMapping, null_texts: frozenset[str]) -> str:
    """Empty where the row says nothing."""
    if not mapping.columns:
        return mapping.constant
    column, cell = cell_of(row, mapping.columns, null_texts)
    if cell is None:
        return ""
    text = ("true" if cell else "false") if isinstance(cell, bool) else text_of(column, cell)
    if mapping.values is None:
        return text
    if text not in mapping.values:
        raise RowRefused(column, f"{shown(text)} is not among the values of the mapping")
    return mapping.values[text]


def value_of(row: Row, mapping: ValueMapping, null_texts: frozenset[str]) -> Value:
    """None where the row says nothing."""
    column, cell = cell_of(row, mapping.columns, null_texts)
    if cell is None:
        return None
    try:
        if mapping.values is not None:
            return _typed(_meant(cell, mapping.values), mapping.type)
        if mapping.type.is_list:
            return _list(cell, mapping)
        return _typed(cell, mapping.type)
    except ValueError as wrong:
        raise RowRefused(column, f"must be {wrong}") from None
    except OverflowError:
        raise RowRefused(column, f"{shown(cell)} is {_OUT_OF_YEARS}") from None


def _meant(cell: Cell, values: Mapping[str, Scalar]) -> Cell:
    text = ("true" if cell else "false") if isinstance(cell, bool) else str(cell).strip()
    if text not in values:
        raise ValueError(f"among the values of the mapping, not {shown(cell)}")
    return values[text]


def _list(cell: Cell, mapping: ValueMapping) -> Value:
    if isinstance(cell, str) and mapping.separator:
        elements: list[Cell] = [part.strip() for part in cell.split(mapping.separator)]
    elif isinstance(cell, list):
        elements = cell
    else:
        raise ValueError(f"a list, or text with a `separator` in the mapping, not {shown(cell)}")
    return tuple(_typed(element, mapping.type.element) for element in elements)


def _typed(cell: Cell, kind: AttributeType) -> Scalar:
    found = _READ[kind](cell)
    if found is None:
        raise ValueError(f"a {kind.text}, not {shown(cell)}")
    return found


def _bool(cell: Cell) -> bool | None:
    if isinstance(cell, bool):
        return cell
    word = cell.strip().lower() if isinstance(cell, str) else str(cell) if isinstance(cell, int) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _int(cell: Cell) -> int | None:
    if isinstance(cell, str) and _INT.fullmatch(cell.strip()):
        cell = int(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)  # a column of whole numbers with gaps is one of floats in many tools
    if isinstance(cell, int) and not isinstance(cell, bool) and INT64_MIN <= cell <= INT64_MAX:
        return cell
    return None


def _double(cell: Cell) -> float | None:
    if isinstance(cell, str) and _DOUBLE.fullmatch(cell.strip()):
        cell = float(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        try:
            return float(cell) if math.isfinite(cell) else None
        except OverflowError:
            return None
    return None


def _string(cell: Cell) -> str | None:
    if isinstance(cell, str):
        return cell
    return str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else None


def _timestamp(cell: Cell) -> datetime | None:
    if isinstance(cell, str):
        return to_datetime(to_ms(_iso(cell.strip(), UTC)))
    return None if not isinstance(cell, date) else to_datetime(to_ms(_aware(cell, UTC)))


_READ: Mapping[AttributeType, Callable[[Cell], Scalar | None]] = {
    AttributeType.BOOL: _bool,
    AttributeType.INT: _int,
    AttributeType.DOUBLE: _double,
    AttributeType.STRING: _string,
    AttributeType.TIMESTAMP: _timestamp,
}


def time_of(row: Row, mapping: TimeMapping, null_texts: frozenset[str]) -> int:
    """Milliseconds since 1970. A row that does not say it is refused."""
    if mapping.constant_ms is not None:
        return mapping.constant_ms
    column, cell = cell_of(row, mapping.columns, null_texts)
    if cell is None:
        raise RowRefused(column, "holds no time")
    try:
        if mapping.unit_ms:
            return _counted(cell, mapping)
        if isinstance(cell, date):
            return to_ms(_aware(cell, mapping.zone))
        return to_ms(_aware(_written(text_of(column, cell), mapping.format), mapping.zone))
    except ValueError as error:
        raise RowRefused(column, f"{shown(cell)} is not the time it should be: {error}") from None
    except OverflowError:
        raise RowRefused(column, f"{shown(cell)} is not the time it should be: {_OUT_OF_YEARS}") from None


def _written(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        raise ValueError(f"not of the format {form}" if form else "not ISO 8601, as 2026-11-22T10:00:00Z is") from None


def _counted(cell: Cell, mapping: TimeMapping) -> int:
    number = _double(cell)
    if number is None:
        raise ValueError("not a number")
    return to_ms(to_datetime(mapping.since_ms + math.floor(number * mapping.unit_ms + 0.5)))


def _iso(text: str, zone: tzinfo) -> datetime:
    try:
        return _aware(datetime.fromisoformat(text), zone)
    except ValueError:
        raise ValueError(f"a timestamp such as 2026-11-22T10:00:00Z, not {shown(text)}") from None


def _aware(moment: date, zone: tzinfo) -> datetime:
    """Of two moments that a clock shows when it is put back, the earlier one; one that it skips is refused."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is not None:
        return moment
    placed = moment.replace(tzinfo=zone)
    if zone is not UTC and placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise ValueError(f"the clocks of {zone} skipped it")
    return placed
