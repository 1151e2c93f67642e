"""Rows of a CSV file. Quoting is read strictly: what might mean two things is a broken row, not a guess.

A quote that is never closed would swallow the rows behind it. So a record that breaks is given up at its first line,
and reading goes on with the line after it.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.cli.importing.files.opening import READ_FAULTS, TextFile, is_text
from services.cli.importing.files.rows import MAX_RAW_CHARS, MAX_RECORD_CHARS, BrokenRow, Cell, FileRefused, Row

MAX_RECORD_LINES = 1_000
_END_OF_FILE = "unexpected end of data"


class CsvRows:
    """`header` names the columns of a file that has no line for that."""

    def __init__(self, path: Path, text: TextFile, delimiter: str, header: Sequence[str] = ()) -> None:
        csv.field_size_limit(MAX_RECORD_CHARS)
        self._path = path
        self._text = text
        self._lines = _Lines(text)
        self._records = csv.reader(self._lines, delimiter=delimiter, strict=True)
        try:
            self.columns: tuple[str, ...] | None = tuple(header) or self._read_header()
            _check_header(path, self.columns)
        except BaseException:
            text.close()
            raise

    def fraction(self) -> float:
        return self._text.fraction()

    def close(self) -> None:
        self._text.close()

    def rows(self) -> Iterator[Row | BrokenRow]:
        number = 0
        while True:
            self._lines.begin()
            line = self._lines.line + 1
            try:
                record = next(self._records)
            except StopIteration:
                return
            except (csv.Error, _RecordTooLong) as error:
                number += 1
                raw = self._lines.give_back()
                yield BrokenRow(number, line, "", _in_words(error), raw)
                continue
            except READ_FAULTS as error:
                yield BrokenRow(number + 1, line, "", f"the file cannot be read from here on: {error}", "")
                return
            if record:
                number += 1
                yield self._row(number, line, record)

    def _row(self, number: int, line: int, record: list[str]) -> Row | BrokenRow:
        columns = self.columns or ()
        if len(record) != len(columns):
            message = f"has {len(record)} cells where the header has {len(columns)}"
            return BrokenRow(number, line, "", message, self._lines.taken())
        cells: dict[str, Cell] = dict(zip(columns, record, strict=True))
        if not is_text(self._lines.whole()):
            column = next((name for name, cell in cells.items() if not is_text(str(cell))), "")
            return BrokenRow(number, line, column, "holds bytes that are no text", self._lines.taken())
        return Row(number, line, cells)

    def _read_header(self) -> tuple[str, ...]:
        self._lines.begin()
        try:
            header = next(self._records)
            while not header:
                header = next(self._records)
        except StopIteration:
            raise FileRefused(f"{self._path}: the file is empty") from None
        except (csv.Error, _RecordTooLong) as error:
            raise FileRefused(f"{self._path}:1: the header cannot be read: {_in_words(error)}") from None
        if not is_text(self._lines.whole()):
            raise FileRefused(f"{self._path}:1: the header holds bytes that are no text: is the encoding right?")
        return tuple(name.strip() for name in header)


def _check_header(path: Path, header: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for index, name in enumerate(header, 1):
        if name in seen:
            raise FileRefused(f'{path}:1: the header names "{name[:80]}" twice: as columns {seen[name]} and {index}')
        seen[name] = index


def _in_words(error: Exception) -> str:
    text = str(error)
    return "a quote is opened and never closed" if text == _END_OF_FILE else text


class _RecordTooLong(Exception):
    """One record has more text or lines than any row needs."""


class _Lines:
    """Lines for the CSV reader; those of the record at hand can be given back."""

    def __init__(self, text: TextFile) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self._taken: list[str] = []
        self._chars = 0
        self.line = 0
        """How many lines were taken in all."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._text.readline(MAX_RECORD_CHARS)
        if not line:
            raise StopIteration
        self.line += 1
        self._taken.append(line)
        self._chars += len(line)
        if len(line) >= MAX_RECORD_CHARS:
            self._skip_rest_of_line(line)
            raise _RecordTooLong(f"a line has more than {MAX_RECORD_CHARS:,} characters")
        if self._chars > MAX_RECORD_CHARS or len(self._taken) > MAX_RECORD_LINES:
            raise _RecordTooLong("a quote is opened and not closed within the size of a row")
        return line

    def begin(self) -> None:
        self._taken, self._chars = [], 0

    def whole(self) -> str:
        return self._taken[0] if len(self._taken) == 1 else "".join(self._taken)

    def taken(self) -> str:
        return self.whole()[:MAX_RAW_CHARS].rstrip("\r\n")

    def give_back(self) -> str:
        """All lines of the record but its first, which is answered."""
        first, rest = self._taken[0] if self._taken else "", self._taken[1:]
        self._ahead.extendleft(reversed(rest))
        self.line -= len(rest)
        return first[:MAX_RAW_CHARS].rstrip("\r\n")

    def _skip_rest_of_line(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(MAX_RECORD_CHARS)
