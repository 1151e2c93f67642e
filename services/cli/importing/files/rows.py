"""What every file format gives: rows, and rows that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

Cell = str | int | float | bool | datetime | date | list["Cell"] | None

MAX_RECORD_CHARS = 2**20
MAX_RAW_CHARS = 4_096
"""Of a row that cannot be read, as rejects show it."""


class FileRefused(Exception):
    """Nothing of the file can be imported; the text says why, and where in it."""


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    """From 1; the header is no row."""
    line: int
    """Where it begins; 0 in formats without lines."""
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that is not one of its format."""

    number: int
    line: int
    column: str
    """Empty where no single one is to blame."""
    message: str
    raw: str


class RowFile(Protocol):
    columns: tuple[str, ...] | None
    """None where each row has its own."""

    def rows(self) -> Iterator[Row | BrokenRow]:
        """Once, from the beginning. A file that breaks off ends with a BrokenRow that says so."""
        ...

    def fraction(self) -> float:
        """How much of the file was read."""
        ...

    def close(self) -> None: ...
