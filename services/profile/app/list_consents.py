"""ListConsents: the statements on record, newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.profile.app.get_profile import ProfileReader
from services.profile.app.ports import ConsentLog
from services.profile.app.requests import ConsentPage, ConsentQuery
from services.profile.domain.consent_history import consent_at
from services.profile.domain.consents import Consent
from services.profile.domain.profile import Profile
from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 100, 1_000

Place = tuple[int, int, str]


async def list_consents(reader: ProfileReader, log: ConsentLog, query: ConsentQuery) -> ConsentPage:
    size = page_size(query.page_size, default=DEFAULT_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
    if query.include_history and query.consent_ms is not None:
        raise InvalidArgument.field("consent_time", "must not be together with include_history")
    named = await reader.named(query.subject)
    fingerprint = (named.keys, query.include_history, query.consent_ms)
    before = _place(page_start(query.page_token, fingerprint))
    profile = await reader.resolved(named)
    if query.include_history:
        found = await log.statements(profile.part_ids, before, size + 1)
    elif query.consent_ms is not None:
        found = _newest_first(await _at(log, profile, query.consent_ms), before, size + 1)
    else:
        found = _newest_first(profile.consents, before, size + 1)
    page = tuple(found[:size])
    has_more = len(found) > size
    return ConsentPage(page, page_token(_text(page[-1].place), fingerprint) if has_more else "")


async def _at(log: ConsentLog, profile: Profile, moment_ms: int) -> Sequence[Consent]:
    """In force at the moment, from everything that was said until then."""
    said: list[Consent] = []
    before: Place = (moment_ms + 1, 0, "")
    while page := await log.statements(profile.part_ids, before, MAX_PAGE_SIZE):
        said += page
        before = page[-1].place
        await asyncio.sleep(0)  # a long history must not hold up the loop
    return consent_at(said, moment_ms)


def _newest_first(statements: Sequence[Consent], before: Place | None, limit: int) -> Sequence[Consent]:
    newest_first = sorted(statements, key=lambda consent: consent.place, reverse=True)
    return [consent for consent in newest_first if before is None or consent.place < before][:limit]


def _text(place: Place) -> str:
    return ":".join(map(str, place))


def _place(start: int | str | None) -> Place | None:
    if start is None:
        return None
    try:
        granted_ms, recorded_ms, statement_id = str(start).split(":", 2)
        return int(granted_ms), int(recorded_ms), statement_id
    except ValueError:
        raise InvalidArgument.field("page_token", "is not a token of this server") from None
