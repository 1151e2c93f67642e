"""Columns of a CSV file, plain or gzip. Read strictly: what might mean two things is refused, not guessed."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.scoring.adapters.log_files.cells import Cells
from services.scoring.adapters.log_files.refusal import FileRefused

DELIMITERS = (",", ";", "\t", "|")
_MAX_CELL = 2**20
_FAULTS = (OSError, EOFError, zlib.error, UnicodeDecodeError)


def delimiter_in(text: str) -> str | None:
    """As people write it: one character, or `tab`. None where it is none."""
    found = {"tab": "\t", "\\t": "\t"}.get(text, text)
    return found if len(found) == 1 and found not in '"\r\n' else None


def read_csv(
    path: Path, delimiter: str, wanted: frozenset[str], likely: str = ""
) -> tuple[tuple[str, ...], dict[str, Cells]]:
    """All names of columns, and the cells of those that are wanted. Raises FileRefused.

    Without a delimiter, the one that the header is written with: `likely`, where there is one, or of DELIMITERS.
    """
    csv.field_size_limit(_MAX_CELL)
    rows: Any = None
    try:
        with _opened(path) as text:
            header_line = text.readline()
            if not header_line.strip():
                raise FileRefused([f"{path}: the file is empty"])
            chosen = delimiter or _likeliest(header_line, wanted, (likely or DELIMITERS[0], *DELIMITERS))
            header = _header(header_line, chosen)
            _check(path, header)
            rows = csv.reader(text, delimiter=chosen, strict=True)
            return header, _columns(path, header, rows, wanted)
    except csv.Error as error:
        raise FileRefused([f"{path}: line {rows.line_num + 1 if rows else 1}: cannot be read: {error}"]) from error
    except _FAULTS as error:
        raise FileRefused([f"{path}: cannot be read: {error}"]) from error


def _opened(path: Path) -> io.TextIOWrapper:
    if path.suffix.lower() == ".gz":
        return io.TextIOWrapper(gzip.GzipFile(path), "utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _likeliest(line: str, wanted: frozenset[str], delimiters: tuple[str, ...]) -> str:
    """Under which the header has most of the wanted names, and then most names."""

    def names(delimiter: str) -> tuple[int, int]:
        try:
            found = _header(line, delimiter)
        except csv.Error:  # quotes that are closed where this one does not stand
            return -1, 0
        return len(wanted & set(found)), len(found)

    return max(delimiters, key=names)


def _header(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, strict=True)))


def _check(path: Path, header: tuple[str, ...]) -> None:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileRefused([f'{path}:1: the header names "{twice[0][:80]}" twice'])


def _columns(
    path: Path, header: tuple[str, ...], rows: Iterator[list[str]], wanted: frozenset[str]
) -> dict[str, Cells]:
    places = [(index, name) for index, name in enumerate(header) if name in wanted]
    found: dict[str, list[str]] = {name: [] for _, name in places}
    taking = [(index, found[name].append) for index, name in places]
    same: dict[str, str] = {}
    number = 0
    for row in rows:
        if not row:
            continue
        number += 1
        if len(row) != len(header):
            raise FileRefused([f"{path}: row {number}: {len(row)} cells where the header has {len(header)}"])
        if len(same) > 1_000_000:
            same.clear()
        for index, append in taking:
            append(same.setdefault(row[index], row[index]))  # equal texts share their memory
    if not number:
        raise FileRefused([f"{path}: the file has a header and no rows"])
    return {name: Cells(name, cells) for name, cells in found.items()}
