"""Callers of one process take turns at a profile, and learn what those before them stored."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from services.profile.app.ports import Change
from services.profile.app.turns import Turns
from services.profile.domain.identities import profile_key
from services.profile.domain.profile import Profile, Tenure

ANN = Profile("p-ann", 1, 0, 0, identities=("crm\x1fann",))
KEY = ANN.identities[0]
TURN = profile_key(ANN.profile_id)


async def waited(turns: Turns, stored: Profile, *claims: str, turn: str = TURN) -> dict[str, Profile] | None:
    """What a caller knows who read ANN, and waited until another had stored a change of hers."""
    answer: list[dict[str, Profile] | None] = []

    async def waiting() -> None:
        async with turns.hold([turn]) as has_waited:
            assert has_waited
            answer.append(turns.caught_up({KEY: ANN}, {turn} - {TURN}))

    async with turns.hold([turn]) as has_waited:
        assert not has_waited
        task = asyncio.create_task(waiting())
        await asyncio.sleep(0)
        turns.tell_stored([Change(stored, claims=claims)])
    await task
    assert not turns._latest
    return answer[0]


async def test_who_has_waited_knows_what_was_stored_meanwhile() -> None:
    newer = replace(ANN, version=2)
    assert await waited(Turns(), newer) == {KEY: newer}


async def test_what_was_read_later_than_it_was_stored_stays() -> None:
    assert await waited(Turns(), replace(ANN, version=1, created_ms=7)) == {KEY: ANN}


async def test_who_is_somebody_else_by_now_is_read_again() -> None:
    turns = Turns()
    for stored in (
        replace(ANN, version=2, merged_into="p-bob"),
        replace(ANN, version=2, erased_ms=1),
        replace(ANN, version=2, identities=()),
        replace(ANN, version=2, tenures=(Tenure(KEY, "p-bob", 1),)),
    ):
        assert await waited(turns, stored) is None


async def test_an_identity_that_was_taken_meanwhile_is_read_again() -> None:
    assert await waited(Turns(), replace(ANN, version=2), "cookie\x1fa", turn="cookie\x1fa") is None


async def test_nothing_is_kept_for_nobody() -> None:
    turns = Turns()
    turns.tell_stored([Change(ANN)])
    assert not turns._latest
