"""Publishing: parts first, the record last, one version per content, the first one active at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.orchestrator.adapters.schema import SQLITE_SCHEMA
from services.orchestrator.adapters.sqlite_policy_register import SqlitePolicyRegister
from services.orchestrator.adapters.sqlite_policy_store import SqlitePolicyStore
from services.orchestrator.adapters.sqlite_resource_bank import SqliteResourceBank
from services.orchestrator.app.activate import ActivatePolicy
from services.orchestrator.app.active_policies import REFRESH_MS, ActivePolicies, PolicyUnreadable
from services.orchestrator.app.policy_life import PolicyLife, SwitchingRegister
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_store import NOTHING_ACTIVE, PolicyRecord, PolicyStore, PolicyVersions, Receipt
from services.orchestrator.app.publish import MAX_VIOLATION_BYTES, PublishPolicy
from services.orchestrator.app.validate import ValidatePolicy
from services.orchestrator.app.volume.amounts import Amounts
from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.domain.policy_parts import Finding, Place
from shared.errors import AlreadyExists, InvalidArgument, NotFound, Unavailable
from shared.sqlite import SqliteDatabase
from tests.support.policy_services import PolicyServices


@dataclass
class World:
    """One replica of the orchestrator over a store, and the services around it."""

    store: PolicyStore
    register: SwitchingRegister
    bank: ResourceBank
    services: PolicyServices
    now_ms: int = 1_000_000

    def __post_init__(self) -> None:
        parts = PartPublishers(self.services, self.services, self.services)
        self.policies = ActivePolicies(self.store, self.clock)
        amounts = Amounts(self.bank, self.clock)
        life = PolicyLife(self.store, self.register, parts, self.policies, amounts, self.clock)
        self.publish = PublishPolicy(life)
        self.activate = ActivatePolicy(life)
        self.validate = ValidatePolicy(self.services, self.policies)

    def clock(self) -> int:
        return self.now_ms

    async def active_name(self) -> str:
        policy = await self.policies.current()
        return policy.settings.name if policy is not None else ""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = await SqliteDatabase.open(tmp_path / "orchestrator.db", schema=SQLITE_SCHEMA)
    yield World(
        SqlitePolicyStore(database), SqlitePolicyRegister(database), SqliteResourceBank(database), PolicyServices()
    )
    await database.close()


@pytest.fixture
def first(small: str) -> dict[str, bytes]:
    return {"policy.yaml": small.encode()}


@pytest.fixture
def second(small: str) -> dict[str, bytes]:
    changed = small.replace("policy: small", "policy: second").replace("traits:", "traits:\n  age: {type: int}")
    return {"policy.yaml": changed.encode()}


async def test_the_first_policy_is_active_at_once(world: World, first: dict[str, bytes]) -> None:
    published = await world.publish("one", first)
    assert published.active
    assert published.findings == ()
    current = await world.policies.current()
    assert current is not None
    assert current.versions.policy == published.policy_version
    assert current.catalogue.action_index == {"call": 0}
    assert world.services.active_schema == current.compiled.trait_schema


async def test_a_record_names_parts_that_are_kept(world: World, first: dict[str, bytes]) -> None:
    published = await world.publish("one", first)
    record = await world.store.get(published.policy_version)
    assert record is not None
    assert record.files == first
    versions = record.versions
    assert {versions.trait_schema, versions.rule_set, versions.feature_set} == world.services.kept.keys()


async def test_a_later_policy_waits_to_be_activated(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    await world.publish("one", first)
    schema = world.services.active_schema
    assert not (await world.publish("two", second)).active
    assert await world.active_name() == "small"
    assert world.services.active_schema == schema


async def test_the_same_content_is_the_same_version(world: World, first: dict[str, bytes]) -> None:
    published = await world.publish("one", first)
    assert await world.publish("two", first | {"README.md": b"x"}) == published


async def test_a_repeated_request_is_answered_the_same(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    await world.publish("one", first)
    published = await world.publish("two", second)
    await world.activate("three", published.policy_version)
    world.services.is_down = True
    assert await world.publish("two", second) == published
    with pytest.raises(AlreadyExists):
        await world.publish("two", first)


@pytest.mark.parametrize("request_id", ["", "x" * 129, "a\nb"])
async def test_a_request_id_is_needed(request_id: str, world: World, first: dict[str, bytes]) -> None:
    with pytest.raises(InvalidArgument):
        await world.publish(request_id, first)


async def test_an_error_refuses_the_policy_and_stores_nothing(world: World, first: dict[str, bytes]) -> None:
    broken = first | {"b.yaml": b"groups: {g: {issue: nope}}\ncurrency: euro\n"}
    with pytest.raises(InvalidArgument) as refusal:
        await world.publish("one", broken)
    assert refusal.value.reason == "POLICY_INVALID"
    assert refusal.value.metadata == {"errors": "2"}
    assert [violation.field for violation in refusal.value.violations] == ["b.yaml:1:21", "b.yaml:2:11"]
    assert await world.store.active() == NOTHING_ACTIVE
    assert world.services.kept == {}


async def test_more_errors_than_a_status_can_carry_are_counted(world: World, first: dict[str, bytes]) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await world.publish("one", first | {"b.yaml": b"\n".join(b"wrong_%d: 1" % index for index in range(1_000))})
    size = sum(len(violation.field + violation.description) for violation in refusal.value.violations)
    assert 0 < size <= MAX_VIOLATION_BYTES
    assert refusal.value.metadata == {"errors": "1000"}
    assert "ValidatePolicy answers all" in refusal.value.message


async def test_findings_of_conditions_join_the_others_in_order(world: World, first: dict[str, bytes]) -> None:
    world.services.findings = (Finding(Place("b.yaml", 2, 5), "CEL_TYPE", "no such overload"),)
    text = b"currency: euro\n# line two\nprior_propensity: 3\n"
    found = await world.validate(first | {"b.yaml": text})
    assert [finding.code for finding in found] == ["OUT_OF_RANGE", "CEL_TYPE", "OUT_OF_RANGE"]
    with pytest.raises(InvalidArgument) as refusal:
        await world.publish("one", first)
    assert [violation.field for violation in refusal.value.violations] == ["b.yaml:2:5"]


async def test_a_warning_travels_with_the_answer(world: World, first: dict[str, bytes]) -> None:
    world.services.findings = (Finding(Place("policy.yaml", 1, 1), "UNREACHABLE", "never true", is_error=False),)
    published = await world.publish("one", first)
    assert published.findings == world.services.findings
    assert await world.publish("one", first) == published


async def test_a_service_that_is_down_leaves_no_record(world: World, first: dict[str, bytes]) -> None:
    world.services.is_down = True
    with pytest.raises(Unavailable):
        await world.publish("one", first)
    assert await world.store.active() == NOTHING_ACTIVE
    world.services.is_down = False
    assert (await world.publish("one", first)).active


async def test_activation_brings_the_trait_schema_along(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    one = await world.publish("one", first)
    two = await world.publish("two", second)
    summary = await world.activate("three", two.policy_version)
    assert (summary.name, summary.active, summary.publish_time_ms) == ("second", True, world.now_ms)
    assert await world.active_name() == "second"
    assert world.services.active_schema == (await world.policies.get(two.policy_version)).compiled.trait_schema
    await world.activate("four", one.policy_version)
    assert await world.active_name() == "small"
    assert world.services.active_schema == (await world.policies.get(one.policy_version)).compiled.trait_schema


async def test_a_repeated_activation_does_not_undo_a_later_one(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    one = await world.publish("one", first)
    two = await world.publish("two", second)
    summary = await world.activate("three", two.policy_version)
    await world.activate("four", one.policy_version)
    assert await world.activate("three", two.policy_version) == summary
    assert await world.active_name() == "small"


async def test_an_unknown_version_cannot_be_activated(world: World) -> None:
    with pytest.raises(NotFound) as refusal:
        await world.activate("one", "policy_0")
    assert refusal.value.reason == "POLICY_NOT_FOUND"


async def test_no_request_id_is_used_twice_at_another_service(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    one = await world.publish("one", first)
    two = await world.publish("two", second)
    for index in range(4):
        await world.activate(f"move-{index}", (one, two)[index % 2].policy_version)
    assert len(set(world.services.request_ids)) == len(world.services.request_ids)


async def test_of_two_first_policies_at_once_the_active_one_has_its_schema(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    both = asyncio.Barrier(2)
    arrivals = 0

    async def wait_for_the_other() -> None:
        nonlocal arrivals
        arrivals += 1
        if arrivals <= 2:
            await both.wait()

    world.services.on_schema = wait_for_the_other
    published = await asyncio.gather(world.publish("one", first), world.publish("two", second))
    assert arrivals > 2
    assert sorted(each.active for each in published) == [False, True]
    current = await world.policies.current()
    assert current is not None
    assert world.services.active_schema == current.compiled.trait_schema


async def test_an_activation_starts_again_when_another_one_comes_between(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    one = await world.publish("one", first)
    two = await world.publish("two", second)
    in_between = iter([world.activate("between", one.policy_version)])

    async def interfere() -> None:
        for activation in in_between:
            await activation

    world.services.on_schema = interfere
    await world.activate("three", two.policy_version)
    assert await world.active_name() == "second"
    current = await world.policies.current()
    assert current is not None
    assert world.services.active_schema == current.compiled.trait_schema


async def test_another_replica_follows_within_a_second(
    world: World, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    await world.publish("one", first)
    two = await world.publish("two", second)
    replica = World(world.store, world.register, world.bank, world.services)
    assert await replica.active_name() == "small"
    await world.activate("three", two.policy_version)
    replica.now_ms += REFRESH_MS - 1
    assert await replica.active_name() == "small"
    replica.now_ms += 1
    assert await replica.active_name() == "second"


async def test_a_policy_loaded_from_the_store_is_the_one_that_was_published(
    world: World, first: dict[str, bytes]
) -> None:
    published = await world.publish("one", first)
    replica = World(world.store, world.register, world.bank, world.services)
    mine, theirs = (
        await world.policies.get(published.policy_version),
        await replica.policies.get(published.policy_version),
    )
    assert mine is not theirs
    assert mine.versions == theirs.versions
    assert mine.compiled.rule_set == theirs.compiled.rule_set
    assert theirs.catalogue.version == theirs.versions.catalogue
    assert theirs.attributes["tier"].allowed == ("bronze", "silver")


async def test_decisions_go_on_with_the_last_policy_while_the_store_is_away(
    world: World, first: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.publish("one", first)

    async def gone() -> None:
        raise Unavailable("STORE_UNAVAILABLE", "gone", metadata={"store": "orchestrator"})

    monkeypatch.setattr(world.store, "active", gone)
    world.now_ms += REFRESH_MS
    assert await world.active_name() == "small"
    with pytest.raises(Unavailable):
        await World(world.store, world.register, world.bank, world.services).policies.current()


async def test_decisions_go_on_with_the_last_policy_when_only_newer_replicas_read_the_active_one(
    world: World, first: dict[str, bytes]
) -> None:
    await world.publish("one", first)
    newer = PolicyVersions("policy_newer", "t", "r", "f", "c")
    record = PolicyRecord(newer, "newer", {"policy.yaml": b"policy: newer\nmiracles: {}\n"}, 1)
    pointer = await world.store.active()
    await world.store.add(record, Receipt("PublishPolicy", "two", "b", b""), pointer)
    await world.store.activate("policy_newer", Receipt("ActivatePolicy", "three", "b", b""), pointer)
    world.now_ms += REFRESH_MS
    assert await world.active_name() == "small"
    with pytest.raises(PolicyUnreadable):
        await World(world.store, world.register, world.bank, world.services).policies.current()


async def test_many_callers_at_once_load_a_policy_once(
    world: World, first: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.publish("one", first)
    replica, reads = World(world.store, world.register, world.bank, world.services), 0
    read = world.store.get

    async def counted(policy_version: str) -> object:
        nonlocal reads
        reads += 1
        return await read(policy_version)

    monkeypatch.setattr(world.store, "get", counted)
    policies = await asyncio.gather(*(replica.policies.current() for _ in range(20)))
    assert reads == 1
    assert len({id(policy) for policy in policies}) == 1


async def test_before_the_first_publication_there_is_no_policy(world: World) -> None:
    assert await world.policies.current() is None


@pytest.mark.parametrize(
    ("before", "after", "warned"),
    [
        ("", "namespaces:\n  crm: {known: true, normalisation: lower_case}\n", ["16:3"]),
        ("", "namespaces:\n  crm: {known: true, max_per_profile: 1}\n", []),
        ("", "namespaces: {email: {known: true, normalisation: email}}\n", []),
        ("", "namespaces: {phone: {known: true, normalisation: e164}}\n", ["15:14"]),
        ("namespaces: {crm: {known: true, normalisation: sha256}}\n", "", ["1:1"]),
    ],
)
async def test_a_normalisation_that_changes_is_warned_of(
    world: World, small: str, before: str, after: str, warned: list[str]
) -> None:
    await world.publish("one", {"policy.yaml": (small + before).encode()})
    files = {"policy.yaml": (small + after).encode()}
    validated = await world.validate(files)
    published = await world.publish("two", files)
    assert {finding.code for finding in published.findings} <= {"NORMALISATION_CHANGED"}
    assert [f"{each.place.line}:{each.place.column}" for each in published.findings] == warned
    assert validated == published.findings


async def test_another_currency_is_warned_of_before_money_is_mixed(world: World, small: str) -> None:
    await world.publish("one", {"policy.yaml": (small + "currency: EUR\n").encode()})
    same = {"policy.yaml": (small + "# the usual one\n").encode()}
    assert (await world.publish("two", same)).findings == ()
    other = {"a.yaml": small.encode(), "b.yaml": b"# money\ncurrency: CHF\n"}
    for findings in (await world.validate(other), (await world.publish("three", other)).findings):
        (warning,) = findings
        assert (warning.code, warning.place, warning.is_error) == ("CURRENCY_CHANGED", Place("b.yaml", 2, 1), False)
        assert "counts in EUR" in warning.message
        assert warning.message.endswith("what is learnt of pressure begins anew")
    await world.activate("four", (await world.publish("five", other)).policy_version)
    (back,) = await world.validate(same)
    assert (back.code, back.place) == ("CURRENCY_CHANGED", Place("policy.yaml", 1, 1))
    assert "count as EUR" in back.message
