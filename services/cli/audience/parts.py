"""The file in parts while it grows: each is written beside and moved into its place, so it is whole or not there.

A part is made of a page of the audience. One that was written and not noted yet is written again by whoever goes on,
under the same name, from the same decisions.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from services.cli.audience.columns import COLUMNS
from services.cli.audience.rows import Row
from services.cli.failures import CommandFailed

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    pa = None


class Parts:
    """Of one file. `folder` holds the parts, and the progress."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.folder = file.with_name(f"{file.name}.parts")

    def prepare(self) -> None:
        """Raises CommandFailed where the file cannot be written, or is there."""
        if pa is None:
            text = "Parquet needs the package pyarrow: pip install 'tandem-decisioning[parquet]'"
            raise CommandFailed("PARQUET_MISSING", text)
        if self.file.exists():
            raise CommandFailed("FILE_EXISTS", f"{self.file} is there: it is complete, name another file or remove it")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandFailed("FILE_NOT_WRITTEN", f"{self.folder} cannot be made: {error.strerror}") from error

    def write(self, number: int, rows: Sequence[Row]) -> None:
        _write(self._part(number), _table(rows))

    def join(self, count: int) -> int:
        """One file of all parts, without them; answers its rows. A decision that two profiles share, which were merged
        meanwhile, stands once."""
        beside, seen, total = self.file.with_name(f"{self.file.name}.new"), set[str](), 0
        with pq.ParquetWriter(beside, _schema(), compression="zstd") as writer:
            for number in range(count):
                table = _unseen(pq.read_table(self._part(number), schema=_schema()), seen)
                writer.write_table(table)
                total += table.num_rows
        _sync(beside)
        os.replace(beside, self.file)
        shutil.rmtree(self.folder)
        return total

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:06}.parquet"


def _table(rows: Sequence[Row]) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    return pa.table(columns, schema=_schema())


def _schema() -> pa.Schema:
    kinds = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "real": pa.float64(),
        "whole": pa.int32(),
        "yes": pa.bool_(),
        "time": pa.timestamp("ms", "UTC"),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])


def _unseen(table: pa.Table, seen: set[str]) -> pa.Table:
    """Rows of one decision follow each other, and those of it that follow later are of somebody else's."""
    kept, profiles = [], dict[str, str]()
    pairs = zip(table["decision_id"].to_pylist(), table["profile_id"].to_pylist(), strict=True)
    for decision_id, profile_id in pairs:
        if decision_id not in seen:
            seen.add(decision_id)
            profiles[decision_id] = profile_id
        kept.append(profiles.get(decision_id) == profile_id)
    return table if all(kept) else table.filter(pa.array(kept))


def _write(path: Path, table: pa.Table) -> None:
    beside = path.with_name(f"{path.name}.new")
    try:
        pq.write_table(table, beside, compression="zstd")
        _sync(beside)
        os.replace(beside, path)
    except OSError as error:
        raise CommandFailed("FILE_NOT_WRITTEN", f"{path} cannot be written: {error.strerror}") from error


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
