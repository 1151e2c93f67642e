"""One SQLite file: durable group-committed writes, reads inline on the event loop.

Settings, measured: WAL (readers never wait for the writer), synchronous=FULL (an acknowledged write survives kill -9
and, on an honest disk, power loss; with group commit it costs what NORMAL costs), busy_timeout (a second process may
write too), secure_delete (what was deleted is overwritten with zeros). WAL needs a local file system and all processes
on one host.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from shared.errors import StartupError, Unavailable
from shared.sqlite_writer import GroupWriter

T = TypeVar("T")

_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -65536",  # KiB
    "PRAGMA mmap_size = 268435456",
    "PRAGMA secure_delete = ON",
)

OPEN_SECONDS = 5.0
"""How long opening waits for others who open the same new file."""


@dataclass(frozen=True, slots=True)
class StoreSchema:
    """A store's tables: migration i is a SQL script that takes version i to i + 1. Never edit one that was released."""

    store: str
    migrations: tuple[str, ...]


class SqliteDatabase:
    """Belongs to the event loop that opened it."""

    def __init__(self, store: str, path: Path, reader: sqlite3.Connection, writer: GroupWriter) -> None:
        self._store = store
        self._path = path
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, path: Path, *, schema: StoreSchema) -> SqliteDatabase:
        """Creates the folder and the file, applies the missing migrations.

        Raises StartupError where the file is newer than this program, or cannot be opened.
        """
        reader, connection = await asyncio.to_thread(_open, path, schema)
        return cls(schema.store, path, reader, GroupWriter(connection, lambda failure: _mapped(failure, schema.store)))

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows. Sees every write that was acknowledged before; never waits for the writer."""
        try:
            return self._reader.execute(sql, parameters).fetchall()
        except sqlite3.Error as failure:
            raise _mapped(failure, self._store) from failure

    def read_one(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.read(sql, parameters)
        return rows[0] if rows else None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads of one moment. Do not await inside: the read connection is shared."""
        self.read("BEGIN")
        try:
            yield
        finally:
            self.read("COMMIT")

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `change` in the writer thread, within a transaction that is not its own to commit.

        Durable when it returns. An exception of `change` rolls back this change alone and propagates; so do
        sqlite3.IntegrityError and mistakes in SQL. A store that cannot write raises Unavailable.
        """
        return await self._writer.write(change)

    async def write_back(self) -> None:
        """Empties the write-ahead log into the file, so that what was deleted is in neither.

        Where another process keeps reading for long, this is left to the next time the log is written back.
        """
        try:
            await asyncio.to_thread(_write_back, self._path)
        except sqlite3.Error as failure:
            raise _mapped(failure, self._store) from failure

    async def close(self) -> None:
        """Commits what waits, then closes. Writes after this raise Unavailable; closing twice is harmless."""
        await self._writer.close()
        self._reader.close()


def _open(path: Path, schema: StoreSchema) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    with ExitStack() as opened:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = opened.enter_context(closing(_connect(path)))
            _migrate(connection, path, schema)
            reader = opened.enter_context(closing(_connect(path)))
            reader.execute("PRAGMA query_only = ON")
        except (sqlite3.Error, OSError) as failure:
            raise StartupError(f"the {schema.store} store cannot open {path}: {failure}") from failure
        opened.pop_all()
    return reader, connection


def _connect(path: Path) -> sqlite3.Connection:
    # Without an isolation level Python opens no transactions of its own.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    _log_ahead(connection)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Only the first connection to a new file switches it; SQLite does not wait for others who do so at that time."""
    until = time.monotonic() + OPEN_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as failure:
            if failure.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _write_back(path: Path) -> None:
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _migrate(connection: sqlite3.Connection, path: Path, schema: StoreSchema) -> None:
    """All missing migrations in one transaction: two processes that start at once do not apply one twice."""
    target = len(schema.migrations)
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > target:
        raise StartupError(
            f"{path} holds version {version} of the {schema.store} store and this program knows {target}: "
            "use the newer program, or another data directory"
        )
    for migration in schema.migrations[version:]:
        for statement in _statements(migration):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {target}")
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, triggers whole. (`executescript` would commit the transaction around it.)"""
    pending = ""
    for piece in f"{script}\n".split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending:
        raise ValueError(f"unfinished statement in a migration: {pending.strip()}")


def _mapped(failure: sqlite3.Error, store: str) -> Exception:
    """Unavailable where the file, the disk or a lock is to blame; the error itself where our SQL or data is."""
    if not isinstance(failure, sqlite3.OperationalError) and type(failure) is not sqlite3.DatabaseError:
        return failure
    if getattr(failure, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return failure
    return Unavailable("STORE_UNAVAILABLE", f"the {store} store cannot be used: {failure}", metadata={"store": store})
