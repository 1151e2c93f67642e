"""Word of erasures from the profile service in the same process."""

from __future__ import annotations

from collections.abc import Sequence

from services.orchestrator.app.erasures import ErasureNotice
from services.profile.app.application import ProfileApplication
from services.profile.app.rights_requests import ErasureQuery
from shared.clock import Clock
from shared.deadline import until


class LocalErasureFeed:
    """Implements ErasureFeed."""

    def __init__(self, app: ProfileApplication, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def erasures(self, after: str, *, deadline_ms: int) -> Sequence[ErasureNotice]:
        async with until(deadline_ms, self._clock):
            pages = [page async for page in self._app.tail_erasures(ErasureQuery(after))]
        return [
            ErasureNotice(str(each.position), each.erasure.erasure_id, each.erasure.profile_ids)
            for page in pages
            for each in page
        ]
