"""ActivateTriggers and ObserveEvents, on whichever replica: what it takes in goes through the store to the process that
holds the lease, and what fired comes from the store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from services.rules.app.trigger_ports import EventFeed
from services.rules.app.trigger_store import TriggerStores
from services.rules.app.triggers.bell import Bell, wait
from services.rules.app.triggers.programs import Programs
from services.rules.domain.triggers.outcome import Firing, Happening
from shared.clock import MAX_CLOCK_SKEW_MS, Clock
from shared.errors import InvalidArgument

PAGE = 500
MAX_EVENTS = 1_000
MAX_PROPERTIES = 64
MAX_ID_CHARACTERS = 128
POLL_S = 0.2
"""How late a follower hears of what another process did, at most."""


@dataclass(frozen=True, slots=True)
class ObserveEvents:
    """`after` "": from the end, but with what these events fire."""

    happenings: tuple[Happening, ...] = ()
    after: str = ""
    follow: bool = False


@dataclass(frozen=True, slots=True)
class FiringPage:
    """`position`: where to go on after these."""

    firings: tuple[Firing, ...]
    position: str


class TriggerDesk:
    """`feed` None: the first activation begins with the first event ever, in a process without a profile service."""

    def __init__(
        self, stores: TriggerStores, feed: EventFeed | None, programs: Programs, clock: Clock, bell: Bell
    ) -> None:
        self._stores = stores
        self._feed = feed
        self._programs = programs
        self._clock = clock
        self._bell = bell

    async def activate(self, request_id: str, version: str) -> None:
        """Raises NotFound (RULE_SET_NOT_FOUND), AlreadyExists (REQUEST_ID_REUSED), Unavailable."""
        if not 0 < len(request_id) <= MAX_ID_CHARACTERS:
            raise InvalidArgument.field("request_id", f"must have 1 to {MAX_ID_CHARACTERS} characters")
        await self._programs.compiled(version)
        is_first = not await self.active_version()
        start = await self._feed.end() if is_first and self._feed is not None else "0"
        await self._stores.activations.activate(version, request_id, self._clock(), start)
        self._bell.ring()

    async def active_version(self) -> str:
        """The rule set whose triggers fire; "" for none."""
        return await self._stores.activations.active_version()

    async def observe(self, query: ObserveEvents) -> AsyncGenerator[FiringPage]:
        """Takes the events in, then answers what fired; the last page of a call that does not follow may be empty."""
        self._check(query.happenings)
        last = await self._stores.firings.last_firing()
        after = _position(query.after, last) if query.after else last
        event_ids = await self._take_in(query.happenings)
        is_open = True
        while is_open:
            ring = self._bell.next_ring()
            is_worked_through = await self._is_worked_through(event_ids)
            page = await self._stores.firings.firings(after, PAGE)
            emitted = tuple(firing for firing in page if firing.name)
            after = page[-1].number if page else after
            is_open = len(page) == PAGE or query.follow or not is_worked_through
            if emitted or not is_open:
                yield FiringPage(emitted, str(after))
            if is_open and len(page) < PAGE:
                await wait(ring, POLL_S)

    async def _take_in(self, happenings: Sequence[Happening]) -> list[str]:
        if happenings:
            await self._stores.inbox.put(happenings, self._clock())
            self._bell.ring()
        return [each.event_id for each in happenings]

    async def _is_worked_through(self, event_ids: Sequence[str]) -> bool:
        """Also where no triggers are active: nothing will come of them until there are."""
        if not event_ids:
            return True
        is_taken = await self._stores.inbox.is_taken(event_ids)
        head = await self._stores.states.head()
        if not is_taken:
            return not head.version
        fan_out = head.progress.fan_out
        return fan_out is None or fan_out.logged.happening.event_id not in event_ids

    def _check(self, happenings: Sequence[Happening]) -> None:
        if len(happenings) > MAX_EVENTS:
            raise InvalidArgument.field("events", f"must be at most {MAX_EVENTS}")
        latest_ms = self._clock() + MAX_CLOCK_SKEW_MS
        for index, each in enumerate(happenings):
            _check(each, f"events[{index}]", latest_ms)


def _check(happening: Happening, path: str, latest_ms: int) -> None:
    for name, value, least in (("event_id", happening.event_id, 1), ("profile_id", happening.profile_id, 0)):
        if not least <= len(value) <= MAX_ID_CHARACTERS or not value.isprintable():
            raise InvalidArgument.field(f"{path}.{name}", f"must have {least} to {MAX_ID_CHARACTERS} characters")
    if not happening.type.isidentifier() or len(happening.type) > 64:
        raise InvalidArgument.field(f"{path}.type", "must be a name of at most 64 characters")
    if len(happening.properties) > MAX_PROPERTIES:
        raise InvalidArgument.field(f"{path}.properties", f"must be at most {MAX_PROPERTIES}")
    if not 0 <= happening.event_ms <= latest_ms:
        raise InvalidArgument.field(f"{path}.event_time", "must be between 1970 and five minutes from now")


def _position(after: str, last: int) -> int:
    if after.isascii() and after.isdigit() and len(after) < 19 and int(after) <= last:
        return int(after)
    raise InvalidArgument.field("after_position", "is not a position of this log")
