"""Aggregates from the event log: where they were declared after their events came, or are asked about the past."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import product

from msgspec.structs import replace

from services.profile.app.ports import EventLog
from services.profile.domain.aggregates.states import State
from services.profile.domain.compiled_schema import CompiledAggregate, CompiledSchema
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile
from services.profile.domain.recording import fold_log, missing_states
from services.profile.domain.retention import remembered_at

PAGE_SIZE = 1_000


class History:
    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def filled(self, profile: Profile, schema: CompiledSchema) -> Profile:
        """The profile with every state that the schema asks for and its events call for."""
        missing = missing_states(profile, schema)
        if not missing:
            return profile
        waiting = {event.event_id for event in profile.ahead}
        remembered = remembered_at(profile, missing)
        states = await self.states(profile.part_ids, missing, remembered, lambda event: event.event_id not in waiting)
        return replace(profile, states={**profile.states, **states})

    async def states(
        self,
        part_ids: Sequence[str],
        aggregates: Sequence[CompiledAggregate],
        remembered: Mapping[str, State],
        accepts: Callable[[Event], bool],
    ) -> dict[str, State]:
        """The states of the aggregates over all events of the parts that `accepts` lets in, and over those that are
        remembered only.
        """
        states = fold_log(aggregates, remembered, ())
        for part_id, event_type in product(
            part_ids, sorted({each for aggregate in aggregates for each in aggregate.events})
        ):
            async for page in self._pages(part_id, event_type):
                states = fold_log(aggregates, states, (event for event in page if accepts(event)))
        return states

    async def _pages(self, part_id: str, event_type: str) -> AsyncIterator[Sequence[Event]]:
        after, is_last = "", False
        while not is_last:
            page = await self._log.history(part_id, event_type, after, PAGE_SIZE)
            yield page
            is_last = len(page) < PAGE_SIZE
            after = page[-1].event_id if page else after
