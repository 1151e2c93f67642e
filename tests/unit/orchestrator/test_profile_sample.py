"""Who is drawn of an audience: as many as are asked for, by chance, and the same each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.audience import AudiencePage
from services.orchestrator.app.diff.profile_sample import DrawnPersons, ProfileSample, drawn
from services.orchestrator.app.policy_store import PolicyVersions
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.places import PlaceRequest
from services.orchestrator.domain.policy.compile import compile_policy
from shared.errors import FailedPrecondition, InvalidArgument
from tests.support.shop_policy import edited

PEOPLE = [f"profile_{number:03}" for number in range(200)]
PASSING = {"  gold: {when: 'tier == \"gold\"'}": "  gold: {when: 'tier == \"gold\"', on_unknown: PASS}"}


@dataclass
class Pages:
    """An audience in pages of some size. Implements Audience."""

    people: Sequence[str]
    size: int = 50
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def members(self, condition: str, schema_version: str, after: str, *, deadline_ms: int) -> AudiencePage:
        assert deadline_ms > 0
        self.asked.append((condition, schema_version))
        left = [each for each in self.people if each > after]
        page = tuple(left[: self.size])
        return AudiencePage(page, page[-1] if len(left) > self.size else "")


def policy(changes: dict[str, str] | None = None) -> ActivePolicy:
    compiled = compile_policy(edited(changes or {})).policy
    assert compiled is not None
    versions = PolicyVersions("policy_1", "traits_1", "rules_1", "features_1", "catalogue_1", {})
    return ActivePolicy(versions, 0, compiled, {})


async def sample(pages: Pages, segment: str = "true", limit: int = 20, seed: int = 0) -> DrawnPersons:
    wanted = ProfileSample(segment, PlaceRequest(Direction.INBOUND), limit, seed)
    return await drawn(pages, wanted, policy(), lambda: 1)


async def test_exactly_as_many_as_are_asked_for_whatever_the_pages() -> None:
    found = await sample(Pages(PEOPLE))
    assert len(set(found.profile_ids)) == 20
    assert (found.audience, found.weight) == (200, 10.0)
    for size in (1, 7, 200):
        assert await sample(Pages(PEOPLE, size)) == found


async def test_another_seed_draws_others() -> None:
    assert (await sample(Pages(PEOPLE), seed=1)).profile_ids != (await sample(Pages(PEOPLE))).profile_ids


async def test_who_comes_keeps_almost_everybody_in_the_sample() -> None:
    before = set((await sample(Pages(PEOPLE))).profile_ids)
    after = set((await sample(Pages([*PEOPLE, "profile_200"]))).profile_ids)
    assert len(before & after) >= 19


async def test_everybody_is_drawn_about_as_often() -> None:
    counts: Counter[str] = Counter()
    for seed in range(200):
        counts.update((await sample(Pages(PEOPLE, 200), seed=seed)).profile_ids)
    assert max(counts.values()) < 45, "20 of 200, 200 times: 20 each, with a deviation of 4.2"
    assert min(counts[each] for each in PEOPLE) > 3


async def test_of_fewer_all_are_drawn_in_an_order_that_is_not_that_of_their_ids() -> None:
    found = await sample(Pages(PEOPLE), limit=1_000)
    assert (sorted(found.profile_ids), found.weight) == (PEOPLE, 1.0)
    assert list(found.profile_ids) != PEOPLE


async def test_a_declared_segment_is_its_condition_by_the_schema_of_the_policy() -> None:
    pages = Pages(PEOPLE)
    assert (await sample(pages, "gold")).condition == 'tier == "gold"'
    assert set(pages.asked) == {('tier == "gold"', "traits_1")}


async def test_a_segment_that_says_what_holds_when_unknown_cannot_be_searched_for() -> None:
    wanted = ProfileSample("gold", PlaceRequest(Direction.INBOUND))
    with pytest.raises(InvalidArgument, match="write a condition in its place"):
        await drawn(Pages(PEOPLE), wanted, policy(PASSING), lambda: 1)


async def test_nobody_is_a_refusal_with_a_code() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        await sample(Pages([]), 'tier == "gold"')
    assert refused.value.reason == "NO_PROFILES"
    assert refused.value.metadata == {"condition": 'tier == "gold"'}
