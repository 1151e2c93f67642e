"""The SQLite database: what is durable, what is rolled back, what is refused."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import StartupError, Unavailable
from shared.sqlite import SqliteDatabase, StoreSchema

SCHEMA = StoreSchema("numbers", ("CREATE TABLE number (value INTEGER PRIMARY KEY); -- a comment; with a semicolon",))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await SqliteDatabase.open(tmp_path / "new" / "numbers.db", schema=SCHEMA)
    yield database
    await database.close()


def insert(value: int) -> Callable[[sqlite3.Connection], int]:
    def change(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO number VALUES (?)", (value,))
        return value

    return change


def values(database: SqliteDatabase) -> list[int]:
    return [value for (value,) in database.read("SELECT value FROM number ORDER BY value")]


class Refused(Exception):
    """What a change raises in these tests."""


def insert_then_refuse(value: int) -> Callable[[sqlite3.Connection], int]:
    def change(connection: sqlite3.Connection) -> int:
        insert(value)(connection)
        raise Refused(value)

    return change


async def test_write_answers_what_the_change_returned_and_is_read_at_once(database: SqliteDatabase) -> None:
    assert await database.write(insert(7)) == 7
    assert values(database) == [7]
    assert database.read_one("SELECT value FROM number WHERE value = ?", (7,)) == (7,)
    assert database.read_one("SELECT value FROM number WHERE value = ?", (8,)) is None


async def test_acknowledged_write_is_found_after_reopening(tmp_path: Path) -> None:
    first = await SqliteDatabase.open(tmp_path / "n.db", schema=SCHEMA)
    await first.write(insert(1))
    await first.close()
    second = await SqliteDatabase.open(tmp_path / "n.db", schema=SCHEMA)
    assert values(second) == [1]
    await second.close()


async def test_settings_are_the_durable_ones(database: SqliteDatabase) -> None:
    def in_effect(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "busy_timeout")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.write(in_effect) == ["wal", 2, 5000]


@settings(max_examples=20)
@given(fails=st.lists(st.booleans(), max_size=40))
def test_failed_change_of_a_group_rolls_back_itself_alone(
    tmp_path_factory: pytest.TempPathFactory, fails: list[bool]
) -> None:
    async def run() -> list[int]:
        database = await SqliteDatabase.open(tmp_path_factory.mktemp("group") / "n.db", schema=SCHEMA)
        changes = [insert_then_refuse(i) if failing else insert(i) for i, failing in enumerate(fails)]
        answers = await asyncio.gather(*(database.write(change) for change in changes), return_exceptions=True)
        assert [isinstance(answer, Refused) for answer in answers] == fails
        stored = values(database)
        await database.close()
        return stored

    assert asyncio.run(run()) == [i for i, failing in enumerate(fails) if not failing]


@asynccontextmanager
async def held_writer(database: SqliteDatabase) -> AsyncIterator[None]:
    """While inside, the writer is busy and what is written waits in its queue."""
    busy, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(_connection: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(busy.set)
        release.wait(5)

    holding = asyncio.ensure_future(database.write(hold))
    await busy.wait()
    yield
    await asyncio.sleep(0)
    release.set()
    await holding


async def test_changes_that_wait_share_one_transaction(database: SqliteDatabase) -> None:
    """Seen from inside: a later change of the group finds the earlier ones, which readers do not see yet."""

    def uncommitted(connection: sqlite3.Connection) -> tuple[int, int]:
        inside = connection.execute("SELECT count(*) FROM number").fetchone()[0]
        return inside, len(values(database))

    async with held_writer(database):
        group = [asyncio.ensure_future(database.write(insert(i))) for i in range(5)]
        last = asyncio.ensure_future(database.write(uncommitted))
    await asyncio.gather(*group)
    assert await last == (5, 0)
    assert values(database) == [0, 1, 2, 3, 4]


async def test_lost_transaction_is_acknowledged_to_nobody(database: SqliteDatabase) -> None:
    """SQLite drops the whole transaction on some I/O errors."""

    def lose(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    async with held_writer(database):
        changes = (insert(1), lose, insert(2))
        group = [asyncio.ensure_future(database.write(change)) for change in changes]
    answers = await asyncio.gather(*group, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert values(database) == []
    assert await database.write(insert(3)) == 3


async def test_taken_key_is_the_callers_to_handle(database: SqliteDatabase) -> None:
    await database.write(insert(1))
    with pytest.raises(sqlite3.IntegrityError):
        await database.write(insert(1))


async def test_mistake_in_sql_is_not_called_unavailable(database: SqliteDatabase) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await database.write(lambda connection: connection.execute("SELECT * FROM missing"))
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.read("SELECT * FROM missing")


async def test_stop_iteration_of_a_change_reaches_its_caller(database: SqliteDatabase) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.write(lambda _connection: next(iter(())))
    assert await database.write(insert(1)) == 1


async def test_full_disk_is_unavailable_and_stores_nothing_of_the_group(database: SqliteDatabase) -> None:
    await database.write(insert(-1))

    def limit_pages(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany("INSERT INTO number VALUES (?)", ((i,) for i in range(100_000)))

    await database.write(limit_pages)
    answers = await asyncio.gather(database.write(insert(200_000)), database.write(fill), return_exceptions=True)
    assert isinstance(answers[1], Unavailable)
    assert answers[1].reason == "STORE_UNAVAILABLE"
    assert answers[1].metadata == {"store": "numbers"}
    acknowledged = [200_000] if answers[0] == 200_000 else []
    assert values(database) == [-1, *acknowledged]


async def test_locked_file_is_unavailable_and_usable_once_free(tmp_path: Path, database: SqliteDatabase) -> None:
    await database.write(lambda connection: connection.execute("PRAGMA busy_timeout = 10"))
    with sqlite3.connect(tmp_path / "new" / "numbers.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            await database.write(insert(1))
        assert values(database) == []
        other.execute("ROLLBACK")
    assert await database.write(insert(1)) == 1


async def test_change_that_ends_the_transaction_is_not_acknowledged(database: SqliteDatabase) -> None:
    with pytest.raises((Unavailable, sqlite3.Error)):
        await database.write(lambda connection: connection.execute("COMMIT"))
    assert await database.write(insert(1)) == 1


async def test_cancelled_before_it_began_leaves_no_trace(database: SqliteDatabase) -> None:
    async with held_writer(database):
        waiting = asyncio.ensure_future(database.write(insert(1)))
        await asyncio.sleep(0)
        waiting.cancel()
    await database.write(insert(2))
    assert waiting.cancelled()
    assert values(database) == [2]


async def test_close_commits_what_waits_and_refuses_what_comes_later(tmp_path: Path) -> None:
    database = await SqliteDatabase.open(tmp_path / "n.db", schema=SCHEMA)
    waiting = [asyncio.ensure_future(database.write(insert(i))) for i in range(1000)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*waiting) == list(range(1000))
    with pytest.raises(Unavailable) as caught:
        await database.write(insert(1001))
    assert caught.value.reason == "SHUTTING_DOWN"
    await database.close()


async def test_snapshot_reads_one_moment(tmp_path: Path, database: SqliteDatabase) -> None:
    await database.write(insert(1))
    other = await SqliteDatabase.open(tmp_path / "new" / "numbers.db", schema=SCHEMA)
    with database.snapshot():
        before = values(database)
        await other.write(insert(2))
        assert values(database) == before == [1]
    assert values(database) == [1, 2]
    await other.close()


async def test_migrations_go_on_from_where_the_file_is(tmp_path: Path, database: SqliteDatabase) -> None:
    await database.write(insert(1))
    grown = StoreSchema(
        "numbers",
        (
            *SCHEMA.migrations,
            """
            ALTER TABLE number ADD COLUMN name TEXT NOT NULL DEFAULT 'a;b';
            CREATE TABLE note (text TEXT);
            CREATE TRIGGER noted AFTER INSERT ON number BEGIN
                INSERT INTO note VALUES ('one'); INSERT INTO note VALUES ('two');
            END;
            """,
        ),
    )
    newer = await SqliteDatabase.open(tmp_path / "new" / "numbers.db", schema=grown)
    assert newer.read("SELECT value, name FROM number") == [(1, "a;b")]
    await newer.write(lambda connection: connection.execute("INSERT INTO number (value) VALUES (2)"))
    assert newer.read("SELECT text FROM note") == [("one",), ("two",)]
    await newer.close()
    with pytest.raises(StartupError, match="version 2 of the numbers store and this program knows 1"):
        await SqliteDatabase.open(tmp_path / "new" / "numbers.db", schema=SCHEMA)


async def test_failing_migration_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "n.db"
    await (await SqliteDatabase.open(path, schema=SCHEMA)).close()
    broken = StoreSchema("numbers", (*SCHEMA.migrations, "CREATE TABLE half (a); CREATE TABLE number (a);"))
    with pytest.raises(StartupError, match="already exists"):
        await SqliteDatabase.open(path, schema=broken)
    database = await SqliteDatabase.open(path, schema=SCHEMA)
    assert database.read("SELECT name FROM sqlite_master") == [("number",)]
    await database.close()


async def test_unfinished_migration_is_a_mistake_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unfinished"):
        await SqliteDatabase.open(tmp_path / "n.db", schema=StoreSchema("x", ("CREATE TABLE a (b 'c",)))


async def test_file_that_is_no_database_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "n.db"
    path.write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(StartupError, match=r"n\.db"):
        await SqliteDatabase.open(path, schema=SCHEMA)


async def test_databases_that_open_one_new_file_at_once_agree(tmp_path: Path) -> None:
    opened = await asyncio.gather(*(SqliteDatabase.open(tmp_path / "n.db", schema=SCHEMA) for _ in range(8)))
    await asyncio.gather(*(database.write(insert(i)) for i, database in enumerate(opened)))
    assert [values(database) for database in opened] == [list(range(8))] * 8
    for database in opened:
        await database.close()


async def test_opening_waits_for_who_is_making_the_same_new_file(tmp_path: Path) -> None:
    maker = sqlite3.connect(tmp_path / "n.db", isolation_level=None, check_same_thread=False)
    maker.execute("BEGIN IMMEDIATE")
    made = threading.Timer(0.2, lambda: maker.execute("COMMIT"))
    made.start()
    database = await SqliteDatabase.open(tmp_path / "n.db", schema=SCHEMA)
    assert not made.is_alive()
    await database.close()
    maker.close()
