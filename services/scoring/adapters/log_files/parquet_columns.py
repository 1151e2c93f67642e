"""Columns of a Parquet file: Python objects, by pyarrow, which is an optional package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.scoring.adapters.log_files.cells import Cells
from services.scoring.adapters.log_files.refusal import FileRefused

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    pa = None

_NO_VALUE = (ValueError, ArithmeticError, NotImplementedError)


def is_installed() -> bool:
    return pa is not None


def require_pyarrow() -> None:
    if not is_installed():
        raise FileRefused(["Parquet needs the package pyarrow: pip install 'tandem-decisioning[parquet]'"])


def read_parquet(path: Path, wanted: frozenset[str]) -> tuple[tuple[str, ...], dict[str, Cells]]:
    """All names of columns, and the cells of those that are wanted. Raises FileRefused."""
    require_pyarrow()
    try:
        with pq.ParquetFile(path) as file:
            names = tuple(str(name) for name in file.schema_arrow.names)
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise FileRefused([f'{path}: the schema names "{twice[0]}" twice'])
            if not file.metadata.num_rows:
                raise FileRefused([f"{path}: the file has no rows"])
            table = file.read(columns=[name for name in names if name in wanted])
    except (pa.ArrowException, OSError) as error:
        raise FileRefused([f"{path}: cannot be read as Parquet: {error}"]) from error
    return names, {name: Cells(name, _cells(path, table, name)) for name in table.column_names}


def write_parquet(path: Path, columns: dict[str, Any]) -> None:
    """Beside the target and renamed, so that nobody reads half a file. Raises FileRefused."""
    require_pyarrow()
    partial = path.with_name(f"{path.name}.partial")
    try:
        pq.write_table(pa.table(columns), partial)
        partial.replace(path)
    except (pa.ArrowException, OSError) as error:
        partial.unlink(missing_ok=True)
        raise FileRefused([f"{path}: cannot be written: {error}"]) from error


def _cells(path: Path, table: Any, name: str) -> list[Any]:
    try:
        cells: list[Any] = table.column(name).to_pylist()
    except _NO_VALUE as error:
        raise FileRefused([f'{path}: column "{name}": holds a cell that is no value: {error}']) from error
    return cells
