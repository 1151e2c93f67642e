"""Parquet: typed rows; a file that is none, or is damaged, says so."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.cli.importing.files.opening import open_rows
from services.cli.importing.files.rows import BrokenRow, FileRefused, Row
from tests.support.importing import mapping_of
from tests.support.source import ROOT

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_rows_hold_typed_cells_and_structs_become_columns_with_dots(tmp_path: Path) -> None:
    table = pa.table({"who": ["ann", None], "at": [MOMENT, MOMENT], "value": [{"amount": 1.5}, {"amount": 2.5}]})
    pq.write_table(table, tmp_path / "a.parquet")
    file = open_rows(tmp_path / "a.parquet", mapping_of())
    assert file.columns == ("who", "at", "value.amount")
    rows = [row for row in file.rows() if isinstance(row, Row)]
    file.close()
    assert [row.cells for row in rows] == [
        {"who": "ann", "at": MOMENT, "value.amount": 1.5},
        {"who": None, "at": MOMENT, "value.amount": 2.5},
    ]
    assert file.fraction() == 1.0


def test_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"who,day\n" * 100)
    with pytest.raises(FileRefused, match="cannot be read as Parquet"):
        open_rows(tmp_path / "a.parquet", mapping_of())


def test_column_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["who", "who"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(FileRefused, match='names "who" twice'):
        open_rows(tmp_path / "a.parquet", mapping_of())


def test_cell_that_is_no_value_costs_its_row_alone_and_is_shown_as_it_is_stored(tmp_path: Path) -> None:
    texts = pa.array([b"ann", b"caf\xe9", b"cid", b"dan"])
    who = pa.Array.from_buffers(pa.string(), len(texts), texts.buffers())
    at = pa.array([0, 0, 10**18, 0], pa.timestamp("us", "UTC"))
    deep: list[object] = []
    for _ in range(20):
        deep = [deep]
    pq.write_table(pa.table({"who": who, "at": at, "deep": [None, None, None, deep]}), tmp_path / "a.parquet")
    file = open_rows(tmp_path / "a.parquet", mapping_of())
    first, *broken = file.rows()
    file.close()
    assert isinstance(first, Row)
    assert [(each.number, each.column) for each in broken if isinstance(each, BrokenRow)] == [
        (2, "who"),
        (3, "at"),
        (4, "deep"),
    ]
    assert [shown in str(row) for shown, row in zip((r"caf\\xe9", "10" + 17 * "0", "dan"), broken, strict=True)] == [
        True
    ] * 3


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from services.cli.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "m.yaml").write_text("identities: {crm: id}\nevents: [{type: view, time: {column: t}}]\n")
    run = subprocess.run(
        [sys.executable, "-c", program, "import", "a.parquet", "--mapping", "m.yaml", "--data-dir", "stores"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared/gen'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: PARQUET_NOT_INSTALLED: Parquet needs the package pyarrow: pip install")
