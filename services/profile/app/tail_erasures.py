"""TailErasures: what other services have to erase as well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from services.profile.app.ports import ErasureLog, LoggedErasure
from services.profile.app.rights_requests import ErasureQuery
from shared.errors import InvalidArgument

PAGE_SIZE = 500
POLL_S = 0.5
"""How late an erasure is sent to those who follow, at most."""


async def tail_erasures(log: ErasureLog, query: ErasureQuery) -> AsyncGenerator[Sequence[LoggedErasure]]:
    """Pages of erasures, none of them empty."""
    after = _start(query.after)
    while True:
        page = await log.erasures(after, PAGE_SIZE)
        if page:
            after = page[-1].position
            yield page
        elif not query.follow:
            return
        else:
            await asyncio.sleep(POLL_S)


def _start(after: str) -> int:
    if not after:
        return 0
    if after.isascii() and after.isdigit() and len(after) < 19:
        return int(after)
    raise InvalidArgument.field("after_position", "is not a position of this log")
