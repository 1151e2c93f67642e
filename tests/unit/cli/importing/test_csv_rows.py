"""Broken rows of a CSV file cost themselves and nothing else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.cli.importing.files.csv_rows import MAX_RECORD_LINES
from services.cli.importing.files.opening import open_rows
from services.cli.importing.files.rows import MAX_RECORD_CHARS, BrokenRow, FileRefused, Row
from tests.support.importing import PURCHASES, mapping_of, rows_of

HEADER = "who,day,amount\n"


def shape(rows: list[Row | BrokenRow]) -> list[tuple[int, int, object]]:
    """Row number, line, and who, or what is wrong."""
    return [(row.number, row.line, row.cells["who"] if isinstance(row, Row) else row.message) for row in rows]


def test_rows_know_their_number_and_line(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "a.csv", HEADER + 'ann,2026-01-01,1\n"b\nob",2026-01-01,2\n\ncid,2026-01-01,3\n')
    assert shape(found) == [(1, 2, "ann"), (2, 3, "b\nob"), (3, 6, "cid")]


def test_too_few_and_too_many_cells_are_broken_rows(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "a.csv", HEADER + "ann\nbob,2026-01-01,2,3\ncid,2026-01-01,3\n")
    assert shape(found) == [
        (1, 2, "has 1 cells where the header has 3"),
        (2, 3, "has 4 cells where the header has 3"),
        (3, 4, "cid"),
    ]


def test_quote_that_is_never_closed_does_not_swallow_the_rest(tmp_path: Path) -> None:
    rest = "".join(f"c{i},2026-01-01,3\n" for i in range(3 * MAX_RECORD_LINES))
    found = rows_of(tmp_path / "a.csv", f'{HEADER}ann,2026-01-01,1\n"bob,2026-01-01,2\n{rest}')
    assert shape(found)[:3] == [
        (1, 2, "ann"),
        (2, 3, "a quote is opened and not closed within the size of a row"),
        (3, 4, "c0"),
    ]
    assert len(found) == 2 + 3 * MAX_RECORD_LINES
    assert isinstance(found[1], BrokenRow)
    assert found[1].raw == '"bob,2026-01-01,2'


def test_quote_open_at_the_end_breaks_its_row_alone(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "a.csv", HEADER + '"ann,2026-01-01,1\nbob,2026-01-01,2\n')
    assert shape(found) == [(1, 2, "a quote is opened and never closed"), (2, 3, "bob")]


def test_text_behind_a_quote_is_not_guessed_at(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "a.csv", HEADER + '"ann"x,2026-01-01,1\nbob,2026-01-01,2\n')
    assert shape(found) == [(1, 2, "',' expected after '\"'"), (2, 3, "bob")]


def test_line_without_end_is_skipped_whole(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "a.csv", f"{HEADER}{'x' * (3 * MAX_RECORD_CHARS)},,\nbob,2026-01-01,2\n")
    assert shape(found) == [(1, 2, f"a line has more than {MAX_RECORD_CHARS:,} characters"), (2, 3, "bob")]


def test_bytes_of_another_encoding_break_their_row_and_name_its_column(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "a.csv", HEADER.encode() + b"ann,2026-01-01,1\nJos\xe9,2026-01-01,2\nzo\xc3\xa9,,\n")
    assert shape(found) == [(1, 2, "ann"), (2, 3, "holds bytes that are no text"), (3, 4, "zoé")]
    assert isinstance(found[1], BrokenRow)
    assert found[1].column == "who"


@pytest.mark.parametrize(("encoding", "bom"), [("cp1252", b""), ("utf-16", b""), ("utf-8", b"\xef\xbb\xbf")])
def test_declared_encoding_is_read_and_a_byte_order_mark_is_no_part_of_the_header(
    tmp_path: Path, encoding: str, bom: bytes
) -> None:
    mapping = mapping_of(f"{PURCHASES}encoding: {encoding}")
    content = bom + (HEADER + "José,2026-01-01,1\n").encode(encoding)
    assert shape(rows_of(tmp_path / "a.csv", content, mapping)) == [(1, 2, "José")]


def test_bytes_below_128_that_an_encoding_does_not_know_break_their_row_alone(tmp_path: Path) -> None:
    mapping = mapping_of(f"{PURCHASES}encoding: utf-16-le")
    content = (HEADER + "an\ud800n,2026-01-01,1\nbob,2026-01-01,2\n").encode("utf-16-le", "surrogatepass")
    assert shape(rows_of(tmp_path / "a.csv", content, mapping)) == [
        (1, 2, "holds bytes that are no text"),
        (2, 3, "bob"),
    ]


def test_binary_garbage_is_broken_rows(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "a.csv", HEADER.encode() + bytes(range(256)) * 20 + b"\nbob,2026-01-01,2\n")
    assert all(isinstance(row, BrokenRow) for row in found[:-1])
    assert isinstance(found[-1], Row)
    assert found[-1].cells["who"] == "bob"


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.csv", b"", "a.csv: the file is empty"),
        ("a.csv", b"\n\n", "a.csv: the file is empty"),
        ("a.csv", b"who,day,who\n", 'a.csv:1: the header names "who" twice: as columns 1 and 3'),
        ("a.csv", b"who,day, who\n", 'a.csv:1: the header names "who" twice: as columns 1 and 3'),
        ("a.csv", "who,day\n".encode("utf-16"), "a.csv: is encoded in utf-16: write `encoding: utf-16`"),
        ("a.csv", b"who,\xff\xfe\n", "a.csv:1: the header holds bytes that are no text"),
        ("a.csv", b"PAR1....", "a.csv: is a Parquet file, not text"),
        ("a.csv", gzip.compress(b"who\n", mtime=0), "a.csv: is compressed with gzip, not text"),
        ("a.csv.gz", b"who,day\n", "a.csv.gz: cannot be read: Not a gzipped file"),
        ("a.pdf", b"who,day\n", "a.pdf: what is it?"),
    ],
)
def test_file_that_cannot_be_used_is_refused_before_its_rows(
    tmp_path: Path, name: str, content: bytes, text: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        open_rows(tmp_path / name, mapping_of())
    assert text in str(refused.value)


def test_compressed_file_that_breaks_off_gives_its_rows_and_says_so(tmp_path: Path) -> None:
    lines = "".join(f"c{i},2026-01-01,{i * 7919}\n" for i in range(20_000))
    whole = gzip.compress((HEADER + lines).encode())
    found = rows_of(tmp_path / "a.csv.gz", whole[: len(whole) // 2])
    assert len(found) > 1_000
    assert all(isinstance(row, Row) for row in found[:-1])
    assert isinstance(found[-1], BrokenRow)
    assert found[-1].message.startswith("the file cannot be read from here on")


def test_columns_of_a_file_without_a_header_are_named_by_the_mapping(tmp_path: Path) -> None:
    mapping = mapping_of(PURCHASES + "columns: [who, day, amount]\ndelimiter: tab")
    assert shape(rows_of(tmp_path / "a.txt", "ann\t2026-01-01\t1\n", mapping)) == [(1, 1, "ann")]
