"""What is kept no longer is deleted: events and traits past their retention, answers of requests.

Any number of replicas may sweep at once: a deletion is a commit like others, and one that came first leaves nothing to
the next. An event leaves the log together with the change that remembers it in the states of its profile.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.maintenance import Maintainer
from services.profile.app.ports import LogEntry, Stores
from services.profile.app.rounds import Pause, no_pause
from services.profile.domain.events import Event
from services.profile.domain.parts import parts_of
from services.profile.domain.profile import Profile
from services.profile.domain.retention import remembering, without_past_traits
from services.profile.domain.schema import EventTypeDeclaration, TraitDeclaration
from shared.clock import MAX_CLOCK_SKEW_MS, Clock

EVENTS_AT_ONCE = 500
PARTS_AT_ONCE = 16
PROFILES_AT_ONCE = 100
ANSWERS_AT_ONCE = 1_000

_log = logging.getLogger("tandem.profile.retention")


@dataclass(frozen=True, slots=True)
class Swept:
    """How many events, profiles with traits, and answers."""

    events: int = 0
    profiles: int = 0
    answers: int = 0


class Retention:
    def __init__(self, stores: Stores, catalogue: SchemaCatalogue, maintainer: Maintainer, clock: Clock) -> None:
        self._stores = stores
        self._catalogue = catalogue
        self._maintainer = maintainer
        self._clock = clock

    async def sweep(self, answers_kept_ms: int, pause: Pause = no_pause) -> Swept:
        """Everything that is past its retention, as far as `pause` allows. Raises Unavailable."""
        swept = Swept(
            await self._sweep_events(pause),
            await self._sweep_traits(pause),
            await self._sweep_answers(answers_kept_ms, pause),
        )
        if swept != Swept():
            counts = {"events": swept.events, "profiles": swept.profiles, "answers": swept.answers}
            _log.info("deleted what is past its retention", extra={"fields": counts})
        return swept

    async def _sweep_events(self, pause: Pause) -> int:
        count = 0
        for declared in (await self._catalogue.active()).event_types.values():
            if declared.retention_ms:
                count += await self._sweep_type(declared, pause)
        return count

    async def _sweep_type(self, declared: EventTypeDeclaration, pause: Pause) -> int:
        """Later than they are refused by as much as clocks may differ: an event that was deleted is never recorded
        again, whichever replica it is sent to.
        """
        count, log = 0, self._stores.events
        while True:
            before_ms = self._clock() - declared.retention_ms - MAX_CLOCK_SKEW_MS
            page = await log.happened_before(before_ms, declared.type, EVENTS_AT_ONCE)
            deleted = await self._delete(page, declared.retention_ms)
            count += deleted
            if len(page) < EVENTS_AT_ONCE or not deleted or await pause():
                return count

    async def _delete(self, entries: Sequence[LogEntry], retention_ms: int) -> int:
        by_part: dict[str, list[Event]] = defaultdict(list)
        for entry in entries:
            by_part[entry.part_id].append(entry.event)
        edit = partial(remembering, retention_ms=retention_ms)
        turns = asyncio.Semaphore(PARTS_AT_ONCE)

        async def delete(part_id: str, events: list[Event]) -> int:
            async with turns:
                return await self._maintainer.delete_events(part_id, events, edit)

        return sum(await asyncio.gather(*(delete(part_id, events) for part_id, events in by_part.items())))

    async def _sweep_traits(self, pause: Pause) -> int:
        count, after = 0, ""
        while retained := (await self._catalogue.active()).retained_traits:
            page = await self._stores.scans.scan(after, PROFILES_AT_ONCE, None)
            edit = partial(without_past_traits, retained=retained, now_ms=self._clock())
            for profile in page.profiles:
                if _is_past(profile, retained, self._clock()):
                    count += await self._maintainer.rewrite(profile.profile_id, edit)
            after = page.through
            if not after or await pause():
                break
        return count

    async def _sweep_answers(self, kept_ms: int, pause: Pause) -> int:
        count = 0
        while True:
            forgotten = await self._stores.profiles.forget_answers(self._clock() - kept_ms, ANSWERS_AT_ONCE)
            count += forgotten
            if forgotten < ANSWERS_AT_ONCE or await pause():
                return count


def _is_past(profile: Profile, retained: Mapping[str, TraitDeclaration], now_ms: int) -> bool:
    """A merged profile shows the newest observations only: its parts may hold older ones."""
    parts = parts_of(profile) if profile.merged else (profile,)
    return any(without_past_traits(part, retained, now_ms) is not part for part in parts)
