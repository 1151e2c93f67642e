"""SearchProfiles: every profile for which a condition holds, in the order of their ids.

The store proposes, a reading decides: candidates come from an index where the condition allows it, else they are all
profiles, and each is read as GetProfile reads it. A profile for which the condition holds all the time that a search
takes is found.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from services.profile.app.fairness import Pace
from services.profile.app.get_profile import ProfileReader
from services.profile.app.ports import ProfileScans
from services.profile.domain.profile import Profile
from services.profile.domain.reading import ProfileView
from services.profile.domain.search_condition import SearchCondition, compile_condition
from shared.errors import InvalidArgument
from shared.paging import page_start, page_token

SCANNED = 128
"""Candidates that are read from the store at once."""
MAX_SILENT = 10_000
"""Profiles that may be examined in vain before a message says how far the search is."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`schema_version` empty: the active one; `read_ms` None: now; `page_size` 0: all; `after`: a profile id in place
    of a page token."""

    condition: str
    schema_version: str = ""
    read_ms: int | None = None
    page_size: int = 0
    page_token: str = ""
    after: str = ""

    @property
    def bound(self) -> tuple[str, str, int | None]:
        """What a page token belongs to."""
        return (self.condition, self.schema_version, self.read_ms)


@dataclass(frozen=True, slots=True)
class Found:
    profile: ProfileView
    next_page_token: str
    """Where to go on after it."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`next_page_token` and `through`, the id up to which all were examined, are empty at the end."""

    found: tuple[Found, ...]
    next_page_token: str
    examined: int
    """Since the page before."""
    through: str = ""


async def search_profiles(reader: ProfileReader, scans: ProfileScans, query: SearchQuery) -> AsyncGenerator[SearchPage]:
    """Raises InvalidArgument and NotFound, before the first page where the query itself is wrong."""
    if query.page_size < 0:
        raise InvalidArgument.field("page_size", "must not be negative")
    after = _start(query)
    schema = await reader.schema(query.schema_version)
    condition = compile_condition(query.condition, schema, "condition")
    found: list[Found] = []
    left, examined, pace = query.page_size, 0, Pace()
    while True:
        candidates = await scans.scan(after, SCANNED, condition.index_test)
        for profile in candidates.profiles:
            examined += 1
            await pace.give_way()
            if not await _is_found(reader, condition, profile, query):
                continue
            token = page_token(profile.profile_id, query.bound)
            found.append(Found(await reader.read(profile, schema, query.read_ms), token))
            left -= 1
            if left == 0:
                yield SearchPage(tuple(found), token, examined, profile.profile_id)
                return
        after = candidates.through
        if found or examined >= MAX_SILENT or not after:
            yield SearchPage(tuple(found), page_token(after, query.bound) if after else "", examined, after)
            found, examined = [], 0
        if not after:
            return


def _start(query: SearchQuery) -> str:
    if query.after and query.page_token:
        raise InvalidArgument.field("after_profile_id", "has no page_token")
    after = query.after or page_start(query.page_token, query.bound)
    if isinstance(after, int):
        raise InvalidArgument.field("page_token", "is not a token of this server")
    return after or ""


async def _is_found(reader: ProfileReader, condition: SearchCondition, profile: Profile, query: SearchQuery) -> bool:
    if profile.merged_into or profile.erased_ms:
        return False
    seen = await reader.read(profile, condition.needs, query.read_ms)
    return condition.holds(seen.features, seen.read_ms)
