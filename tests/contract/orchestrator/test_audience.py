"""Everybody for whom a condition holds, as the orchestrator asks the profile service: in one process, and over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tandem.profile.v1 import profile_service_pb2

from services.local import profile as local_profile
from services.orchestrator.adapters import profile_client
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.app.audience import Audience
from services.orchestrator.domain.policy.compile import compile_policy
from shared.clock import system_clock
from shared.errors import DeadlineExceeded, InvalidArgument
from tests.support.grpc_server import loopback
from tests.support.shop import Shop, fresh_id, open_shop
from tests.support.shop_policy import edited

PEOPLE = 7


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        for number in range(PEOPLE):
            await opened.knows(f"crm:a{number}", age=20 + number)
        yield opened


@pytest.fixture(params=["local", "grpc"])
async def audience(request: pytest.FixtureRequest, shop: Shop) -> AsyncIterator[Audience]:
    if request.param == "local":
        yield shop.others.profile
        return
    servicer: Any = shop.servicers.profile
    descriptor = profile_service_pb2.DESCRIPTOR.services_by_name["ProfileService"]
    async with loopback(descriptor, servicer) as server:
        yield GrpcProfiles(server.channel, system_clock)


def soon() -> int:
    return system_clock() + 20_000


async def test_everybody_is_found_once_in_the_order_of_their_ids(audience: Audience) -> None:
    everybody = await audience.members("age >= 20", "", "", deadline_ms=soon())
    assert len(set(everybody.profile_ids)) == PEOPLE
    assert (list(everybody.profile_ids), everybody.through) == (sorted(everybody.profile_ids), "")
    assert len((await audience.members("age == 22", "", "", deadline_ms=soon())).profile_ids) == 1


async def test_a_page_says_where_the_next_one_begins(audience: Audience, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = (await audience.members("true", "", "", deadline_ms=soon())).profile_ids
    for module in (profile_client, local_profile):
        monkeypatch.setattr(module, "PAGE", 3)
    found: list[str] = []
    after, pages = "", 0
    while pages == 0 or after:
        page = await audience.members("true", "", after, deadline_ms=soon())
        assert len(page.profile_ids) <= 3
        found += page.profile_ids
        after, pages = page.through, pages + 1
    assert (tuple(found), pages) == (everybody, 3)


async def test_the_condition_is_typed_by_the_schema_that_is_named(shop: Shop, audience: Audience) -> None:
    sized = {"  margin: {type: double}": "  margin: {type: double}\n  shoe_size: {type: int}"}
    with pytest.raises(InvalidArgument, match="shoe_size"):
        await audience.members("shoe_size > 1", "", "", deadline_ms=soon())
    compiled = compile_policy(edited(sized)).policy
    assert compiled is not None
    version = await shop.others.profile.publish_trait_schema(fresh_id(), compiled.trait_schema, activate=False)
    found = await audience.members("shoe_size > 1 || age >= 20", version, "", deadline_ms=soon())
    assert len(found.profile_ids) == PEOPLE


async def test_nobody_waits_beyond_the_deadline(audience: Audience) -> None:
    with pytest.raises(DeadlineExceeded):
        await audience.members("age >= 20", "", "", deadline_ms=system_clock() - 1)
