"""A store outlives the process that wrote it, and serves several at once."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Change, Commit, Stores
from services.profile.app.requests import ProfileQuery
from services.profile.domain.profile import Profile
from shared.settings import ServiceSettings
from tests.support.profile_increments import PERSON, STEPS, increment_views
from tests.support.profiles import open_stores, whole_log

ROOT = Path(__file__).parents[3]
KEY = "crm\x1f1"


async def test_a_store_holds_after_it_was_closed_what_it_held_before(settings: ServiceSettings) -> None:
    stored = Profile("p1", 1, 5, 10, (KEY,))
    async with AsyncExitStack() as stack:
        await (await open_stores(settings, stack)).profiles.commit(Commit((Change(stored, (KEY,)),)))
    async with AsyncExitStack() as stack:
        assert await (await open_stores(settings, stack)).profiles.find([KEY]) == {KEY: stored}


async def test_two_replicas_see_each_others_commits_at_once(stores: Stores, other_stores: Stores) -> None:
    for version in range(1, 20, 2):
        first, second = Profile("p1", version, 5, 10, (KEY,)), Profile("p1", version + 1, 5, 10, (KEY,))
        await stores.profiles.commit(Commit((Change(first, (KEY,) if version == 1 else ()),)))
        assert (await other_stores.profiles.find([KEY]))[KEY] == first
        await other_stores.profiles.commit(Commit((Change(second),)))
        assert (await stores.profiles.find([KEY]))[KEY] == second


async def test_two_processes_that_write_to_one_person_lose_nothing(settings: ServiceSettings, stores: Stores) -> None:
    app = ProfileApplication(stores)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.profile_increments"),
        cwd=ROOT,
        env={**os.environ, **environment(settings)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"
    await increment_views(app, "parent")
    assert await child.wait() == 0
    answer = await app.get_profile(ProfileQuery(PERSON))
    assert answer.profile.features["views"].value == 2 * STEPS
    assert len(await whole_log(stores)) == 2 * STEPS


def environment(settings: ServiceSettings) -> dict[str, str]:
    """The settings as another process reads them."""
    mongo_uri = settings.mongo_uri.get_secret_value() if settings.mongo_uri else None
    values = {
        "STORE": settings.store.value,
        "DATA_DIR": str(settings.data_dir),
        "MONGO_URI": mongo_uri,
        "MONGO_DATABASE": settings.mongo_database,
    }
    ours = {f"TANDEM_PROFILE_{name}": value for name, value in values.items() if value}
    return {**ours, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "shared" / "gen")))}
