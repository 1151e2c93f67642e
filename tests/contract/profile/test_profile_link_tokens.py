"""Links in mails: signed, single-use, and not followed by machines."""

from __future__ import annotations

import asyncio

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import IssueLinkToken
from services.profile.app.ports import Stores
from services.profile.app.requests import ItemStatus
from services.profile.domain.resolution import IDENTITY_CONFLICT
from shared.clock import MS_PER_DAY
from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.support.identities import Shop
from tests.support.profiles import NOW_MS, SteppingClock, person

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
SCANNER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Microsoft Outlook 16.0) SafeLinks"


@pytest.fixture
async def shop(app: ProfileApplication) -> Shop:
    return await Shop(app).open()


async def issue(shop: Shop, name: str = "crm:1", expire_ms: int | None = None) -> str:
    return (await shop.app.issue_link_token(IssueLinkToken(person(name), expire_ms))).link_token


async def test_a_click_links_the_browser_with_the_recipient_once(shop: Shop) -> None:
    recipient = (await shop.see("crm:1")).profile_id
    token = await issue(shop)
    await shop.see("cookie:a")
    clicked = await shop.see("cookie:a", link_token=token, user_agent=BROWSER)
    assert (clicked.profile_id, clicked.advisories) == (recipient, ())
    assert await shop.identities("cookie:a") == {"crm:1", "cookie:a"}
    forwarded = await shop.see("cookie:b", link_token=token)
    assert (forwarded.advisories, forwarded.status) == (("LINK_TOKEN_USED",), ItemStatus.RECORDED)
    assert forwarded.profile_id != recipient
    with pytest.raises(FailedPrecondition) as used:
        await shop.link("cookie:c", link_token=token)
    assert used.value.reason == "LINK_TOKEN_USED"


async def test_a_single_identity_and_a_token_are_linked(shop: Shop) -> None:
    recipient = (await shop.see("crm:1")).profile_id
    anonymous = (await shop.see("cookie:a")).profile_id
    linked = await shop.link("cookie:a", link_token=await issue(shop))
    assert (linked.profile_id, linked.merged) == (recipient, (anonymous,))


@pytest.mark.parametrize("mark", [{"is_machine": True}, {"user_agent": SCANNER}])
async def test_a_machine_neither_links_nor_spends(shop: Shop, stores: Stores, mark: dict[str, object]) -> None:
    recipient = (await shop.see("crm:1")).profile_id
    token = await issue(shop)
    seen = await shop.see("cookie:a", link_token=token, **mark)  # type: ignore[arg-type]
    assert (seen.advisories, seen.status) == (("MACHINE_CLICK",), ItemStatus.RECORDED)
    assert seen.profile_id != recipient
    linked = await shop.link("cookie:a", link_token=token, **mark)
    assert (linked.profile_id, linked.advisories) == (seen.profile_id, ("MACHINE_CLICK",))
    nobody = await shop.link("cookie:z", "crm:9", **mark)
    assert nobody.profile_id == await shop.id_of("cookie:z") == ""
    logged = await stores.events.history(seen.profile_id, "view", "", 10)
    assert [each.is_machine for each in logged] == [True]
    assert (await shop.see("cookie:a", link_token=token)).profile_id == recipient


async def test_a_forged_or_expired_token_links_nothing(shop: Shop, clock: SteppingClock) -> None:
    recipient = (await shop.see("crm:1")).profile_id
    other = (await shop.see("crm:2")).profile_id
    good = await issue(shop, expire_ms=NOW_MS + 1_000)
    forged = ["x", "", good[:-1] + ("A" if good[-1] != "A" else "B"), good.replace(recipient, other), "é.ü.1.ñ"]
    for token in filter(None, forged):
        assert (await shop.see("cookie:a", link_token=token)).advisories == ("LINK_TOKEN_INVALID",)
        with pytest.raises(InvalidArgument) as wrong:
            await shop.link("cookie:a", link_token=token)
        assert (wrong.value.reason, wrong.value.violations[0].field) == ("LINK_TOKEN_INVALID", "link_token")
    clock.now_ms += 1_000
    assert (await shop.see("cookie:a", link_token=good)).advisories == ("LINK_TOKEN_INVALID",)
    assert await shop.id_of("cookie:a") not in (recipient, other)


async def test_a_token_ends_after_a_month_or_when_it_is_told_to(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await issue(shop)
    await shop.see("crm:1")
    issued = await shop.app.issue_link_token(IssueLinkToken(person("crm:1")))
    assert issued.expire_ms == NOW_MS + 30 * MS_PER_DAY
    for expire_ms in (NOW_MS, NOW_MS + 367 * MS_PER_DAY):
        with pytest.raises(InvalidArgument, match="expire_time"):
            await issue(shop, expire_ms=expire_ms)


async def test_a_click_of_another_customer_is_a_conflict_and_spends_nothing(shop: Shop) -> None:
    recipient, other = (await shop.see("crm:1")).profile_id, (await shop.see("crm:2", "cookie:b")).profile_id
    token = await issue(shop)
    clicked = await shop.see("crm:2", "cookie:b", link_token=token)
    assert (clicked.profile_id, clicked.advisories) == (other, (IDENTITY_CONFLICT,))
    assert (await shop.see("cookie:a", link_token=token)).profile_id == recipient


async def test_a_browser_that_passes_to_the_recipient_is_told(shop: Shop) -> None:
    recipient = (await shop.see("crm:1")).profile_id
    await shop.see("crm:2", "cookie:b")
    clicked = await shop.link("cookie:b", link_token=await issue(shop))
    assert (clicked.profile_id, clicked.advisories) == (recipient, ("IDENTITY_HANDED_OVER",))
    assert await shop.identities("crm:2") == {"crm:2"}
    assert (await shop.see("crm:2", "cookie:b")).advisories == ("IDENTITY_HANDED_OVER",)
    assert (await shop.see("crm:2", "cookie:b")).advisories == ()


async def test_a_token_goes_with_the_profile_it_was_issued_to(shop: Shop) -> None:
    await shop.see("crm:1")
    other = (await shop.see("crm:2")).profile_id
    merged = await shop.merge("crm:1", "crm:2")
    token = await issue(shop, "crm:2")
    await shop.unmerge(merged.merge_id)
    assert (await shop.see("cookie:a", link_token=token)).profile_id == other


async def test_of_many_clicks_at_once_one_links(shop: Shop) -> None:
    recipient = (await shop.see("crm:1")).profile_id
    token = await issue(shop)
    clicks = await asyncio.gather(*(shop.see(f"cookie:{index}", link_token=token) for index in range(8)))
    assert sorted(click.advisories for click in clicks) == [()] + [("LINK_TOKEN_USED",)] * 7
    assert [click.profile_id for click in clicks].count(recipient) == 1


async def test_replicas_know_one_anothers_tokens(
    app: ProfileApplication, other_stores: Stores, clock: SteppingClock
) -> None:
    shop, replica = await Shop(app).open(), Shop(ProfileApplication(other_stores, clock=clock))
    recipient = (await shop.see("crm:1", event_id="one")).profile_id
    replica.numbers = shop.numbers
    assert (await replica.see("cookie:a", link_token=await issue(shop))).profile_id == recipient
