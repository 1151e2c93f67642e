"""Compiled rule sets are kept by version, compiled once however many ask, and compiled again from the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.rules.app.compiled_policies import CompiledPolicies
from services.rules.app.ports import Publication, RuleSetStore
from services.rules.bootstrap import open_sqlite
from services.rules.domain.evaluation import Compilation
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.rule_set import Rule, RuleSet, Scope, ScopeLevel, Stage
from shared.errors import FailedPrecondition, NotFound
from shared.settings import ServiceSettings
from tests.support.rules import rule_set


class CountingEngine(IndexedEngine):
    """Counts compilations."""

    def __init__(self) -> None:
        super().__init__()
        self.compilations = 0

    def compile(self, rule_set: RuleSet) -> Compilation:
        self.compilations += 1
        return super().compile(rule_set)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[RuleSetStore]:
    async with AsyncExitStack() as stack:
        store = await open_sqlite(ServiceSettings(data_dir=tmp_path), stack)
        for name in "abcd":
            content = RuleSet(scopes=(Scope(ScopeLevel.ISSUE, name),))
            await store.publish(Publication(f"rs_{name}", content, name, 0))
        yield store


async def test_a_version_nobody_published_is_not_found(store: RuleSetStore) -> None:
    with pytest.raises(NotFound) as refused:
        await CompiledPolicies(store, IndexedEngine()).get("rs_z")
    assert (refused.value.reason, refused.value.metadata) == ("RULE_SET_NOT_FOUND", {"rule_set_version": "rs_z"})


async def test_what_an_earlier_version_let_through_is_to_be_published_again(store: RuleSetStore) -> None:
    content = rule_set([Rule("r", Stage.ELIGIBILITY, "9223372036854775807 + 1 > 0")], {})
    await store.publish(Publication("rs_old", content, "old", 0))
    with pytest.raises(FailedPrecondition, match=r"publish it again: .*ALWAYS_FAILS") as refused:
        await CompiledPolicies(store, IndexedEngine()).get("rs_old")
    assert (refused.value.reason, refused.value.metadata) == ("RULE_SET_OUTDATED", {"rule_set_version": "rs_old"})


async def test_many_who_ask_at_once_share_one_compilation(store: RuleSetStore) -> None:
    engine = CountingEngine()
    policies = CompiledPolicies(store, engine)
    found = await asyncio.gather(*(policies.get("rs_a") for _ in range(20)))
    assert len({id(policy) for policy in found}) == engine.compilations == 1


async def test_one_who_gives_up_does_not_take_the_compilation_from_the_others(store: RuleSetStore) -> None:
    engine = CountingEngine()
    policies = CompiledPolicies(store, engine)
    first, second = (asyncio.create_task(policies.get("rs_a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).actions == ()
    assert engine.compilations == 1


async def test_the_least_recently_used_is_dropped_and_comes_back_from_the_store(store: RuleSetStore) -> None:
    engine = CountingEngine()
    policies = CompiledPolicies(store, engine, max_policies=2)
    for version in ("rs_a", "rs_b", "rs_a", "rs_c", "rs_a", "rs_b"):
        await policies.get(version)
    assert engine.compilations == 4  # a, b, c, and b again


async def test_after_a_failed_load_the_next_one_tries_again(store: RuleSetStore) -> None:
    policies = CompiledPolicies(store, IndexedEngine())
    with pytest.raises(NotFound):
        await policies.get("rs_late")
    await store.publish(Publication("rs_late", RuleSet(), "late", 0))
    assert (await policies.get("rs_late")).actions == ()
