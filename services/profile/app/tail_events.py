"""TailEvents: the event log from a position on, and what comes after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from services.profile.app.ports import EventLog
from services.profile.app.requests import LoggedEvent, LogPage, TailQuery
from services.profile.domain.limits import check_name
from shared.errors import InvalidArgument

PAGE_SIZE = 500
MAX_TYPES = 100
POLL_S = 0.2
"""How late an event that another process recorded is sent at most."""


class Bell:
    """Wakes those who follow the log when this process recorded something."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    def next_ring(self) -> asyncio.Event:
        """Take it before looking at the log: a ring between look and wait is not missed."""
        return self._rung


async def tail_events(log: EventLog, bell: Bell, query: TailQuery) -> AsyncGenerator[Sequence[LoggedEvent]]:
    """Pages of events, none of them empty."""
    after = await _start(log, query)
    while True:
        ring = bell.next_ring()
        page = await log.tail(after, query.types, PAGE_SIZE)
        if page:
            after = page[-1].position
            yield page
        elif not query.follow:
            return
        else:
            await _wait(ring)


async def tail_to_end(log: EventLog, query: TailQuery) -> AsyncGenerator[LogPage]:
    """Pages of events; the last one has none and says where the log ends."""
    after = await _start(log, query)
    while True:
        # Taken first: what is recorded between the two looks lies behind it.
        end = await log.last_position()
        page = await log.tail(after, query.types, PAGE_SIZE)
        if not page:
            yield LogPage((), max(after, end))
            return
        after = page[-1].position
        yield LogPage(tuple(page), after)


async def _start(log: EventLog, query: TailQuery) -> int:
    for index, event_type in enumerate(query.types):
        check_name(event_type, f"types[{index}]")
    if len(query.types) > MAX_TYPES:
        raise InvalidArgument.field("types", f"must be at most {MAX_TYPES}")
    if query.from_end:
        return await log.last_position()
    after = query.after
    if not after:
        return 0
    if after.isascii() and after.isdigit() and len(after) < 19 and int(after) <= await log.last_position():
        return int(after)
    raise InvalidArgument.field("after_position", "is not a position of this log")


async def _wait(ring: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(ring.wait(), POLL_S)
    except TimeoutError:
        return
