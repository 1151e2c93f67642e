"""SearchProfiles finds exactly those for whom the condition is true, with an index and without, on both stores."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import RecordEvents, TraitWrite, UpsertTraits
from services.profile.app.search_profiles import SearchPage, SearchQuery
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.attribute_index import IndexTest
from services.profile.domain.schema import AggregateDeclaration, TraitDeclaration, TraitSchema
from services.profile.domain.trait_source import TraitSource
from shared.errors import InvalidArgument, NotFound
from shared.ids import new_id
from shared.values import AttributeType
from tests.support.profiles import NOW_MS, SteppingClock, event, person, publish

DAY_MS = 86_400_000
COUNT = Formula(Measure.COUNT, "view")


def schema_of(*, indexed: tuple[str, ...] = ("tier", "age", "is_member"), ttl_ms: int = 0) -> TraitSchema:
    kinds = {
        "tier": AttributeType.STRING,
        "age": AttributeType.INT,
        "score": AttributeType.DOUBLE,
        "is_member": AttributeType.BOOL,
        "born": AttributeType.TIMESTAMP,
    }
    traits = tuple(TraitDeclaration(name, kind, ttl_ms=ttl_ms, indexed=name in indexed) for name, kind in kinds.items())
    return TraitSchema(traits=traits, aggregates=(AggregateDeclaration("views", COUNT),))


async def write(app: ProfileApplication, who: str, source: TraitSource = TraitSource.EXPLICIT, **traits: Any) -> str:
    writes = tuple(TraitWrite(name, value, source) for name, value in traits.items())
    command = UpsertTraits(new_id("test"), person(f"crm:{who}"), writes)
    return (await app.upsert_traits(command)).profile_id


async def pages(app: ProfileApplication, condition: str, **fields: Any) -> list[SearchPage]:
    return [page async for page in app.search_profiles(SearchQuery(condition, **fields))]


async def search(app: ProfileApplication, condition: str, **fields: Any) -> list[str]:
    """Who was found, by the value of the first identity."""
    found = [each.profile for page in await pages(app, condition, **fields) for each in page.found]
    assert [each.profile_id for each in found] == sorted({each.profile_id for each in found})
    return sorted(each.identities[0].partition("\x1f")[2] for each in found)


CONDITIONS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "tier == 'gold'": lambda t: t.get("tier") == "gold",
    "'gold' == tier && age > 40": lambda t: t.get("tier") == "gold" and t.get("age", 0) > 40,
    "tier in ['gold', 'silver'] && views >= 0": lambda t: t.get("tier") in ("gold", "silver"),
    "age >= 30 && age < 50": lambda t: 30 <= t.get("age", -1) < 50,
    "60 < age": lambda t: t.get("age", 0) > 60,
    "age != 30": lambda t: t.get("age", 30) != 30,
    "tier == 'gold' || score > 0.5": lambda t: t.get("tier") == "gold" or t.get("score", 0) > 0.5,
    "is_member": lambda t: t.get("is_member") is True,
    "!is_member && tier > 'm'": lambda t: t.get("is_member") is False and t.get("tier", "") > "m",
    "score * 2.0 > 1.0 && tier.startsWith('s')": lambda t: (
        t.get("score", 0) > 0.5 and t.get("tier", "").startswith("s")
    ),
    "!(tier == 'gold')": lambda t: t.get("tier", "gold") != "gold",
    "true": lambda t: True,
    "age == 18 ? true : false": lambda t: t.get("age") == 18,
}


async def populate(app: ProfileApplication, count: int, seed: int) -> dict[str, dict[str, Any]]:
    chance = random.Random(seed)
    people: dict[str, dict[str, Any]] = {}
    for number in range(count):
        traits: dict[str, Any] = {
            "tier": chance.choice(("gold", "silver", "bronze", "x" * 300)),
            "age": chance.choice((18, 30, 45, 61)),
            "score": chance.random(),
            "is_member": chance.random() < 0.5,
        }
        kept = {name: value for name, value in traits.items() if chance.random() < 0.7} or {"score": 0.1}
        people[f"p{seed}-{number}"] = kept
        await write(app, f"p{seed}-{number}", **kept)
    return people


async def test_found_are_those_for_whom_it_is_true_whenever_they_were_indexed(app: ProfileApplication) -> None:
    await publish(app, schema_of(indexed=()))
    people = await populate(app, 40, 1)
    await publish(app, schema_of(indexed=("tier",)))
    people |= await populate(app, 40, 2)
    await publish(app, schema_of())
    people |= await populate(app, 40, 3)
    for number in range(0, 40, 3):  # written again: back-filled
        people[f"p1-{number}"]["tier"] = "gold"
        await write(app, f"p1-{number}", tier="gold")
    for condition, is_true in CONDITIONS.items():
        expected = sorted(who for who, traits in people.items() if is_true(traits))
        assert await search(app, condition) == expected, condition


async def test_index_spares_most_profiles(app: ProfileApplication) -> None:
    await publish(app, schema_of())
    for number in range(60):
        await write(app, f"p{number}", tier="gold" if number % 20 == 0 else "silver", age=number)
    examined = {"tier == 'gold'": 3, "age >= 10 && age <= 13": 4, "tier == 'gold' && age > 5": 3, "score > 0.5": 60}
    for condition, count in examined.items():
        assert sum(page.examined for page in await pages(app, condition)) == count, condition


async def test_stale_and_missing_values_are_unknown_and_unknown_is_not_found(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, schema_of(ttl_ms=DAY_MS))
    await write(app, "ann", tier="gold", age=40)
    await write(app, "bob", age=40)
    assert await search(app, "tier == 'gold'") == ["ann"]
    assert await search(app, "tier != 'silver'") == ["ann"]
    assert await search(app, "tier == 'gold' || age == 40") == ["ann", "bob"]
    clock.now_ms += DAY_MS
    assert await search(app, "tier == 'gold' || age == 40") == []
    assert await search(app, "tier == 'gold'", read_ms=NOW_MS) == ["ann"]


async def test_of_several_sources_the_one_that_answers_counts(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish(app, schema_of(ttl_ms=DAY_MS))
    await write(app, "ann", tier="gold")
    clock.now_ms += DAY_MS // 2
    await write(app, "ann", TraitSource.COMPUTED, tier="silver")
    assert (await search(app, "tier == 'gold'"), await search(app, "tier == 'silver'")) == (["ann"], [])
    clock.now_ms += DAY_MS // 2
    assert (await search(app, "tier == 'gold'"), await search(app, "tier == 'silver'")) == ([], ["ann"])


async def test_a_merged_profile_is_found_once_with_what_both_say(app: ProfileApplication) -> None:
    await publish(app, schema_of())
    await write(app, "ann", age=40)
    await app.upsert_traits(UpsertTraits("c", person("cookie:a"), (TraitWrite("tier", "gold"),)))
    assert await search(app, "tier == 'gold'") == ["a"]
    await app.record_events(RecordEvents("login", (event("e1", person("crm:ann", "cookie:a")),)))
    assert await search(app, "tier == 'gold' && age == 40") == ["ann"]
    assert await search(app, "tier == 'gold'") == ["ann"]
    assert await search(app, "views == 1") == ["ann"]


async def test_aggregates_of_the_past_and_those_declared_later_come_from_the_log(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, TraitSchema())
    views = tuple(event(f"e{i}", person("crm:ann"), at_ms=NOW_MS - i * DAY_MS) for i in range(3))
    await app.record_events(RecordEvents("r1", views))
    await publish(app, schema_of())
    assert await search(app, "views == 3") == ["ann"]
    assert await search(app, "views == 2", read_ms=NOW_MS - DAY_MS) == ["ann"]


async def test_pages_continue_where_they_ended(app: ProfileApplication) -> None:
    await publish(app, schema_of())
    for number in range(10):
        await write(app, f"p{number}", tier="gold")
    found, token = [], ""
    while True:
        (page,) = await pages(app, "tier == 'gold'", page_size=3, page_token=token)
        found += [each.profile.profile_id for each in page.found]
        token = page.next_page_token
        if not token:
            break
    assert len(found) == 10
    assert found == sorted(set(found))


async def test_token_of_another_search_is_refused(app: ProfileApplication) -> None:
    await publish(app, schema_of())
    await write(app, "ann", tier="gold")
    (page,) = await pages(app, "tier == 'gold'", page_size=1)
    with pytest.raises(InvalidArgument, match="page_token"):
        await pages(app, "tier == 'silver'", page_token=page.next_page_token)
    with pytest.raises(InvalidArgument, match="page_token"):
        await pages(app, "tier == 'gold'", page_token="rubbish")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("tiers == 'gold'", "1:1: UNKNOWN_ATTRIBUTE undeclared reference to 'tiers'; did you mean 'tier'?"),
        ("age > 3 &&\n  tier > 3", "2:8: CEL_TYPE found no matching overload"),
        ("age", "NOT_BOOL a condition must be of type bool, not int"),
        ("age >", "1:6: CEL_SYNTAX"),
        ("in_segment('gold')", "1:1: UNKNOWN_FUNCTION"),
        ("tier.matches('(')", "1:14: INVALID_PATTERN"),
    ],
)
async def test_wrong_condition_is_refused_with_line_and_column(
    app: ProfileApplication, condition: str, text: str
) -> None:
    await publish(app, schema_of())
    with pytest.raises(InvalidArgument) as refused:
        await pages(app, condition)
    assert refused.value.violations[0].field == "condition"
    assert text in refused.value.message


async def test_unknown_schema_and_negative_page_are_refused(app: ProfileApplication) -> None:
    await publish(app, schema_of())
    with pytest.raises(NotFound):
        await pages(app, "true", schema_version="t_no")
    with pytest.raises(InvalidArgument, match="page_size"):
        await pages(app, "true", page_size=-1)


async def test_nobody_is_found_among_nobody(app: ProfileApplication) -> None:
    await publish(app, schema_of())
    assert [(page.found, page.next_page_token) for page in await pages(app, "tier == 'gold'")] == [((), "")]


@pytest.mark.parametrize("test", [None, IndexTest("age", None, low=3, high=7), IndexTest("age", (3, 5, 7))])
async def test_scan_in_small_pages_proposes_everybody_once(
    app: ProfileApplication, stores: Stores, test: IndexTest | None
) -> None:
    await publish(app, schema_of(indexed=()))
    old = {await write(app, f"o{age}", age=age) for age in range(6)}
    await publish(app, schema_of())
    new = {await write(app, f"n{age}", age=age): age for age in range(10)}
    proposed: list[str] = []
    after = ""
    while True:
        candidates = await stores.scans.scan(after, 2, test)
        proposed += [profile.profile_id for profile in candidates.profiles]
        after = candidates.through
        if not after:
            break
    ages = set(range(10)) if test is None else {3, 5, 7} if test.keys else {3, 4, 5, 6, 7}
    assert proposed == sorted(set(proposed))
    assert set(proposed) == old | {each for each, age in new.items() if age in ages}
