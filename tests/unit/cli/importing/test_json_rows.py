"""One object per line; what is not costs itself alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.importing.files.rows import MAX_RECORD_CHARS, BrokenRow, Row
from tests.support.importing import rows_of


def test_nested_objects_become_columns_with_dots(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.jsonl", '{"who": "ann", "value": {"offer id": 3, "deep": {"tags": ["a"]}}}\n')
    assert isinstance(row, Row)
    assert row.cells == {"who": "ann", "value.offer id": 3, "value.deep.tags": ["a"]}


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("{", "", "is not JSON"),
        ("[1]", "", "is not a JSON object"),
        ('{"a": NaN}', "", "is not JSON: NaN is not a finite number"),
        ('{"a": 1, "a": 2}', "a", "is written twice"),
        ('{"a": {"b": 1}, "a.b": 2}', "a.b", "is written twice, once nested"),
        ('{"a": ' * 40 + "1" + "}" * 40, "a" + ".a" * 16, "is nested deeper than 16"),
        ("[" * 100_000, "", "is not JSON: it is nested too deeply"),
        ('{"a": ' + "[" * 17 + "]" * 17 + "}", "a", "is nested deeper than 16"),
        ('{"a": ' + "1" * 5_000 + "}", "", "is not JSON: a number has too many digits"),
        (r'{"a": "x", "b": "\ud800"}', "b", "holds half of a surrogate pair"),
        (r'{"a": ["\uDFFF"]}', "a", "holds half of a surrogate pair"),
        (r'{"a\ud800": 1}', "a\ud800", "holds half of a surrogate pair"),
        (f'{{"a": "{"x" * MAX_RECORD_CHARS}"}}', "", f"has more than {MAX_RECORD_CHARS:,} characters"),
        ('{"a": "\x00"}', "", "holds bytes that are no text"),
    ],
)
def test_line_that_is_no_object_is_a_broken_row(tmp_path: Path, line: str, column: str, message: str) -> None:
    broken, row = rows_of(tmp_path / "a.jsonl", f'{line}\n\n{{"who": "bob"}}\n')
    assert isinstance(broken, BrokenRow)
    assert (broken.number, broken.line, broken.column) == (1, 1, column)
    assert message in broken.message
    assert isinstance(row, Row)
    assert (row.number, row.line, row.cells) == (2, 3, {"who": "bob"})


def test_byte_order_mark_and_missing_line_break_do_no_harm(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"who": "ann"}')
    assert isinstance(row, Row)


def test_surrogates_that_are_a_pair_are_a_character(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.jsonl", r'{"who": "\ud83d\ude00", "at": ' + "[" * 16 + "]" * 16 + "}")
    assert isinstance(row, Row)
    assert row.cells["who"] == "\U0001f600"
