"""The rows that were not taken in, one JSON object per line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from services.cli.failures import CommandFailed


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
            self._file.write(json.dumps(asdict(reject), ensure_ascii=False, default=str) + "\n")

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


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
