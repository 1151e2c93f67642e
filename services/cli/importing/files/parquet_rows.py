"""Rows of a Parquet file, a few thousand at a time. Structs become columns with dots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.failures import CommandFailed
from services.cli.importing.files.json_rows import Refused, flatten
from services.cli.importing.files.rows import MAX_RAW_CHARS, BrokenRow, Cell, FileRefused, Row

BATCH_ROWS = 4_096
_NO_VALUE = (ValueError, ArithmeticError, NotImplementedError)

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    pa = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row with a cell that is no value."""

    column: str
    raw: str


class ParquetRows:
    def __init__(self, path: Path) -> None:
        if pa is None:
            text = "Parquet needs the package pyarrow: pip install 'tandem-decisioning[parquet]'"
            raise CommandFailed("PARQUET_NOT_INSTALLED", text)
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise FileRefused(f"{path}: cannot be read as Parquet: {error}") from error
        names = _leaves(self._file.schema_arrow, "")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            self.close()
            raise FileRefused(f'{path}: the schema names "{twice[0]}" twice')
        self.columns: tuple[str, ...] | None = tuple(names)
        self._rows: int = max(self._file.metadata.num_rows, 1)
        self._read = 0

    def fraction(self) -> float:
        return self._read / self._rows

    def close(self) -> None:
        self._file.close()

    def rows(self) -> Iterator[Row | BrokenRow]:
        try:
            for batch in self._file.iter_batches(batch_size=BATCH_ROWS):
                for document in _documents(batch):
                    self._read += 1
                    yield _row(self._read, document)
        except (pa.ArrowException, OSError, ValueError) as error:
            yield BrokenRow(self._read + 1, 0, "", f"the file cannot be read from here on: {error}", "")


def _documents(batch: Any) -> Iterable[dict[str, Any] | Unreadable]:
    """The rows of a batch. Python has no value for some cells that Parquet can hold: they cost their rows alone."""
    try:
        found: list[dict[str, Any]] = batch.to_pylist()
    except _NO_VALUE:
        return (_document(batch.slice(index, 1)) for index in range(batch.num_rows))
    return found


def _document(row: Any) -> dict[str, Any] | Unreadable:
    try:
        found: dict[str, Any] = row.to_pylist()[0]
    except _NO_VALUE:
        cells = {name: _stored(row.column(index)) for index, name in enumerate(row.schema.names)}
        faulty = next((name for name, (_, is_value) in cells.items() if not is_value), "")
        return Unreadable(faulty, str({name: cell for name, (cell, _) in cells.items()}))
    return found


def _stored(column: Any) -> tuple[object, bool]:
    """A cell, and whether it is a value; as the bytes or the number that are stored where it is none."""
    for kind in (None, pa.binary(), pa.int64(), pa.int32()):
        try:
            return (column if kind is None else column.cast(kind)).to_pylist()[0], kind is None
        except _NO_VALUE:
            continue
    return None, False


def _row(number: int, document: dict[str, Any] | Unreadable) -> Row | BrokenRow:
    if isinstance(document, Unreadable):
        message = "holds a text that is no UTF-8, or a time outside the years 1 to 9999"
        return BrokenRow(number, 0, document.column, message, document.raw[:MAX_RAW_CHARS])
    cells: dict[str, Cell] = {}
    try:
        flatten(document, "", cells)
    except Refused as error:
        return BrokenRow(number, 0, error.column, str(error), str(document)[:MAX_RAW_CHARS])
    return Row(number, 0, cells)


def _leaves(fields: Any, prefix: str) -> list[str]:
    names = []
    for field in fields:
        name = f"{prefix}{field.name}"
        names += _leaves(field.type, f"{name}.") if pa.types.is_struct(field.type) else [name]
    return names
