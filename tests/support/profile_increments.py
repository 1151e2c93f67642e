"""Counts views of one person as fast as it can: what several processes do to one profile at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from services.profile.app.application import ProfileApplication
from services.profile.app.requests import RecordEvents
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.settings import ProfileSettings
from shared.settings import load
from tests.support.profiles import event, open_stores, person, publish, schema_of

PERSON = person("crm:1")
STEPS = 40


async def increment_views(app: ProfileApplication, name: str) -> None:
    await publish(app, schema_of(views=Formula(Measure.COUNT, "view")))
    for step in range(STEPS):
        await app.record_events(RecordEvents(f"{name}.{step}", (event(f"{name}.{step}", PERSON),)))


async def main() -> None:
    async with AsyncExitStack() as stack:
        app = ProfileApplication(await open_stores(load(ProfileSettings), stack))
        print("ready", flush=True)
        await increment_views(app, "child")


if __name__ == "__main__":
    asyncio.run(main())
