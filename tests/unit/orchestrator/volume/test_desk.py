"""Which accounts a replica holds, and keeps in step with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicies, ActivePolicy
from services.orchestrator.app.volume.bank import Settlement
from services.orchestrator.app.volume.desk import VolumeDesk
from services.orchestrator.app.volume.quotas import Taken
from services.orchestrator.domain.volume.account import Account, AccountKey
from services.orchestrator.domain.volume.pacing import Pace
from services.orchestrator.domain.volume.resources import MILLIONTHS, MS_PER_HOUR, Pacing, Resource, VolumeTable
from shared.clock import MS_PER_DAY
from shared.errors import Unavailable
from tests.support.memory_bank import MemoryBank
from tests.support.volume import NOW, Ticking, resource, units

HOURLY = resource(10, Pacing.EVEN, span_ms=MS_PER_HOUR)
THIS_HOUR = AccountKey("offer", NOW // MS_PER_HOUR * MS_PER_HOUR)


def policy_with(*resources: Resource) -> ActivePolicy:
    """All of which one option uses, a unit of each."""
    table = VolumeTable(resources, np.full((1, len(resources)), MILLIONTHS, dtype=np.int64))
    return cast("ActivePolicy", SimpleNamespace(compiled=SimpleNamespace(volume=table)))


def desk_of(bank: MemoryBank, policy: ActivePolicy, clock: Ticking) -> VolumeDesk:
    policies = cast("ActivePolicies", mock.Mock(current=mock.AsyncMock(return_value=policy)))
    return VolumeDesk(bank, policies, mock.Mock(), clock)


async def took(desk: VolumeDesk, policy: ActivePolicy, clock: Ticking) -> Any:
    standing = await desk.standing(policy, clock.now_ms, deadline_ms=clock.now_ms + 1_000)
    assert standing is not None
    return await desk.take(standing.uses_of(0), 0, 0, deadline_ms=clock.now_ms + 1_000)


async def test_what_is_asked_of_another_hour_leaves_no_trace() -> None:
    bank, clock, policy = MemoryBank(), Ticking(), policy_with(HOURLY)
    desk = desk_of(bank, policy, clock)
    assert isinstance(await took(desk, policy, clock), Taken)
    dear = replace(bank.accounts[THIS_HOUR], pace=Pace(price=2.5, scale=1.0, stepped_ms=NOW))
    bank.accounts[THIS_HOUR] = replace(dear, revision=dear.revision + 1)
    before = dict(bank.accounts)
    for days in range(1, 50):
        moment_ms = NOW + days * MS_PER_DAY
        standing = await desk.standing(policy, moment_ms, deadline_ms=clock.now_ms + 1_000)
        assert standing is not None
        (told,) = standing.resources
        assert (told.room, told.price) == (units(10), 2.5)
        assert told.period_ms == moment_ms // MS_PER_HOUR * MS_PER_HOUR
    assert bank.accounts == before
    clock.now_ms += 1_000
    await desk.beat()
    assert bank.accounts.keys() == {THIS_HOUR}


async def test_an_account_that_cannot_be_had_does_not_keep_the_leases_of_others_from_being_renewed() -> None:
    others = [replace(HOURLY, resource_id=name) for name in ("aa", "bb", "cc")]
    bank, clock, policy = MemoryBank(), Ticking(), policy_with(*others)
    desk = desk_of(bank, policy, clock)
    assert isinstance(await took(desk, policy, clock), Taken)
    put = bank.put

    async def fails_for_the_first(account: Account, settled: Sequence[Settlement] = ()) -> bool:
        if account.key.resource_id == "aa":
            raise Unavailable("STORE_UNAVAILABLE", "not now")
        return await put(account, settled)

    with mock.patch.object(bank, "put", fails_for_the_first):
        clock.now_ms += 6_000
        await desk.beat()
    ends = {key.resource_id: account.leases[0].expire_ms for key, account in bank.accounts.items()}
    assert ends["aa"] < ends["bb"] == ends["cc"]
