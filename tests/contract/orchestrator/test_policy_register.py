"""What every PolicyRegister promises, on SQLite and on MongoDB, beside the store that has the policies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.orchestrator.app.policy_register import Activation, Approval, RegisteredPolicy
from services.orchestrator.app.policy_store import (
    NOTHING_ACTIVE,
    Activating,
    PolicyRecord,
    PolicyVersions,
    Receipt,
)
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.policy_state import PolicyState
from shared.errors import AlreadyExists


def _record(version: str, time_ms: int = 1_700_000_000_000, author: str = "ada") -> PolicyRecord:
    versions = PolicyVersions(version, "t", "r", "f", "c")
    return PolicyRecord(versions, "boutique", {"policy.yaml": b"x"}, time_ms, author)


def _receipt(request_id: str, rpc: str = "PublishPolicy", body: str = "body") -> Receipt:
    return Receipt(rpc, request_id, body, b"answer")


async def add(stores: Stores, record: PolicyRecord, *, may_be_first: bool = True) -> None:
    receipt = _receipt(f"{record.versions.policy}/{record.author}")
    assert await stores.policies.add(record, receipt, await stores.policies.active(), may_be_first=may_be_first)


async def state(stores: Stores, version: str) -> PolicyState:
    found = await stores.register.find(version)
    assert found is not None
    return found.state(await stores.policies.active())


async def test_what_was_published_is_found_with_its_author(stores: Stores) -> None:
    await add(stores, _record("p-1"), may_be_first=False)
    assert await stores.register.find("p-1") == RegisteredPolicy(
        "p-1", "boutique", "ada", 1_700_000_000_000, publishers=("ada",)
    )
    assert await stores.register.find("p-2") is None
    assert await stores.policies.active() == NOTHING_ACTIVE
    kept = await stores.policies.get("p-1")
    assert kept is not None
    assert kept.author == "ada"


async def test_the_first_author_stays_and_nobody_is_no_author(stores: Stores) -> None:
    for author in ("", "ada", "bob"):
        await add(stores, _record("p-1", author=author))
    found = await stores.register.find("p-1")
    assert found is not None
    assert found.author == "ada"


async def test_a_version_goes_from_draft_to_retired(stores: Stores) -> None:
    await add(stores, _record("p-1"), may_be_first=False)
    assert await state(stores, "p-1") is PolicyState.DRAFT
    await stores.register.approve("p-1", Approval("bob", 5), _receipt("one", "ApprovePolicy"))
    assert await state(stores, "p-1") is PolicyState.APPROVED
    how = Activating("cyd", 7)
    assert await stores.policies.activate("p-1", _receipt("two"), NOTHING_ACTIVE, how)
    assert await state(stores, "p-1") is PolicyState.ACTIVE
    await add(stores, _record("p-2"))
    assert await stores.policies.activate("p-2", _receipt("three"), await stores.policies.active(), how)
    assert await state(stores, "p-1") is PolicyState.RETIRED
    found = await stores.register.find("p-1")
    assert found is not None
    assert (found.approval, found.activation) == (Approval("bob", 5), Activation(1, "p-1", "cyd", 7))


async def test_the_first_policy_is_activated_by_its_author(stores: Stores) -> None:
    await add(stores, _record("p-1"))
    assert await stores.register.activation(1) == Activation(1, "p-1", "ada", 1_700_000_000_000)


async def test_the_last_approval_and_the_last_activation_count(stores: Stores) -> None:
    await add(stores, _record("p-1"))
    await add(stores, _record("p-2"))
    for index, approver in enumerate(("bob", "cyd")):
        await stores.register.approve("p-2", Approval(approver, index), _receipt(f"a{index}", "ApprovePolicy"))
    for index, version in enumerate(("p-2", "p-1", "p-2")):
        how = Activating("dan", 10 + index, restores=index)
        await stores.policies.activate(version, _receipt(f"m{index}"), await stores.policies.active(), how)
    found = await stores.register.find("p-2")
    assert found is not None
    assert (found.approver, found.activation) == ("cyd", Activation(4, "p-2", "dan", 12, 2))


async def test_an_approval_is_made_once(stores: Stores) -> None:
    await add(stores, _record("p-1"))
    receipt = _receipt("one", "ApprovePolicy")
    await stores.register.approve("p-1", Approval("bob", 5), receipt)
    await stores.register.approve("p-1", Approval("cyd", 6), receipt)
    found = await stores.register.find("p-1")
    assert found is not None
    assert found.approver == "bob"
    with pytest.raises(AlreadyExists):
        await stores.register.approve("p-1", Approval("cyd", 6), replace(receipt, body_hash="other"))
    assert await stores.policies.receipt("ApprovePolicy", "one") == receipt


async def test_policies_are_listed_the_newest_first_page_by_page(stores: Stores) -> None:
    for index in range(7):
        await add(stores, _record(f"p-{index}", time_ms=100 + index // 2))
    wanted = ["p-6", "p-5", "p-4", "p-3", "p-2", "p-1", "p-0"]
    assert [each.policy_version for each in await stores.register.newest(10)] == wanted
    seen: list[str] = []
    cursor = None
    while page := await stores.register.newest(2, cursor):
        seen += [each.policy_version for each in page]
        cursor = page[-1].cursor
    assert seen == wanted


async def test_what_was_active_before_is_found_among_other_versions(stores: Stores) -> None:
    await add(stores, _record("p-1"))
    await add(stores, _record("p-2"))
    for index, version in enumerate(("p-2", "p-2", "p-1")):
        await stores.policies.activate(
            version, _receipt(f"m{index}"), await stores.policies.active(), Activating("", 9)
        )
    before = await stores.register.before(3, "p-2")
    assert before == Activation(1, "p-1", "ada", 1_700_000_000_000)
    assert await stores.register.before(1, "p-1") is None
    assert (await stores.register.before(4, "p-1")) == Activation(3, "p-2", "", 9)
