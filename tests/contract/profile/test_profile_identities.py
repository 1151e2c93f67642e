"""Links, merges and un-merges on every store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import MergeHistoryQuery, MergeProfiles, UnmergeProfiles
from services.profile.app.ports import Stores
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    ItemStatus,
    ProfileQuery,
    RecordEvents,
    SetConsent,
    TraitWrite,
    UpsertTraits,
)
from services.profile.app.rights_requests import EraseSubject
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.merge_events import MergeEvent, MergeEventKind
from services.profile.domain.resolution import IDENTITY_CONFLICT, IDENTITY_LIMIT
from services.profile.domain.schema import NamespaceDeclaration, TraitSchema
from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from shared.values import AttributeType
from tests.support.identities import VIEWS, Shop
from tests.support.profiles import NOW_MS, SteppingClock, event, person, publish, schema_of, whole_log


@pytest.fixture
async def shop(app: ProfileApplication) -> Shop:
    return await Shop(app).open()


def refused(failure: pytest.ExceptionInfo[FailedPrecondition]) -> str:
    return failure.value.reason


async def test_a_login_merges_the_anonymous_profile_into_the_known_one(shop: Shop, stores: Stores) -> None:
    anonymous, known = await shop.see("cookie:a"), await shop.see("crm:1")
    login = await shop.see("cookie:a", "crm:1")
    assert (login.profile_id, login.advisories) == (known.profile_id, ())
    assert await shop.views("cookie:a") == await shop.views("crm:1") == 3
    assert await shop.identities("cookie:a") == {"cookie:a", "crm:1"}
    assert await shop.id_of(f"profile:{anonymous.profile_id}") == known.profile_id
    assert (await shop.who("crm:1")).profile.merged == (anonymous.profile_id,)
    (merge,) = await shop.history("crm:1")
    assert (merge.kind, merge.other_profile_id, merge.cause) == (
        MergeEventKind.MERGED,
        anonymous.profile_id,
        f"RecordEvents/{login.event_id}",
    )
    assert [each.profile_id for each in await whole_log(stores)] == [
        anonymous.profile_id,
        known.profile_id,
        known.profile_id,
    ]


async def test_a_read_links_nothing(shop: Shop) -> None:
    anonymous = (await shop.see("cookie:a")).profile_id
    known = (await shop.see("crm:1")).profile_id
    assert await shop.id_of("cookie:a", "crm:1") == known
    assert await shop.id_of("cookie:a") == anonymous


async def test_a_cookie_shows_nothing_of_its_person_to_somebody_else(shop: Shop) -> None:
    await shop.see("cookie:a", "crm:1")
    other = (await shop.see("crm:2")).profile_id
    assert await shop.id_of("cookie:a", "crm:3") == ""
    assert await shop.id_of("cookie:a", "crm:2") == other
    assert await shop.views("cookie:a", "crm:2") == 1


async def test_events_that_arrive_late_go_to_who_held_the_cookie_then(shop: Shop) -> None:
    first = (await shop.see("cookie:a", "crm:1", at_ms=NOW_MS - 500)).profile_id
    second = (await shop.see("cookie:a", "crm:2", at_ms=NOW_MS - 100)).profile_id
    assert (await shop.see("cookie:a", at_ms=NOW_MS - 101)).profile_id == first
    assert (await shop.see("cookie:a", at_ms=NOW_MS - 100)).profile_id == second
    assert (await shop.see("cookie:a")).profile_id == second
    assert (await shop.views("crm:1"), await shop.views("crm:2")) == (2, 3)
    back = (await shop.see("cookie:a", "crm:1", at_ms=NOW_MS - 50)).profile_id
    assert back == first
    held = [(await shop.see("cookie:a", at_ms=NOW_MS - ago)).profile_id for ago in (101, 100, 51, 50)]
    assert held == [first, second, second, first]


async def test_late_news_of_another_login_takes_no_cookie_away(shop: Shop) -> None:
    holder = (await shop.see("cookie:a", "crm:1")).profile_id
    other = (await shop.see("cookie:a", "crm:2", at_ms=NOW_MS - 1_000)).profile_id
    assert other != holder
    assert await shop.id_of("cookie:a") == holder


async def test_an_unmerge_gives_back_what_was_there_and_what_arrived_since(shop: Shop) -> None:
    await publish(
        shop.app, TraitSchema(traits=schema_of({"age": AttributeType.INT}).traits, aggregates=VIEWS.aggregates)
    )
    one = (await shop.see("crm:1")).profile_id
    other = (await shop.see("crm:2", "cookie:b")).profile_id
    merged = await shop.merge("crm:1", "crm:2")
    assert (merged.profile_id, merged.merged_profile_id) == (one, other)
    await shop.app.upsert_traits(UpsertTraits("t1", person("crm:2"), (TraitWrite("age", 30),)))
    await shop.see("crm:1")
    await shop.see("cookie:b")
    await shop.see("cookie:b", "email:b@b")
    consent = ConsentWrite("marketing", ConsentStatus.GRANTED)
    await shop.app.set_consent(SetConsent("c1", person("email:b@b"), consent))
    assert (await shop.who("crm:1")).profile.features["age"].value == 30
    assert await shop.views("crm:1") == 5
    undone = await shop.unmerge(merged.merge_id)
    assert (undone.profile_id, undone.restored_profile_id) == (one, other)
    assert (await shop.views("crm:1"), await shop.views("crm:2")) == (2, 3)
    assert await shop.identities("crm:1") == {"crm:1"}
    assert await shop.identities("crm:2") == {"crm:2", "cookie:b", "email:b@b"}
    here, there = (await shop.who("crm:1")).profile, (await shop.who("crm:2")).profile
    assert (here.features["age"].value, there.features["age"].value) == (None, 30)
    assert (len(here.consents), len(there.consents)) == (0, 1)
    listed = await shop.app.list_consents(ConsentQuery(person("crm:2"), include_history=True))
    assert len(listed.consents) == 1
    assert (await shop.id_of(f"profile:{other}"), await shop.id_of(f"profile:{one}")) == (other, one)


async def test_what_was_unmerged_comes_together_only_when_it_is_asked_for(shop: Shop) -> None:
    await shop.see("cookie:a")
    known = (await shop.see("crm:1")).profile_id
    await shop.see("cookie:a", "crm:1")
    (merge,) = await shop.history("crm:1")
    restored = (await shop.unmerge(merge.merge_id)).restored_profile_id
    for _ in range(2):
        again = await shop.see("cookie:a", "crm:1")
        assert (again.profile_id, again.advisories) == (known, (IDENTITY_CONFLICT,))
    assert await shop.id_of("cookie:a") == restored
    kinds = [each.kind for each in await shop.history("crm:1")]
    assert sorted(kinds) == [MergeEventKind.MERGED, MergeEventKind.UNMERGED, MergeEventKind.CONFLICT]
    await shop.merge("crm:1", "cookie:a")
    assert (await shop.see("cookie:a", "crm:1")).advisories == ()
    assert await shop.views("cookie:a") == 6


async def test_merges_are_taken_back_in_any_order(shop: Shop) -> None:
    ids = [(await shop.see(f"crm:{name}")).profile_id for name in "abc"]
    inner = await shop.merge("crm:b", "crm:c")
    outer = await shop.merge("crm:a", "crm:b")
    assert await shop.views("crm:c") == 3
    assert {await shop.id_of(f"profile:{each}") for each in ids} == {ids[0]}
    assert (await shop.unmerge(inner.merge_id)).profile_id == ids[0]
    assert [await shop.views(f"crm:{name}") for name in "abc"] == [2, 2, 1]
    again = await shop.merge("crm:a", "crm:c")
    await shop.unmerge(outer.merge_id)
    assert [await shop.views(f"crm:{name}") for name in "abc"] == [2, 1, 2]
    await shop.unmerge(again.merge_id)
    assert [await shop.id_of(f"crm:{name}") for name in "abc"] == ids


async def test_a_cookie_handed_over_after_the_merge_stays_where_it_went(shop: Shop) -> None:
    await shop.see("cookie:a", at_ms=NOW_MS - 20)
    await shop.see("crm:1", at_ms=NOW_MS - 20)
    await shop.see("crm:1", "cookie:a", at_ms=NOW_MS - 10)
    (merge,) = await shop.history("crm:1")
    other = (await shop.see("crm:2", "cookie:a")).profile_id
    restored = (await shop.unmerge(merge.merge_id)).restored_profile_id
    assert await shop.id_of("cookie:a") == other
    assert (await shop.see("cookie:a", at_ms=NOW_MS - 5)).profile_id == restored
    assert await shop.identities(f"profile:{restored}") == set()


async def test_two_known_profiles_stay_two_and_the_conflict_is_told_once(shop: Shop) -> None:
    one, other = (await shop.see("crm:1")).profile_id, (await shop.see("email:a@b")).profile_id
    for _ in range(3):
        linked = await shop.link("crm:1", "email:a@b")
        assert (linked.advisories, linked.merged) == ((IDENTITY_CONFLICT,), ())
    assert {await shop.id_of("crm:1"), await shop.id_of("email:a@b")} == {one, other}
    (conflict,) = await shop.history("email:a@b")
    assert conflict.kind is MergeEventKind.CONFLICT


async def test_the_known_profile_survives_an_explicit_merge(shop: Shop) -> None:
    anonymous, known = (await shop.see("cookie:a")).profile_id, (await shop.see("crm:1")).profile_id
    merged = await shop.merge("cookie:a", "crm:1")
    assert (merged.profile_id, merged.merged_profile_id) == (known, anonymous)


@pytest.mark.parametrize(("survivor", "merged"), [("crm:1", "crm:1"), ("crm:1", "cookie:a")])
async def test_a_merge_of_a_profile_with_itself_is_refused(shop: Shop, survivor: str, merged: str) -> None:
    profile_id = (await shop.see("crm:1", "cookie:a")).profile_id
    with pytest.raises(InvalidArgument) as failure:
        await shop.merge(survivor, merged)
    assert (failure.value.reason, failure.value.metadata) == ("SELF_MERGE", {"profile_id": profile_id})


async def test_a_merge_does_not_guess_who_is_meant(shop: Shop) -> None:
    for name in ("crm:1", "crm:2", "crm:3"):
        await shop.see(name)
    with pytest.raises(InvalidArgument, match="merged"):
        await shop.merge("crm:1", person("crm:2", "crm:3"))
    with pytest.raises(NotFound):
        await shop.merge("crm:1", "crm:4")


async def test_an_unmerge_of_what_was_never_merged_or_twice_is_refused(shop: Shop) -> None:
    with pytest.raises(NotFound) as unknown:
        await shop.unmerge("m_none")
    assert (unknown.value.reason, unknown.value.metadata) == ("MERGE_NOT_FOUND", {"merge_id": "m_none"})
    await shop.see("crm:1")
    await shop.see("crm:2")
    merged = await shop.merge("crm:1", "crm:2")
    await shop.unmerge(merged.merge_id)
    with pytest.raises(FailedPrecondition) as undone:
        await shop.unmerge(merged.merge_id)
    assert refused(undone) == "MERGE_UNDONE"


async def test_repeated_requests_merge_and_unmerge_once(shop: Shop, clock: SteppingClock) -> None:
    await shop.see("crm:1")
    await shop.see("crm:2")
    merge = MergeProfiles("m1", person("crm:1"), person("crm:2"), "same birthday")
    first = await shop.app.merge_profiles(merge)
    assert (await shop.app.merge_profiles(merge)).merge_id == first.merge_id
    clock.now_ms += 1
    unmerge = UnmergeProfiles("u1", first.merge_id)
    assert await shop.app.unmerge_profiles(unmerge) is not None
    assert (await shop.app.unmerge_profiles(unmerge)).restored_profile_id == first.merged_profile_id
    unmerged, merged = await shop.history("crm:2")
    assert (merged.reason, merged.merge_id) == ("same birthday", unmerged.merge_id)


async def test_a_profile_holds_as_many_of_a_namespace_as_the_schema_says(app: ProfileApplication) -> None:
    shop = await Shop(app).open(TraitSchema(namespaces=(NamespaceDeclaration("crm", True, max_per_profile=1),)))
    await shop.see("crm:1")
    await shop.see("crm:2", "cookie:b")
    over = await shop.see("crm:1", "crm:3")
    assert over.advisories == (IDENTITY_LIMIT,)
    assert await shop.id_of("crm:3") == ""
    with pytest.raises(FailedPrecondition) as full:
        await shop.merge("crm:1", "crm:2")
    assert refused(full) == "IDENTITY_LIMIT_EXCEEDED"
    assert full.value.metadata == {"namespace": "crm", "limit": "1"}


async def test_a_shared_tablet_brings_nobody_together(app: ProfileApplication) -> None:
    shop = await Shop(app).open(TraitSchema(namespaces=(NamespaceDeclaration("tablet", False, shared=True),)))
    ids = [(await shop.see("tablet:1", name)).profile_id for name in ("crm:1", "crm:2", "cookie:c")]
    assert len(set(ids)) == 3
    family = (await shop.see("tablet:1")).profile_id
    assert family not in ids
    assert await shop.id_of("tablet:1", "crm:1") == ids[0]


async def test_a_link_answers_who_was_merged(shop: Shop) -> None:
    with pytest.raises(InvalidArgument, match=r"subject\.identities"):
        await shop.link("crm:1")
    anonymous = (await shop.see("cookie:a")).profile_id
    known = (await shop.see("crm:1")).profile_id
    linked = await shop.link("cookie:a", "crm:1", "device:d")
    assert (linked.profile_id, linked.merged, linked.advisories) == (known, (anonymous,), ())
    assert await shop.identities("device:d") == {"crm:1", "cookie:a", "device:d"}


async def test_the_history_comes_in_pages_newest_first(shop: Shop, clock: SteppingClock) -> None:
    await shop.see("crm:1")
    for name in "abcde":
        clock.now_ms += 1
        await shop.see(f"cookie:{name}")
        await shop.link(f"cookie:{name}", "crm:1")
    pages: list[Sequence[MergeEvent]] = []
    token = ""
    while not pages or token:
        query = MergeHistoryQuery(person("crm:1"), page_size=2, page_token=token)
        page = await shop.app.list_merge_history(query)
        pages.append(page.events)
        token = page.next_page_token
    events = [each for page in pages for each in page]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [each.event_ms for each in events] == sorted((each.event_ms for each in events), reverse=True)
    assert len({each.merge_event_id for each in events}) == 5


async def test_links_at_once_make_one_profile_and_lose_nothing(shop: Shop) -> None:
    names = [f"cookie:{index}" for index in range(12)]
    await asyncio.gather(*(shop.see(name) for name in names))
    await asyncio.gather(*(shop.see(name, "crm:1") for name in names), *(shop.see(name) for name in names))
    assert await shop.views("crm:1") == 36
    assert await shop.identities("cookie:3") == {"crm:1", *names}


async def test_one_call_may_make_and_merge_profiles(shop: Shop, stores: Stores) -> None:
    events = (event("e1", person("cookie:a")), event("e2", person("crm:1")), event("e3", person("cookie:a", "crm:1")))
    results = (await shop.app.record_events(RecordEvents("r-all", events))).results
    assert results[1].profile_id == results[2].profile_id != results[0].profile_id
    assert await shop.id_of(f"profile:{results[0].profile_id}") == results[1].profile_id
    assert await shop.views("crm:1") == len(await whole_log(stores)) == 3


async def test_a_duplicate_names_the_profile_that_holds_it_by_now(shop: Shop) -> None:
    await shop.see("cookie:a", event_id="once")
    await shop.see("crm:1")
    known = (await shop.see("cookie:a", "crm:1")).profile_id
    again = await shop.see("cookie:a", event_id="once")
    assert (again.duplicate, again.profile_id) == (True, known)


async def test_an_id_that_no_profile_has_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await shop.see("profile:p_none")
    with pytest.raises(NotFound):
        await shop.app.get_profile(ProfileQuery(person("profile:p_none")))


async def test_what_arrives_late_of_somebody_who_was_erased_stays_out(shop: Shop) -> None:
    await shop.see("cookie:a", "crm:1", at_ms=NOW_MS - 500)
    heir = (await shop.see("cookie:a", "crm:2", at_ms=NOW_MS - 100)).profile_id
    await shop.app.erase_subject(EraseSubject("x1", person("crm:1")))
    late = await shop.see("cookie:a", at_ms=NOW_MS - 300)
    assert (late.profile_id, late.status) == ("", ItemStatus.ERASED)
    assert (await shop.see("cookie:a")).profile_id == heir
    assert (await shop.see("cookie:a", "crm:2", at_ms=NOW_MS - 300)).profile_id == heir
    assert await shop.views("crm:2") == 3
