"""One audience, page by page: found, decided, written, noted. Whoever goes on after an end begins behind the last page
that was noted; what was decided and not noted is answered again, because its request ids say whom for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.orchestrator.v1.batch_pb2 import BatchDecideResponse
from tandem.orchestrator.v1.decision_pb2 import DecideRequest
from tandem.profile.v1.profile_pb2 import Profile
from tandem.profile.v1.search_pb2 import SearchProfilesRequest, SearchProfilesResponse

from services.cli.audience.crew import Crew, error_of
from services.cli.audience.parts import Parts
from services.cli.audience.progress import AudienceProgress, save
from services.cli.audience.rows import Row, rows_of
from shared.errors import FailedPrecondition, NotFound
from shared.ids import content_hash, content_id

PAGE = 5_000
"""Persons per part of the file."""
PROFILE = "profile"
"""The namespace of profile ids."""
_GONE = ("PROFILE_NOT_FOUND", "SUBJECT_ERASED")

Search = Callable[[SearchProfilesRequest], AsyncGenerator[SearchProfilesResponse]]
Told = Callable[[AudienceProgress], None]


@dataclass(frozen=True, slots=True)
class Campaign:
    """Who is asked for, and what each of them is asked."""

    condition: str
    request: DecideRequest
    """Without a person, and without a request id."""

    @property
    def fingerprint(self) -> str:
        return content_hash((self.condition, self.request.SerializeToString(deterministic=True)))

    def request_of(self, profile: Profile) -> DecideRequest:
        request = DecideRequest()
        request.CopyFrom(self.request)
        request.request_id = content_id("all", (self.fingerprint, profile.profile_id))
        identity = Identity(namespace=PROFILE, value=profile.profile_id)
        request.subject.CopyFrom(Subject(identities=[identity]))
        return request


@dataclass(frozen=True, slots=True)
class Page:
    profiles: Sequence[Profile]
    through: str
    is_last: bool


class AudienceRun:
    """`parts` None: nothing is written."""

    def __init__(self, campaign: Campaign, search: Search, crew: Crew, parts: Parts | None, told: Told) -> None:
        self._campaign = campaign
        self._search = search
        self._crew = crew
        self._parts = parts
        self._told = told

    async def run(self, progress: AudienceProgress, page_size: int = PAGE) -> int:
        """Answers the rows of the file. Raises TandemError and CommandFailed; what is noted stays."""
        while not progress.is_searched:
            page = await self._page(progress.through_profile_id, page_size)
            await self._decide(page, progress)
            progress.through_profile_id = page.through
            progress.is_searched = page.is_last
            if self._parts is not None:
                save(self._parts.folder, progress)
            self._told(progress)
        return 0 if self._parts is None else self._parts.join(progress.parts)

    async def _page(self, after: str, size: int) -> Page:
        request = SearchProfilesRequest(condition=self._campaign.condition, page_size=size, after_profile_id=after)
        profiles: list[Profile] = []
        through = ""
        async with aclosing(self._search(request)) as answers:
            async for answer in answers:
                profiles += answer.profiles
                through = answer.through_profile_id
        return Page(profiles, through, is_last=not through)

    async def _decide(self, page: Page, progress: AudienceProgress) -> None:
        if not page.profiles:
            return
        items = await self._crew.decide([self._campaign.request_of(profile) for profile in page.profiles])
        rows: list[Row] = []
        for profile, item in zip(page.profiles, items, strict=True):
            if self._is_gone(item):
                progress.gone += 1
                continue
            progress.subjects += 1
            rows += rows_of(self._campaign.request.campaign_id, profile, item.result)
        progress.results = dict(Counter(progress.results) + Counter(map(_result_of, rows)))
        if self._parts is not None:
            self._parts.write(progress.parts, rows)
            progress.parts += 1

    def _is_gone(self, item: BatchDecideResponse.Item) -> bool:
        """Raises what is wrong with the request, and so with all of them."""
        error = error_of(item)
        if isinstance(error, (NotFound, FailedPrecondition)) and error.reason in _GONE:
            return True
        if error is not None:
            raise error
        return False


def _result_of(row: Row) -> str:
    if row["result"] == "NO_ACTION":
        return f"NO_ACTION {row['reason']}"
    return f"{row['result']} {row['channel']} {row['action'] or row['treatment']}"
