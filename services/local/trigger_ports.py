"""The profile service in the same process, as event-driven rules need it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing

from services.profile.app import requests
from services.profile.app.application import ProfileApplication
from services.profile.app.batch_upsert_traits import BatchUpsertTraits, SubjectTraits
from services.profile.app.rights_requests import ErasureQuery
from services.profile.app.search_profiles import SearchQuery
from services.profile.domain.identities import PROFILE, Identity
from services.profile.domain.reading import ProfileView
from services.profile.domain.trait_source import TraitSource
from services.rules.app import trigger_ports as ports
from services.rules.domain.triggers.outcome import Happening
from shared.errors import InvalidArgument, NotFound, TandemError

MAX_ERASURES = 1_000
PAGE_S = 3.0
"""A page of subjects that takes longer is handed out as it is."""


def local_profile_ports(app: ProfileApplication) -> ports.ProfilePorts:
    return ports.ProfilePorts(LocalEventFeed(app), LocalFactReader(app), LocalTraitWriter(app), LocalErasureFeed(app))


class LocalEventFeed:
    """Implements EventFeed."""

    def __init__(self, app: ProfileApplication) -> None:
        self._app = app

    async def end(self) -> str:
        async with aclosing(self._app.tail_to_end(requests.TailQuery(from_end=True))) as pages:
            return str([page.position async for page in pages][-1])

    async def read(self, after: str, types: Sequence[str], limit: int) -> ports.HappeningBatch:
        """Pages are whole: of the last one only so much is handed out, and it is read again."""
        taken: list[ports.LoggedHappening] = []
        position = after
        async with aclosing(self._app.tail_to_end(requests.TailQuery(after, tuple(types)))) as pages:
            async for page in pages:
                for logged in page.events:
                    position = str(logged.position)
                    taken += _happenings(logged)
                    if len(taken) == limit:
                        return ports.HappeningBatch(tuple(taken), position, is_end=False)
                position = str(page.position)
        return ports.HappeningBatch(tuple(taken), position, is_end=True)


class LocalFactReader:
    """Implements FactReader."""

    def __init__(self, app: ProfileApplication) -> None:
        self._app = app

    async def facts(self, profile_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, ports.SubjectFacts]:
        queries = [requests.ProfileQuery((Identity(PROFILE, each),)) for each in profile_ids]
        answers = zip(profile_ids, await self._app.batch_get_profiles(queries), strict=True)
        found = {profile_id: _profile(answer) for profile_id, answer in answers}
        return {profile_id: _facts(profile, names) for profile_id, profile in found.items() if profile is not None}

    async def subjects_where(self, condition: str, after: str, limit: int) -> ports.SubjectPage:
        query = SearchQuery(condition, page_size=limit, after=after)
        found: list[str] = []
        through = ""
        enough_s = time.monotonic() + PAGE_S
        async with aclosing(self._app.search_profiles(query)) as pages:
            async for page in pages:
                found += (each.profile.profile_id for each in page.found)
                through = page.through
                if len(found) >= limit or time.monotonic() > enough_s:
                    break
        return ports.SubjectPage(tuple(found), through)


class LocalTraitWriter:
    """Implements TraitWriter."""

    def __init__(self, app: ProfileApplication) -> None:
        self._app = app

    async def write(self, request_id: str, traits: Sequence[ports.InferredTrait]) -> Sequence[TandemError | None]:
        items = tuple(SubjectTraits((Identity(PROFILE, each.profile_id),), (_trait(each),)) for each in traits)
        written = await self._app.batch_upsert_traits(BatchUpsertTraits(request_id, items))
        return [None if item.refused is None else item.refused.error() for item in written.items]


class LocalErasureFeed:
    """Implements ErasureFeed."""

    def __init__(self, app: ProfileApplication) -> None:
        self._app = app

    async def erasures(self, after: str) -> Sequence[ports.Erasure]:
        found: list[ports.Erasure] = []
        async with aclosing(self._app.tail_erasures(ErasureQuery(after))) as pages:
            async for page in pages:
                found += (ports.Erasure(str(each.position), each.erasure.profile_ids) for each in page)
                if len(found) >= MAX_ERASURES:
                    break
        return found


def _happenings(logged: requests.LoggedEvent) -> Iterable[ports.LoggedHappening]:
    """None of what a machine did."""
    event = logged.event
    if not event.is_machine:
        happening = Happening(event.event_id, logged.profile_id, event.type, event.event_ms, event.properties)
        yield ports.LoggedHappening(str(logged.position), event.recorded_ms, happening)


def _profile(answer: requests.ProfileAnswer | TandemError) -> ProfileView | None:
    if isinstance(answer, (NotFound, InvalidArgument)):
        return None
    if isinstance(answer, TandemError):
        raise answer
    return answer.profile


def _facts(profile: ProfileView, names: Iterable[str]) -> ports.SubjectFacts:
    known = {name: profile.features[name] for name in names if name in profile.features}
    return ports.SubjectFacts(profile.profile_id, known, profile.merged)


def _trait(inferred: ports.InferredTrait) -> requests.TraitWrite:
    return requests.TraitWrite(inferred.trait, inferred.value, TraitSource.COMPUTED, inferred.observed_ms)
