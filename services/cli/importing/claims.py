"""Which row of an import named which event. A second row that says something else of it would be lost: the service
knows the id, and takes it for the same event sent again.

Kept in SQLite and so in bounded memory: beside the progress of an import that can be resumed, else in a file without a
name that goes when the import ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.cli.failures import CommandFailed
from services.cli.importing.items import Claim

_CACHE_KIB = 32 * 1024
_TABLES = """
CREATE TABLE IF NOT EXISTS import (run_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS claim (
    id_hash BLOB PRIMARY KEY,
    content_hash BLOB NOT NULL,
    file INTEGER NOT NULL,
    row INTEGER NOT NULL,
    line INTEGER NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class RowPlace:
    file: int
    """Index among the files of the import."""
    row: int
    line: int


class Claims:
    """Opened with the first claim: most imports have none."""

    def __init__(self, progress_path: Path | None, run_id: str) -> None:
        """`run_id` tells what an import that was given up left behind from what this one knows."""
        self._path = None if progress_path is None else progress_path.with_name(f"{progress_path.name}.ids")
        self._run_id = run_id
        self._database: sqlite3.Connection | None = None

    def take(self, claims: Sequence[Claim], place: RowPlace) -> tuple[Claim, RowPlace] | None:
        """Keeps the claims of a row; or none of them, and answers the one that contradicts an earlier row, and that."""
        taken: dict[bytes, Claim] = {}
        with self._errors():
            for claim in claims:
                earlier = taken.get(claim.id_hash)
                if earlier is not None and earlier.content_hash != claim.content_hash:
                    return claim, place
                found = self._opened().execute("SELECT * FROM claim WHERE id_hash = ?", (claim.id_hash,)).fetchone()
                if found is not None and found[1] != claim.content_hash:
                    return claim, RowPlace(*found[2:])
                if found is None:
                    taken[claim.id_hash] = claim
            for claim in taken.values():
                values = (claim.id_hash, claim.content_hash, place.file, place.row, place.line)
                self._opened().execute("INSERT INTO claim VALUES (?, ?, ?, ?, ?)", values)
        return None

    def flush(self) -> None:
        """To be called before what says that these rows are done."""
        if self._database is not None and self._path is not None:
            with self._errors():
                self._database.commit()

    def close(self, *, is_done: bool) -> None:
        """What is done needs them no more."""
        self.flush()
        if self._database is not None:
            self._database.close()
            self._database = None
        if is_done and self._path is not None:
            self._path.unlink(missing_ok=True)

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = sqlite3.connect(self._path or "")
            self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._database.executescript(_TABLES)
            if self._database.execute("SELECT run_id FROM import").fetchall() != [(self._run_id,)]:
                self._database.execute("DELETE FROM import")
                self._database.execute("DELETE FROM claim")
                self._database.execute("INSERT INTO import VALUES (?)", (self._run_id,))
        return self._database

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            where = self._path or "the directory for temporary files"
            raise CommandFailed("PROGRESS_FILE", f"{where} cannot keep the ids of events: {error}") from error
