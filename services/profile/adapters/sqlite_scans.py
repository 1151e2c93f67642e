"""All profiles in the order of their ids, in SQLite, and those that an index proposes.

Every page is of one moment, and goes by profile ids: what changes meanwhile changes no profile's place.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.adapters.encoding import decode_profile
from services.profile.adapters.sqlite_profiles import as_list
from services.profile.app.ports import Candidates
from services.profile.domain.attribute_index import IndexKey, IndexTest, names_of
from shared.sqlite import SqliteDatabase

RANGE_WINDOW = 5_000
"""Index entries that are looked at for one page of a range."""

_ALL = "SELECT profile_id, body FROM profile WHERE profile_id > ? ORDER BY profile_id LIMIT ?"
_THESE = """
SELECT profile_id, body FROM profile WHERE profile_id IN (SELECT value FROM json_each(?)) ORDER BY profile_id
"""
_EQUAL = """
SELECT profile_id FROM attribute_index WHERE name = ? AND value = ? AND profile_id > ? ORDER BY profile_id LIMIT ?
"""
_BETWEEN = """
SELECT profile_id, value >= ifnull(?, value) AND value <= ifnull(?, value)
FROM attribute_index WHERE name = ? AND profile_id > ? ORDER BY profile_id LIMIT ?
"""
_VERSIONS = "SELECT version FROM attribute_index_version"
_UNINDEXED = "SELECT profile_id FROM profile WHERE index_version = ? AND profile_id > ? ORDER BY profile_id LIMIT ?"


class SqliteProfileScans:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def scan(self, after: str, limit: int, test: IndexTest | None) -> Candidates:
        if test is None:
            rows = self._database.read(_ALL, (after, limit))
            return _candidates(rows, rows[-1][0] if len(rows) == limit else "")
        with self._database.snapshot():
            ids, through = _merged(self._streams(after, limit, test), limit)
            rows = self._database.read(_THESE, (as_list(ids),)) if ids else []
        return _candidates(rows, through)

    def _streams(self, after: str, limit: int, test: IndexTest) -> list[tuple[list[str], str]]:
        """Ids that may pass, from several sources; each with how far it is complete, empty where it is to the end."""
        if test.keys is None:
            streams = [self._between(after, test)]
        else:
            streams = [self._ids(_EQUAL, (test.name, key, after, limit), limit) for key in test.keys]
        versions = [version for (version,) in self._database.read(_VERSIONS) if test.name not in names_of(version)]
        return streams + [self._ids(_UNINDEXED, (version, after, limit), limit) for version in ("", *versions)]

    def _ids(self, sql: str, parameters: Sequence[IndexKey], limit: int) -> tuple[list[str], str]:
        ids = [profile_id for (profile_id,) in self._database.read(sql, parameters)]
        return ids, ids[-1] if len(ids) == limit else ""

    def _between(self, after: str, test: IndexTest) -> tuple[list[str], str]:
        rows = self._database.read(_BETWEEN, (test.low, test.high, test.name, after, RANGE_WINDOW))
        # The last profile of a full window may have more entries behind it.
        through = rows[-1][0] if len(rows) == RANGE_WINDOW else ""
        ids = [profile_id for profile_id, is_within in rows if is_within]
        return (ids, through) if not through else _without_last(ids, rows, through)


def _without_last(ids: list[str], rows: Sequence[tuple[str, int]], last: str) -> tuple[list[str], str]:
    before = next((profile_id for profile_id, _ in reversed(rows) if profile_id != last), last)
    return [profile_id for profile_id in ids if profile_id <= before], before


def _merged(streams: Sequence[tuple[list[str], str]], limit: int) -> tuple[list[str], str]:
    """The first ids of all streams, each once, and how far they are complete."""
    through = min((end for _, end in streams if end), default="")
    ids = sorted({each for found, _ in streams for each in found if not through or each <= through})
    return (ids[:limit], ids[limit - 1]) if len(ids) > limit else (ids, through)


def _candidates(rows: Sequence[tuple[str, bytes]], through: str) -> Candidates:
    return Candidates([decode_profile(body) for _, body in rows], through)
