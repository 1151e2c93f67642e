"""ListConsents: the statements on record, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.app.get_profile import ProfileReader
from services.profile.app.ports import ConsentLog
from services.profile.app.requests import ConsentPage, ConsentQuery
from services.profile.domain.consents import Consent
from services.profile.domain.identities import normalise_subject
from services.profile.domain.profile import Profile
from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 100, 1_000

Place = tuple[int, int, str]


async def list_consents(reader: ProfileReader, log: ConsentLog, query: ConsentQuery) -> ConsentPage:
    subject = normalise_subject(query.subject, "subject")
    size = page_size(query.page_size, default=DEFAULT_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
    fingerprint = (sorted(identity.key for identity in subject), query.include_history)
    before = _place(page_start(query.page_token, fingerprint))
    profile = await reader.resolved(subject)
    if query.include_history:
        found = await log.statements(profile.profile_id, before, size + 1)
    else:
        found = _in_force(profile, before, size + 1)
    page = tuple(found[:size])
    has_more = len(found) > size
    return ConsentPage(page, page_token(_text(page[-1].place), fingerprint) if has_more else "")


def _in_force(profile: Profile, before: Place | None, limit: int) -> Sequence[Consent]:
    newest_first = sorted(profile.consents, key=lambda consent: consent.place, reverse=True)
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
