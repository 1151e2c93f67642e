"""Rows of a Parquet file, a few thousand at a time. Structs become columns with dots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.cli.failures import CommandFailed
from services.cli.importing.files.json_rows import flatten
from services.cli.importing.files.rows import BrokenRow, Cell, FileRefused, Row

BATCH_ROWS = 4_096

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    pa = None


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
                for document in batch.to_pylist():
                    self._read += 1
                    yield _row(self._read, document)
        except (pa.ArrowException, OSError, ValueError) as error:
            yield BrokenRow(self._read + 1, 0, "", f"the file cannot be read from here on: {error}", "")


def _row(number: int, document: dict[str, Any]) -> Row:
    cells: dict[str, Cell] = {}
    flatten(document, "", cells)
    return Row(number, 0, cells)


def _leaves(fields: Any, prefix: str) -> list[str]:
    names = []
    for field in fields:
        name = f"{prefix}{field.name}"
        names += _leaves(field.type, f"{name}.") if pa.types.is_struct(field.type) else [name]
    return names
