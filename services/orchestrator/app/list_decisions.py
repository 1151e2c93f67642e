"""ListDecisions and SampleDecisions: which decisions were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.orchestrator.app.decision_index import Cursor, DecisionPage, DecisionQuery, DecisionSummary
from services.orchestrator.app.ports import Identity
from services.orchestrator.app.subject_profiles import profiles_of
from services.orchestrator.app.surroundings import Surroundings
from shared.errors import InvalidArgument, NotFound
from shared.ids import content_id


@dataclass(frozen=True, slots=True)
class ListQuery:
    """`identities`: of the person; none for anybody."""

    what: DecisionQuery
    identities: tuple[Identity, ...] = ()


class ListDecisions:
    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, query: ListQuery, limit: int, after: Cursor | None = None) -> DecisionPage:
        """The newest first. Raises InvalidArgument, Unavailable."""
        what = query.what
        if what.end_ms is not None and what.end_ms <= what.start_ms:
            raise InvalidArgument.field("end_time", "must be after start_time")
        if query.identities:
            what = replace(what, profile_ids=await profiles_of(self._world, query.identities))
        return await self._world.index.find(what, limit, after)

    async def last(self, identities: tuple[Identity, ...], time_ms: int | None = None) -> str:
        """The id of the last decision for a person until a moment, or until now. Raises NotFound
        (DECISION_NOT_FOUND)."""
        end_ms = None if time_ms is None else time_ms + 1
        query = DecisionQuery(await profiles_of(self._world, identities), end_ms=end_ms)
        page = await self._world.index.find(query, 1)
        if not page.decisions:
            raise NotFound("DECISION_NOT_FOUND", "there is no decision for this person until then")
        return page.decisions[0].decision_id

    async def sample(self, count: int, seed: int) -> Sequence[DecisionSummary]:
        """By chance; the same ones for the same seed, while none comes or goes."""
        return await self._world.index.sample(content_id("d", ("sample", seed)), count)
