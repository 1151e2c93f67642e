"""The rows that were not taken in, one JSON object per line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO

from services.cli.failures import CommandFailed
from services.cli.importing.files.opening import is_text


@dataclass(frozen=True, slots=True)
class Reject:
    file: str
    row: int
    """From 1; the header is no row."""
    line: int
    """Where the row begins; 0 in formats without lines."""
    column: str
    """Of the file, or the field of what was made of the row; empty where no single one is to blame."""
    reason: str
    message: str
    raw: object
    """The row as it was read."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        column = f' column "{self.column}":' if self.column else ""
        return f"{place}: row {self.row}:{column} {self.reason} {self.message}"


class RejectsFile:
    """Writes to a file, or nowhere."""

    def __init__(self, path: Path | None, kept_rows: dict[str, int]) -> None:
        """`kept_rows`: of an import that goes on, how far each file was done; later rejects are found again."""
        self._file: IO[str] | None = None
        if path is None:
            return
        try:
            kept = _kept(path, kept_rows) if kept_rows and path.exists() else []
            self._file = path.open("w", encoding="utf-8")
            self._file.writelines(kept)
            self._file.flush()
        except OSError as error:
            raise CommandFailed("REJECTS_FILE", f"{path} cannot be written: {error.strerror}") from error

    def write(self, reject: Reject) -> None:
        if self._file is not None:
            self._file.write(_line_of(reject) + "\n")

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _line_of(reject: Reject) -> str:
    """What is no text is written as an escape: `\\udce9` is the byte e9, where the encoding has no character for it."""
    document = {each.name: getattr(reject, each.name) for each in fields(reject)}
    try:
        line = json.dumps(document, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:  # of formats that know more numbers than JSON
        line = json.dumps(_without_nan(document), ensure_ascii=False, default=str)
    is_a_line = is_text(line) and len(line.splitlines()) == 1  # some tools break lines at more characters than one
    return line if is_a_line else json.dumps(json.loads(line))


def _without_nan(found: object) -> object:
    if isinstance(found, float) and not math.isfinite(found):
        return str(found)
    if isinstance(found, Mapping):
        return {name: _without_nan(inner) for name, inner in found.items()}
    return [_without_nan(inner) for inner in found] if isinstance(found, list | tuple) else found


def _kept(path: Path, kept_rows: dict[str, int]) -> list[str]:
    kept = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                reject = json.loads(line)
                if reject["row"] <= kept_rows.get(reject["file"], 0):
                    kept.append(line)
            except (ValueError, KeyError, TypeError):
                continue  # the line that was being written when the import ended
    return kept
