"""What every RuleSetStore promises, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.rules.adapters.rule_set_blob import MAX_BLOB_BYTES
from services.rules.app.ports import Publication, RuleSetEntry, RuleSetStore
from services.rules.bootstrap import open_mongo, open_sqlite
from services.rules.domain.rule_set import (
    AttributeDeclaration,
    NumberExpression,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    Stage,
)
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.errors import AlreadyExists, InvalidArgument
from shared.settings import ServiceSettings
from shared.values import AttributeType

AT = SourcePosition("policy.yaml", 3, 7)
MOMENT = datetime(2026, 6, 15, 12, 0, 0, 123000, tzinfo=UTC)
EVERYTHING = RuleSet(
    attributes=(
        AttributeDeclaration("tier", AttributeType.STRING, ("gold", "silver")),
        AttributeDeclaration("seen", AttributeType.TIMESTAMP, (MOMENT,)),
        AttributeDeclaration("context.sizes", AttributeType.INT_LIST),
    ),
    segments=(Segment("lapsed", "seen < now()", OnUnknown.DEFAULT, MOMENT, AT), Segment("all", "true")),
    scopes=(
        Scope(ScopeLevel.POLICY, rules=(Rule("r", Stage.SUPPRESSION, "tier == 'é'", OnUnknown.PASS, None, AT),)),
        Scope(ScopeLevel.ISSUE, "i", numbers=(NumberExpression("business_value", "1.5", AT),)),
        Scope(ScopeLevel.GROUP, "g", "i"),
        Scope(
            ScopeLevel.ACTION,
            "a",
            "g",
            rules=(Rule("d", Stage.SUITABILITY, "'x' in brands", OnUnknown.DEFAULT, ("x", "y"), AT),),
            attributes={"a": True, "b": 1, "c": 1.0, "d": "x", "e": MOMENT, "f": (1, 2), "g": None, "h": ()},
        ),
    ),
)


@pytest.fixture(params=["sqlite", "mongo"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    if request.param == "sqlite":
        return ServiceSettings(data_dir=tmp_path)
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
    return ServiceSettings(store="mongo", mongo_uri=uri, mongo_database=name)


async def opened(settings: ServiceSettings, stack: AsyncExitStack) -> RuleSetStore:
    return await (open_sqlite(settings, stack) if settings.mongo_uri is None else open_mongo(settings, stack))


@pytest.fixture
async def store(settings: ServiceSettings) -> AsyncIterator[RuleSetStore]:
    async with AsyncExitStack() as stack:
        yield await opened(settings, stack)


def publication(version: str, request_id: str, rule_set: RuleSet = EVERYTHING) -> Publication:
    return Publication(version, rule_set, request_id, 1_750_000_000_000)


async def test_what_nobody_published_is_not_there(store: RuleSetStore) -> None:
    assert await store.get("rs_1") is None


async def test_a_rule_set_comes_back_as_it_was(store: RuleSetStore) -> None:
    await store.publish(publication("rs_1", "one"))
    found = await store.get("rs_1")
    assert found == EVERYTHING
    assert repr(found) == repr(EVERYTHING)  # 1, 1.0 and True are equal and yet not the same


async def test_the_same_request_again_changes_nothing(store: RuleSetStore) -> None:
    for _ in range(2):
        await store.publish(publication("rs_1", "one"))
    assert await store.get("rs_1") == EVERYTHING


async def test_the_same_content_under_another_request_is_published_too(store: RuleSetStore) -> None:
    await store.publish(publication("rs_1", "one"))
    await store.publish(publication("rs_1", "two"))
    with pytest.raises(AlreadyExists):
        await store.publish(publication("rs_2", "two", RuleSet()))


async def test_a_request_id_that_published_another_version_is_refused_and_nothing_is_stored(
    store: RuleSetStore,
) -> None:
    await store.publish(publication("rs_1", "one"))
    with pytest.raises(AlreadyExists) as refused:
        await store.publish(publication("rs_2", "one", RuleSet()))
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert await store.get("rs_2") is None


async def test_a_version_never_changes(store: RuleSetStore) -> None:
    await store.publish(publication("rs_1", "one"))
    await store.publish(publication("rs_1", "two", RuleSet()))
    assert await store.get("rs_1") == EVERYTHING


async def test_many_publish_the_same_at_the_same_moment(store: RuleSetStore) -> None:
    same = [store.publish(publication("rs_1", "one")) for _ in range(8)]
    others = [store.publish(publication("rs_1", f"request {index}")) for index in range(8)]
    await asyncio.gather(*same, *others)
    assert await store.get("rs_1") == EVERYTHING


async def test_of_two_versions_under_one_request_one_wins(store: RuleSetStore) -> None:
    outcomes = await asyncio.gather(
        *(store.publish(publication(f"rs_{index}", "one")) for index in range(6)), return_exceptions=True
    )
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, AlreadyExists) for outcome in outcomes) == 5
    stored = [await store.get(f"rs_{index}") for index in range(6)]
    assert [found is not None for found in stored] == [outcome is None for outcome in outcomes]


async def test_an_acknowledged_rule_set_is_there_after_a_restart(settings: ServiceSettings) -> None:
    async with AsyncExitStack() as stack:
        await (await opened(settings, stack)).publish(publication("rs_1", "one"))
    async with AsyncExitStack() as stack:
        store = await opened(settings, stack)
        assert await store.get("rs_1") == EVERYTHING
        with pytest.raises(AlreadyExists):
            await store.publish(publication("rs_2", "one"))


async def test_ten_thousand_actions_fit(store: RuleSetStore) -> None:
    actions = tuple(Scope(ScopeLevel.ACTION, f"a{index}", "g", EVERYTHING.scopes[3].rules) for index in range(10_000))
    large = replace(EVERYTHING, scopes=(*EVERYTHING.scopes[:3], *actions))
    await store.publish(publication("rs_1", "one", large))
    assert await store.get("rs_1") == large


async def test_what_is_too_large_for_any_store_is_refused_by_every_store(store: RuleSetStore) -> None:
    noise = random.Random(1).randbytes(MAX_BLOB_BYTES).decode("latin-1")
    with pytest.raises(InvalidArgument) as refused:
        await store.publish(publication("rs_1", "one", RuleSet(segments=(Segment("s", noise),))))
    assert refused.value.metadata == {"field": "rule_set"}
    assert await store.get("rs_1") is None


async def test_an_entry_tells_when_and_how_much(store: RuleSetStore) -> None:
    assert await store.entry("rs_1") is None
    await store.publish(publication("rs_1", "one"))
    await store.publish(Publication("rs_1", EVERYTHING, "later", 1_750_000_009_000))
    assert await store.entry("rs_1") == RuleSetEntry("rs_1", 1_750_000_000_000, actions=1, triggers=0)


async def test_entries_come_newest_first_and_page_by_page(store: RuleSetStore) -> None:
    moments = {"rs_a": 3_000, "rs_b": 1_000, "rs_c": 2_000, "rs_d": 2_000, "rs_e": 2_000}
    for version, moment in moments.items():
        await store.publish(Publication(version, RuleSet(), version, moment))
    expected = ["rs_a", "rs_e", "rs_d", "rs_c", "rs_b"]
    assert [each.version for each in await store.entries(None, 10)] == expected
    seen: list[str] = []
    after: tuple[int, str] | None = None
    while page := await store.entries(after, 2):
        seen += [each.version for each in page]
        after = (page[-1].published_ms, page[-1].version)
    assert seen == expected
