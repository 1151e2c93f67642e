"""ListChanges: the audit trail of a person, newest first."""

from __future__ import annotations

from services.profile.app.get_profile import ProfileReader
from services.profile.app.ports import ChangeLog
from services.profile.app.rights_requests import ChangePage, ChangeQuery
from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 100, 1_000

Place = tuple[int, str, str]


async def list_changes(reader: ProfileReader, log: ChangeLog, query: ChangeQuery) -> ChangePage:
    size = page_size(query.page_size, default=DEFAULT_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
    named = await reader.named(query.subject)
    fingerprint = ("changes", named.keys)
    before = _place(page_start(query.page_token, fingerprint))
    profile = await reader.resolved(named)
    found = await log.changes(profile.part_ids, before, size + 1)
    page = tuple(found[:size])
    has_more = len(found) > size
    return ChangePage(page, page_token(_text(page[-1].place), fingerprint) if has_more else "")


def _text(place: Place) -> str:
    return ":".join(map(str, place))


def _place(start: int | str | None) -> Place | None:
    if start is None:
        return None
    try:
        change_ms, rpc, request_id = str(start).split(":", 2)
        return int(change_ms), rpc, request_id
    except ValueError:
        raise InvalidArgument.field("page_token", "is not a token of this server") from None
