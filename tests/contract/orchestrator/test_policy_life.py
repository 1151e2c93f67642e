"""Policies are approved, activated and rolled back; what an approval is asked for cannot be gone round."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator.adapters.policy_tables import LIFECYCLE_TABLES
from services.orchestrator.adapters.schema import MIGRATIONS
from services.orchestrator.app.activate import ActivatePolicy, RollBackPolicy
from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.approve import ApprovePolicy
from services.orchestrator.app.list_policies import ListPolicies
from services.orchestrator.app.policy_life import PolicyLife, PolicySummary
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_store import PolicyStore
from services.orchestrator.app.policy_switches import LONGEST_MS, FollowActivePolicy
from services.orchestrator.app.publish import PublishPolicy
from services.orchestrator.app.volume.amounts import Amounts
from services.orchestrator.bootstrap import Stores, open_stores
from services.orchestrator.domain.policy_state import Approving, PolicyState, is_same_person
from services.orchestrator.settings import OrchestratorSettings
from shared.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Unavailable
from tests.support.policy_services import PolicyServices
from tests.support.shop import fresh_id
from tests.support.shop_policy import edited


class World:
    """The policies of one replica."""

    def __init__(self, stores: Stores, services: PolicyServices, approving: Approving = Approving.NONE) -> None:
        self.stores = stores
        self.now_ms = 1_000_000
        self.services = services
        self.policies = ActivePolicies(stores.policies, lambda: 1_000_000)
        parts = PartPublishers(services, services, services)
        amounts = Amounts(stores.bank, lambda: 1_000_000)
        life = PolicyLife(stores.policies, stores.register, parts, self.policies, amounts, lambda: 1_000_000, approving)
        self.life = life
        self.following = FollowActivePolicy(stores.register, life.restore, lambda: self.now_ms)
        self.publishing, self.approving = PublishPolicy(life), ApprovePolicy(life)
        self.activating, self.rolling = ActivatePolicy(life), RollBackPolicy(life)
        self.listing = ListPolicies(life)

    async def publish(self, name: str, author: str = "ada") -> str:
        return (await self.publishing(fresh_id(), _folder(name), author)).policy_version

    async def approve(self, version: str, approver: str) -> PolicySummary:
        return await self.approving(fresh_id(), version, approver)

    async def activate(self, version: str) -> PolicySummary:
        return await self.activating(fresh_id(), version, "eve")

    async def roll_back(self, from_version: str = "") -> PolicySummary:
        return await self.rolling(fresh_id(), from_version, "eve")

    async def active(self) -> str:
        return (await self.stores.policies.active()).policy_version


def _folder(name: str) -> dict[str, bytes]:
    """Policies that differ in the trait schema, the rules and the catalogue."""
    age = 18 + sum(name.encode()) % 50
    traits = f"traits:\n  size_{name}: {{type: int}}"
    return edited({"policy: corner_shop": f"policy: shop_{name}", "age >= 18": f"age >= {age}", "traits:": traits})


@pytest.fixture
async def world(stores: Stores) -> World:
    return World(stores, PolicyServices())


def strict(world: World, approving: Approving) -> World:
    return World(world.stores, world.services, approving)


async def test_without_approvals_everything_is_as_it_was(world: World) -> None:
    first = await world.publish("a")
    assert await world.active() == first
    second = await world.publish("b")
    assert await world.active() == first
    activated = await world.activate(second)
    assert (activated.state, activated.activator, activated.author) == (PolicyState.ACTIVE, "eve", "ada")
    page = await world.listing(10)
    assert {each.policy_version: each.state for each in page.policies} == {
        first: PolicyState.RETIRED,
        second: PolicyState.ACTIVE,
    }


async def test_a_draft_is_not_activated_where_approval_is_asked_for(world: World) -> None:
    demanding = strict(world, Approving.REQUIRED)
    draft = await demanding.publish("a")
    assert await world.active() == "", "nor is the first one"
    assert world.services.active_schema is None
    with pytest.raises(FailedPrecondition) as refused:
        await demanding.activate(draft)
    assert refused.value.reason == "POLICY_NOT_APPROVED"
    assert refused.value.metadata == {"policy_version": draft, "state": "DRAFT"}
    assert "is DRAFT: it must be approved" in refused.value.message
    assert (await world.active(), world.services.active_schema) == ("", None), "nothing changed"
    approved = await demanding.approve(draft, "ada")
    assert (approved.state, approved.approver, approved.active) == (PolicyState.APPROVED, "ada", False)
    assert (await demanding.activate(draft)).active
    assert await world.active() == draft


async def test_four_eyes_are_two_persons(world: World) -> None:
    careful = strict(world, Approving.FOUR_EYES)
    with pytest.raises(InvalidArgument) as nameless:
        await careful.publish("a", author=" ")
    assert nameless.value.reason == "REQUIRED_FIELD_MISSING"
    draft = await careful.publish("a", author="Ada")
    for same in ("Ada", " ada "):
        with pytest.raises(FailedPrecondition) as refused:
            await careful.approve(draft, same)
        assert refused.value.reason == "APPROVER_IS_AUTHOR"
    await careful.approve(draft, "bob")
    assert (await careful.activate(draft)).approver == "bob"


async def test_an_approval_given_when_less_was_asked_for_does_not_do(world: World) -> None:
    draft = await strict(world, Approving.REQUIRED).publish("a")
    await strict(world, Approving.REQUIRED).approve(draft, "ada")
    careful = strict(world, Approving.FOUR_EYES)
    with pytest.raises(FailedPrecondition, match="ada wrote it and approved it"):
        await careful.activate(draft)
    await careful.approve(draft, "bob")
    assert (await careful.activate(draft)).active


async def test_who_publishes_the_same_content_is_an_author_of_it_too(world: World) -> None:
    careful = strict(world, Approving.FOUR_EYES)
    draft = await careful.publish("a", author="ada")
    assert await careful.publish("a", author="Bob") == draft
    for same in ("ADA", "bob", " \uff22ob\u200b"):
        with pytest.raises(FailedPrecondition) as refused:
            await careful.approve(draft, same)
        assert refused.value.reason == "APPROVER_IS_AUTHOR"
    assert (await careful.approve(draft, "cyd")).author == "ada"
    assert (await careful.activate(draft)).active


async def test_who_approved_before_cannot_publish_the_same_and_be_the_other_pair_of_eyes(world: World) -> None:
    careful = strict(world, Approving.FOUR_EYES)
    draft = await careful.publish("a", author="ada")
    await careful.approve(draft, "bob")
    await careful.publish("a", author="bob")
    with pytest.raises(FailedPrecondition, match="bob wrote it and approved it"):
        await careful.activate(draft)


async def test_an_approval_of_what_nobody_is_known_to_have_written_does_not_do(world: World) -> None:
    draft = await world.publish("a", author="")
    second = await world.publish("b", author="")
    await strict(world, Approving.REQUIRED).approve(second, "ada")
    with pytest.raises(FailedPrecondition, match="nobody is recorded as its author"):
        await strict(world, Approving.FOUR_EYES).activate(second)
    assert await world.active() == draft


async def test_an_author_who_is_unknown_can_be_named_later(world: World) -> None:
    draft = await world.publish("a", author="")
    careful = strict(world, Approving.FOUR_EYES)
    with pytest.raises(FailedPrecondition) as refused:
        await careful.approve(draft, "bob")
    assert refused.value.reason == "AUTHOR_UNKNOWN"
    assert await careful.publish("a", author="ada") == draft
    assert (await careful.approve(draft, "bob")).author == "ada"


async def test_rolling_back_goes_back_and_further_back_and_never_forth(world: World) -> None:
    versions = [await world.publish(name) for name in "abc"]
    for version in versions[1:]:
        await world.activate(version)
    back = await world.roll_back(versions[2])
    assert (back.policy_version, back.state, back.activator) == (versions[1], PolicyState.ACTIVE, "eve")
    policy = await world.policies.current()
    assert policy is not None
    assert policy.versions.policy == versions[1]
    assert world.services.active_schema == policy.compiled.trait_schema
    assert world.services.active_triggers == policy.versions.rule_set
    assert (await world.roll_back()).policy_version == versions[0]
    with pytest.raises(FailedPrecondition) as refused:
        await world.roll_back()
    assert refused.value.reason == "NO_EARLIER_POLICY"
    await world.activate(versions[2])
    assert (await world.roll_back()).policy_version == versions[0]


class Faulty(PolicyServices):
    """Takes schemas, and has its own way with triggers."""

    def __init__(self, *, is_dead: bool = False) -> None:
        super().__init__()
        self.fails, self.is_dead = False, is_dead

    async def activate_triggers(self, request_id: str, rule_set_version: str) -> None:
        if self.fails and self.is_dead:
            raise asyncio.CancelledError  # the process is gone: nothing is put right
        if self.fails and rule_set_version != self.active_triggers:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", "down", metadata={"service": "rules"})
        await super().activate_triggers(request_id, rule_set_version)


async def agree(world: World, version: str) -> bool:
    """Whether the pointer and all services have this version."""
    policy = await world.policies.get(version)
    schema, triggers = policy.compiled.trait_schema, policy.versions.rule_set
    told = (world.services.active_schema, world.services.active_triggers)
    return told == (schema, triggers) and await world.active() == version


async def test_an_activation_that_fails_in_the_middle_is_taken_back(stores: Stores) -> None:
    services = Faulty()
    world = World(stores, services)
    first, second = await world.publish("a"), await world.publish("b")
    await world.activate(first)
    services.fails = True
    with pytest.raises(Unavailable):
        await world.activate(second)
    assert await agree(world, first)
    assert await stores.register.unfinished_switches(10**15) == []
    services.fails = False
    await world.activate(second)
    assert await agree(world, second)


async def test_an_activation_that_a_crash_ended_in_the_middle_is_taken_back_by_another_replica(stores: Stores) -> None:
    services = Faulty(is_dead=True)
    world, other = World(stores, services), World(stores, services)
    first, second = await world.publish("a"), await world.publish("b")
    await world.activate(first)
    services.fails = True
    with pytest.raises(asyncio.CancelledError):
        await world.activate(second)
    services.fails = False
    assert not await agree(world, first), "the test would show nothing"
    await other.following.follow()
    assert not await agree(world, first), "it may still be under way"
    other.now_ms += LONGEST_MS + 1
    await other.following.follow()
    assert await agree(world, first)
    assert await stores.register.unfinished_switches(10**15) == []


async def test_a_slow_switch_that_another_replica_took_for_a_dead_one_wins(stores: Stores) -> None:
    services = PolicyServices()
    world, other = World(stores, services), World(stores, services)
    first, second = await world.publish("a"), await world.publish("b")
    await world.activate(first)
    activate = stores.policies.activate

    async def slowly(*given: Any) -> bool:
        other.now_ms += LONGEST_MS + 1
        await other.following.follow()
        return await activate(*given)

    life = replace(world.life, store=Slow(stores.policies, slowly))
    await ActivatePolicy(life)(fresh_id(), second)
    assert await agree(world, second)


class Slow:
    """The store, with something before its pointer."""

    def __init__(self, store: PolicyStore, activate: Any) -> None:
        self._store = store
        self.activate = activate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_only_what_is_active_is_rolled_back(world: World) -> None:
    with pytest.raises(FailedPrecondition) as nothing:
        await world.roll_back()
    assert nothing.value.reason == "NO_ACTIVE_POLICY"
    first = await world.publish("a")
    second = await world.publish("b")
    await world.activate(second)
    done = await asyncio.gather(*(world.roll_back(second) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(each, PolicySummary) for each in done) == 1
    assert {each.reason for each in done if isinstance(each, FailedPrecondition)} == {"POLICY_NOT_ACTIVE"}
    assert await world.active() == first
    active = await world.policies.current()
    assert active is not None
    assert world.services.active_schema == active.compiled.trait_schema, "who was refused changed nothing"


async def test_rolling_back_needs_no_approval(world: World) -> None:
    await world.publish("a")
    await world.activate(await world.publish("b"))
    assert (await strict(world, Approving.FOUR_EYES).roll_back()).active


async def test_a_repeated_call_is_answered_the_same_and_another_body_refused(world: World) -> None:
    await world.publish("a")
    second = await world.publish("b")
    await world.activate(second)
    approved = await world.approving("one", second, "bob")
    rolled = await world.rolling("two", second)
    assert await world.approving("one", second, "bob") == approved
    assert await world.rolling("two", second) == rolled
    for again in (world.approving("one", second, "cyd"), world.rolling("two")):
        with pytest.raises(AlreadyExists):
            await again


async def test_an_unknown_version_is_refused(world: World) -> None:
    await world.publish("a")
    for call in (world.activate("policy_0"), world.approve("policy_0", "bob"), world.listing.get("policy_0")):
        with pytest.raises(NotFound) as refused:
            await call
        assert refused.value.reason == "POLICY_NOT_FOUND"


async def test_a_policy_is_answered_with_its_files_and_pages_end(world: World) -> None:
    with pytest.raises(FailedPrecondition):
        await world.listing.get()
    versions = [await world.publish(name) for name in "abc"]
    stored = await world.listing.get()
    assert (stored.summary.policy_version, stored.files) == (versions[0], _folder("a"))
    page = await world.listing(2)
    rest = await world.listing(2, page.after)
    assert rest.after is None
    assert {each.policy_version for each in (*page.policies, *rest.policies)} == set(versions)


async def test_what_was_active_before_activations_were_kept_can_be_rolled_back_to(tmp_path: Path) -> None:
    (now := tmp_path / "now").mkdir()
    async with opened(now) as world:
        first = await world.publish("a")
    with sqlite3.connect(tmp_path / "orchestrator.sqlite") as of_old:
        before = MIGRATIONS.index(LIFECYCLE_TABLES)
        of_old.executescript("".join(MIGRATIONS[:before]))
        of_old.execute("ATTACH ? AS now", (str(now / "orchestrator.sqlite"),))
        columns = ", ".join(row[1] for row in of_old.execute("PRAGMA main.table_info(policies)"))
        of_old.execute(f"INSERT INTO main.policies ({columns}) SELECT {columns} FROM now.policies")
        for table in ("policy_files", "active_policy"):
            of_old.execute(f"INSERT INTO main.{table} SELECT * FROM now.{table}")
        of_old.execute(f"PRAGMA user_version = {before}")
    async with opened(tmp_path) as world:
        (listed,) = (await world.listing(9)).policies
        assert (listed.policy_version, listed.state, listed.activate_time_ms) == (first, PolicyState.ACTIVE, None)
        await world.activate(await world.publish("b"))
        assert (await world.roll_back()).policy_version == first


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(await open_stores(OrchestratorSettings(data_dir=folder), stack), PolicyServices())


def test_names_are_compared_as_people_mean_them() -> None:
    assert is_same_person("Ada ", "ada")
    assert is_same_person("Ada  Lovelace", "ada lovelace")
    assert is_same_person("Ren\u00e9", "RENE\u0301")
    assert not is_same_person("ada", "adam")
