"""Rows of a JSON Lines file: one object per line. Nested objects become columns with dots, as in `value.amount`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from services.cli.importing.files.opening import READ_FAULTS, TextFile, is_text
from services.cli.importing.files.rows import MAX_RAW_CHARS, MAX_RECORD_CHARS, BrokenRow, Cell, Row

MAX_DEPTH = 16
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""Written as an escape, where two of them are needed for one character."""


class JsonRows:
    def __init__(self, path: Path, text: TextFile) -> None:
        self._path = path
        self._text = text
        self.columns: tuple[str, ...] | None = None

    def fraction(self) -> float:
        return self._text.fraction()

    def close(self) -> None:
        self._text.close()

    def rows(self) -> Iterator[Row | BrokenRow]:
        number, line = 0, 0
        while True:
            line += 1
            try:
                text = self._text.readline(MAX_RECORD_CHARS)
            except READ_FAULTS as error:
                yield BrokenRow(number + 1, line, "", f"the file cannot be read from here on: {error}", "")
                return
            if not text:
                return
            if len(text) >= MAX_RECORD_CHARS:
                self._skip_rest_of_line(text)
            if text.strip():
                number += 1
                yield _row(number, line, text)

    def _skip_rest_of_line(self, text: str) -> None:
        while text and not text.endswith(("\n", "\r")):
            text = self._text.readline(MAX_RECORD_CHARS)


def _row(number: int, line: int, text: str) -> Row | BrokenRow:
    raw = text[:MAX_RAW_CHARS].rstrip("\r\n")
    if len(text) >= MAX_RECORD_CHARS:
        return BrokenRow(number, line, "", f"has more than {MAX_RECORD_CHARS:,} characters", raw)
    if not is_text(text):
        return BrokenRow(number, line, "", "holds bytes that are no text", raw)
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        if not isinstance(document, dict):
            return BrokenRow(number, line, "", "is not a JSON object", raw)
        cells: dict[str, Cell] = {}
        flatten(document, "", cells)
        if _SURROGATE.search(text):
            _refuse_half_characters(cells)
    except Refused as error:
        return BrokenRow(number, line, error.column, str(error), raw)
    except json.JSONDecodeError as error:
        return BrokenRow(number, line, "", f"is not JSON: {error.msg} at character {error.pos + 1}", raw)
    except RecursionError:
        return BrokenRow(number, line, "", "is not JSON: it is nested too deeply", raw)
    except ValueError:  # Python's own bound on the digits of a number
        return BrokenRow(number, line, "", "is not JSON: a number has too many digits", raw)
    return Row(number, line, cells)


class Refused(Exception):
    """A row with a cell that cannot be one."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def flatten(document: dict[str, Any], prefix: str, cells: dict[str, Cell]) -> None:
    """Adds the columns of an object to `cells`."""
    for key, found in document.items():
        name = prefix + key
        if isinstance(found, dict):
            if name.count(".") >= MAX_DEPTH:
                raise Refused(name, f"is nested deeper than {MAX_DEPTH}")
            flatten(found, f"{name}.", cells)
        elif name in cells:
            raise Refused(name, "is written twice, once nested")
        else:
            if isinstance(found, list) and _is_deeper(found, MAX_DEPTH):
                raise Refused(name, f"is nested deeper than {MAX_DEPTH}")
            cells[name] = found


def _is_deeper(found: object, levels: int) -> bool:
    """Than what reads it can follow; asked level by level, because it may be as deep as a file is long."""
    level = [found]
    for _ in range(levels):
        level = [inner for outer in level for inner in _elements(outer)]
    return any(isinstance(each, list | dict) for each in level)


def _elements(found: object) -> Iterable[object]:
    if isinstance(found, list):
        return found
    return found.values() if isinstance(found, dict) else ()


def _refuse_half_characters(cells: dict[str, Cell]) -> None:
    """What is half of a surrogate pair has no place in a text, and no bytes in any encoding."""
    for name, cell in cells.items():
        if not is_text(json.dumps([name, cell], ensure_ascii=False).replace("\0", "")):
            raise Refused(name, "holds half of a surrogate pair, which is no character")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(twice, "is written twice")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise Refused("", f"is not JSON: {name} is not a finite number")
