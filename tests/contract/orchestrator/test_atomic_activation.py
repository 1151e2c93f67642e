"""A decision sees one policy version everywhere, always: two replicas decide while policies are switched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator import bootstrap as deciding
from services.orchestrator.app.application import OrchestratorApplication
from services.orchestrator.app.contact_ledger import ReservationRequest, Reserved
from services.orchestrator.app.policy_store import PolicyVersions
from services.orchestrator.app.ports import (
    PolicyQuestion,
    PolicyVerdict,
    ScoreQuestion,
    Scores,
    SubjectQuery,
    SubjectView,
)
from services.profile.domain.consents import ConsentStatus
from tests.support.limited_shop import MAIL_2, limits
from tests.support.shop import Shop, fresh_id, inbound, open_shop, outbound
from tests.support.shop_policy import edited

SWITCHES, DECIDERS = 40, 6
LIMITED = limits(MAIL_2, "{id: web_day, channel: web, max: 5000, window: 1d}")

asked: ContextVar[set[tuple[str, str]]] = ContextVar("asked")
"""Which version of which part the decision of this task asked others by."""


def _heard(part: str, version: str) -> None:
    heard = asked.get(None)
    if heard is not None:
        heard.add((part, version))


class Overheard:
    """The real port, and the versions that it is asked by."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView:
        _heard("trait_schema", query.schema_version)
        view: SubjectView = await self._port.get(query, deadline_ms=deadline_ms)
        return view

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        _heard("rule_set", question.rule_set_version)
        verdict: PolicyVerdict = await self._port.evaluate(question, deadline_ms=deadline_ms)
        return verdict

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        _heard("feature_set", question.feature_set_version)
        scores: Scores = await self._port.score(question, deadline_ms=deadline_ms)
        return scores

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        _heard("trait_schema", request.schema_version)
        reserved: Reserved = await self._port.reserve(request, deadline_ms=deadline_ms)
        return reserved


def policies() -> list[dict[str, bytes]]:
    """That differ in every part: traits, limits, rules, features, texts, values."""
    other = {
        "age >= 18": "age >= 21",
        "business_value: '8.0'": "business_value: '3.0'",
        "traits:": "traits:\n  shoe_size: {type: int}",
    }
    return [edited(LIMITED), edited({**LIMITED, **other})]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def replica(shop: Shop, stack: AsyncExitStack) -> OrchestratorApplication:
    """Another orchestrator over the same stores, whose questions are overheard."""
    others = replace(
        shop.others,
        **{name: Overheard(getattr(shop.others, name)) for name in ("profile", "rules", "scoring", "ledger")},
    )
    options = deciding.DecidingOptions(b"secret", 10_000)
    return (await deciding.bootstrap(shop.settings, stack, others=others, options=options)).app


async def test_no_decision_mixes_two_policies(shop: Shop) -> None:
    versions = [(await shop.orchestrator.publish_policy(fresh_id(), files)).policy_version for files in policies()]
    pinned: Mapping[str, PolicyVersions] = {
        version: (await shop.orchestrator.get_policy(version)).versions for version in versions
    }
    assert all(len({getattr(each, part) for each in pinned.values()}) == 2 for part in ("trait_schema", "rule_set"))
    await shop.knows(age=20)
    await shop.hears(ConsentStatus.GRANTED)
    stop, decided = asyncio.Event(), list[tuple[str, str, frozenset[tuple[str, str]]]]()

    async def decide(app: OrchestratorApplication, index: int) -> None:
        while not stop.is_set():
            asked.set(set())
            command = inbound("home_hero", "side_bar") if index % 2 else outbound("EMAIL")
            answer = await app.decide(command)
            decided.append((answer.decision_id, answer.versions.policy, frozenset(asked.get())))
            shared = pinned[answer.versions.policy]
            assert answer.versions.rule_set == shared.rule_set
            assert answer.versions.catalogue == shared.catalogue
            assert ("shoe_size" in answer.feature_statuses) == (answer.versions.policy == versions[1])

    async def switch() -> None:
        for number in range(SWITCHES):
            if number % 4 == 3:
                await shop.orchestrator.roll_back_policy(fresh_id())
            else:
                await shop.orchestrator.activate_policy(fresh_id(), versions[(number + 1) % 2])
            await asyncio.sleep(0.02)
        stop.set()

    async with AsyncExitStack() as stack:
        replicas = [await replica(shop, stack) for _ in range(2)]
        async with asyncio.TaskGroup() as group:
            group.create_task(switch())
            for index in range(DECIDERS):
                group.create_task(decide(replicas[index % 2], index))
        assert {version for _, version, _ in decided} == set(versions), "both decided"
        for _, version, heard in decided:
            assert {part for part, _ in heard} >= {"trait_schema", "rule_set"}
            assert heard <= {
                (part, getattr(pinned[version], part)) for part in ("trait_schema", "rule_set", "feature_set")
            }
        for decision_id, _, _ in decided[:: max(1, len(decided) // 50)]:
            replayed = await replicas[0].replay_decision(decision_id)
            assert replayed.differing == ()
