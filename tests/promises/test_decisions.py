"""Under load nobody gets a contact too many, without consent, or paid for by what is spent; and every decision can be
made again.

The demo's policy, with limits, decides for many callers at once while persons object, consent, turn out to be one and
answer. Then somebody who knows the policy's files and the log, and nothing of the services, counts everything again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tandem.orchestrator.v1 import decision_list_pb2, replay_pb2, volume_pb2

from tests.support.decision_checker import DecisionChecker, whole_digest
from tests.support.decision_load import DECISIONS_PER_PERSON, Callers, calling, policy_files
from tests.support.decision_rules import Rules
from tests.support.policies_in_use import use_policy
from tests.support.promises import Figure, Promise, is_full_strength
from tests.support.servers import Form, deployed
from tests.support.storages import StorageOf
from tests.support.tandem_client import TIMEOUT_S, TandemClient

AT_ONCE = 16
REPLAYED_AT_ONCE = 4
SEED = 7
NEWEST = 5
AFTERWARDS = 0.1
"""This share of the decisions is made after the policy and the model have changed."""
OTHER_POLICY = {"lever: 1.2": "lever: 0.6", "reserve: 0.0": "reserve: 0.0001"}
"""Decides otherwise by the same limits."""
MOST_UNDECIDED = 0.01
"""This share may get no answer: the machine is under load."""
PATIENT = {"DECIDE_BUDGET_SECONDS": "20"}
"""What is late fails closed, and shows less."""
BINDING = ("CONTACT_POLICY", "NO_CONSENT", *(("VOLUME", "HOLDOUT") if is_full_strength() else ()))
"""Without such silences nothing was shown. Few decisions need not use anything up."""


@pytest.mark.parametrize(("kind", "form"), [("sqlite", Form.ONE), ("mongo", Form.FOUR)])
async def test_no_decision_breaks_a_limit_and_each_can_be_made_again(
    promise: Promise, storage_of: StorageOf, tmp_path: Path, kind: str, form: Form
) -> None:
    decisions = promise.strength(reduced=200 if form is Form.ONE else 80, full=100_000 if form is Form.ONE else 20_000)
    sampled = promise.strength(reduced=20, full=1_000)
    people = max(20, decisions // DECISIONS_PER_PERSON)
    with storage_of(kind) as storage, deployed(form, storage, tmp_path, PATIENT) as running:
        shop = TandemClient(running.addresses)
        version = use_policy(shop, policy_files(people))
        async with calling(running.addresses, people, SEED) as callers:
            await callers.introduce(AT_ONCE)
            await callers.run(decisions, AT_ONCE)
            sample = some(shop, sampled)
            before = made_again(shop, sample, callers.load.answered)
            other = use_policy(shop, policy_files(people, OTHER_POLICY))
            await callers.run(int(decisions * AFTERWARDS), AT_ONCE)
            newest = latest(shop, NEWEST)
            after = made_again(shop, sample, callers.load.answered)
            checker = await checked(callers, Rules.of(policy_files(people)))
        account = {each.resource: each for each in shop.orchestrator.GetVolume(volume_pb2.GetVolumeRequest()).resources}
        shop.close()

    load, violations = callers.load, checker.violations
    figures: dict[str, Figure] = {
        "decisions": len(checker.decisions),
        "decisions per second": round(load.calls["Decide"] / load.seconds, 1),
        "degraded": load.degraded,
        "calls that failed in passing": sum(load.failures.values()),
        "merges": load.calls["MergeProfiles"],
        "consents told": load.calls["SetConsent"],
        "violations": len(violations),
        "replays": len(before) + len(after),
        "replays that differ": before.count(False) + after.count(False),
        **checker.found,
        **{f"most of {each.resource}": f"{each.most:g} of {each.amount:g}" for each in checker.spent()},
    }
    for name, value in figures.items():
        promise.figure(f"{kind}: {name}", value)
    assert violations == [], Counter(each.kind for each in violations)
    assert load.undecided <= decisions * MOST_UNDECIDED, load.failures
    assert len(load.said.answers) <= len(checker.decisions) <= len(load.said.answers) + load.undecided
    assert [reason for reason in BINDING if not checker.found[f"silence {reason}"]] == []
    assert len(before) == len(after) == min(sampled, decisions)
    assert all(before)
    assert all(after)
    assert {each.policy_version for each in sample} == {version}
    assert {each.policy_version for each in newest} == {other}
    assert max(map(position, newest)) > max(map(position, sample))
    for each in checker.spent():
        if not each.period_ms:
            assert each.committed <= account[each.resource].committed + 1e-6 <= each.amount + 2e-6


def some(shop: TandemClient, count: int) -> Sequence[decision_list_pb2.DecisionSummary]:
    request = decision_list_pb2.SampleDecisionsRequest(count=count, seed=SEED)
    drawn: Sequence[decision_list_pb2.DecisionSummary] = shop.orchestrator.SampleDecisions(
        request, timeout=TIMEOUT_S
    ).decisions
    return drawn


def latest(shop: TandemClient, count: int) -> Sequence[decision_list_pb2.DecisionSummary]:
    request = decision_list_pb2.ListDecisionsRequest(page_size=count)
    listed: Sequence[decision_list_pb2.DecisionSummary] = shop.orchestrator.ListDecisions(
        request, timeout=TIMEOUT_S
    ).decisions
    return listed


def position(summary: decision_list_pb2.DecisionSummary) -> int:
    """Of the model, in the log of what it learnt; -1 where nothing was scored."""
    return int(summary.model_version.rpartition("@")[2] or -1)


def made_again(
    shop: TandemClient, sample: Sequence[decision_list_pb2.DecisionSummary], answered: Mapping[str, bytes]
) -> list[bool]:
    """Whether what is made again is what was answered, compared here and not only there."""

    def one(summary: decision_list_pb2.DecisionSummary) -> bool:
        request = replay_pb2.ReplayDecisionRequest(decision_id=summary.decision_id)
        again = shop.orchestrator.ReplayDecision(request, timeout=120)
        is_same = whole_digest(again.response) == answered[summary.decision_id]
        assert is_same == again.identical, list(again.differing_fields)
        return is_same

    with ThreadPoolExecutor(REPLAYED_AT_ONCE) as pool:
        return list(pool.map(one, sample))


async def checked(callers: Callers, rules: Rules) -> DecisionChecker:
    checker, started = DecisionChecker(rules, callers.load.said), time.monotonic()
    async for entry in callers.read_log(AT_ONCE):
        checker.add(entry)
    read_s = time.monotonic() - started
    checker.finish()
    print(f"read in {read_s:.1f} s, recounted in {time.monotonic() - started - read_s:.1f} s")
    for each in checker.violations[:20]:
        print("violation:", each)
    return checker
