"""Nothing is used after it was withdrawn, and nothing is left of who was erased."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.erasing import erase_without_a_trace
from tests.support.promises import Promise
from tests.support.replica_set import ReplicaSet
from tests.support.replicas import replicated_services
from tests.support.servers import Form, deployed
from tests.support.storages import StorageOf, fresh_storage
from tests.support.tandem_client import TandemClient
from tests.support.withdrawals import Withdrawals

PERSONS_AT_ONCE = 6
SEED = 2


async def withdraw(promise: Promise, name: str, profiles: Sequence[str], orchestrators: Sequence[str]) -> None:
    rounds = promise.strength(reduced=10, full=1_000)
    callers = Withdrawals(profiles, orchestrators, SEED)
    await callers.publish()
    started = time.monotonic()
    tally = await callers.withdraw_often(rounds, PERSONS_AT_ONCE)
    seconds = time.monotonic() - started
    await callers.close()
    promise.figure(f"{name}: withdrawals", tally.rounds)
    promise.figure(f"{name}: decisions", tally.decided)
    promise.figure(f"{name}: decisions per second", round(tally.decided / seconds, 1))
    promise.figure(f"{name}: made use of it before", tally.used_before)
    promise.figure(f"{name}: started after the acknowledgement", tally.started_after)
    promise.figure(f"{name}: of these made use of it", len(tally.violations))
    assert not tally.violations, tally.violations[:10]
    assert tally.rounds == rounds
    assert tally.used_before >= rounds, "every round saw what would be withdrawn"
    assert tally.started_after >= rounds


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("kind", ["sqlite", "mongo"])
async def test_no_decision_uses_what_was_withdrawn_before_it_began(
    promise: Promise, storage_of: StorageOf, tmp_path: Path, kind: str, form: Form
) -> None:
    with storage_of(kind) as storage, deployed(form, storage, tmp_path) as running:
        profile, orchestrator = running.addresses["profile"], running.addresses["orchestrator"]
        await withdraw(promise, f"{kind}-{form}", [profile], [orchestrator])


async def test_replicas_know_at_once_what_was_withdrawn_at_another(
    promise: Promise, replica_set: ReplicaSet, tmp_path: Path
) -> None:
    with fresh_storage(tmp_path, replica_set.uri) as storage, replicated_services(2, storage, tmp_path) as services:
        profiles = [each.address for each in services.profiles]
        await withdraw(promise, "replicas", profiles, [each.address for each in services.orchestrators])


@pytest.mark.parametrize(("kind", "form"), [("sqlite", Form.ONE), ("mongo", Form.FOUR)])
def test_nothing_is_left_of_who_was_erased(
    promise: Promise, storage_of: StorageOf, tmp_path: Path, kind: str, form: Form
) -> None:
    """Raw files, every value of every store, logs and exports; rewards among them."""
    persons = promise.strength(reduced=1, full=20)
    with storage_of(kind) as storage, deployed(form, storage, tmp_path) as running:
        client = TandemClient(running.addresses)
        assert client.publish().active
        seconds = [erase_without_a_trace(client, running) for _ in range(persons)]
        client.close()
    promise.figure(f"{kind}-{form}: erased without a trace", persons)
    promise.figure(f"{kind}-{form}: seconds until every service had followed, at most", round(max(seconds), 1))
