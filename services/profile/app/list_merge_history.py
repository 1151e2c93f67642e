"""ListMergeHistory: merges, un-merges, conflicts and hand-overs of a person, newest first."""

from __future__ import annotations

from services.profile.app.get_profile import ProfileReader
from services.profile.app.identity_requests import MergeHistoryPage, MergeHistoryQuery
from services.profile.app.ports import MergeLog
from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 100, 1_000

Place = tuple[int, str]


async def list_merge_history(reader: ProfileReader, log: MergeLog, query: MergeHistoryQuery) -> MergeHistoryPage:
    size = page_size(query.page_size, default=DEFAULT_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
    named = await reader.named(query.subject)
    fingerprint = ("merge_history", named.keys)
    before = _place(page_start(query.page_token, fingerprint))
    profile = await reader.resolved(named)
    found = await log.merge_events(profile.part_ids, before, size + 1)
    page = tuple(found[:size])
    has_more = len(found) > size
    return MergeHistoryPage(page, page_token(_text(page[-1].place), fingerprint) if has_more else "")


def _text(place: Place) -> str:
    return ":".join(map(str, place))


def _place(start: int | str | None) -> Place | None:
    if start is None:
        return None
    try:
        event_ms, event_id = str(start).split(":", 1)
        return int(event_ms), event_id
    except ValueError:
        raise InvalidArgument.field("page_token", "is not a token of this server") from None
