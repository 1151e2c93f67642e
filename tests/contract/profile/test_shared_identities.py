"""What several people use is nobody's: it joins no person, and no person joins it."""

from __future__ import annotations

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import IssueLinkToken
from services.profile.domain.schema import NamespaceDeclaration, TraitSchema
from shared.errors import FailedPrecondition
from tests.support.identities import VIEWS, Shop
from tests.support.profiles import person, publish

SCHEMA = TraitSchema(
    aggregates=VIEWS.aggregates,
    namespaces=(NamespaceDeclaration("tablet", False, shared=True), NamespaceDeclaration("kiosk", False, shared=True)),
)


@pytest.fixture
async def shop(app: ProfileApplication) -> Shop:
    return await Shop(app).open(SCHEMA)


@pytest.mark.parametrize(
    ("survivor", "merged", "field"),
    [
        ("crm:1", "tablet:t", "merged"),
        ("tablet:t", "crm:1", "survivor"),
        ("cookie:a", "tablet:t", "merged"),
        ("tablet:t", "tablet:u", "survivor"),
        ("crm:1", "kiosk:k", "merged"),
    ],
)
async def test_no_merge_takes_a_shared_tablet(shop: Shop, survivor: str, merged: str, field: str) -> None:
    names = ("crm:1", "cookie:a", "tablet:t", "tablet:u", "kiosk:k")
    ids = [(await shop.see(name)).profile_id for name in names]
    for by_id in (False, True):
        one, other = (f"profile:{ids[names.index(each)]}" if by_id else each for each in (survivor, merged))
        with pytest.raises(FailedPrecondition) as refused:
            await shop.merge(one, other)
        assert (refused.value.reason, refused.value.metadata["field"]) == ("SHARED_IDENTITY", field)
        assert refused.value.metadata["namespace"] in ("tablet", "kiosk")
    assert [await shop.id_of(name) for name in names] == ids


async def test_no_link_joins_a_shared_tablet_named_by_the_id_of_its_profile(shop: Shop) -> None:
    names = ("tablet:t", "tablet:u", "cookie:a", "crm:1")
    ids = [(await shop.see(name)).profile_id for name in names]
    tablet, other, browser, customer = (f"profile:{each}" for each in ids)
    for subject in (
        (tablet, browser),
        (tablet, "cookie:a"),
        (tablet, customer),
        (tablet, other),
        ("tablet:t", "crm:1"),
        (tablet, "cookie:new"),
    ):
        linked = await shop.link(*subject)
        assert (linked.merged, linked.advisories) == ((), ("SHARED_IDENTITY",)), subject
    await shop.see(tablet, "cookie:a")
    assert [await shop.id_of(name) for name in names] == ids
    assert await shop.identities("tablet:t") == {"tablet:t"}
    assert await shop.id_of("cookie:new") not in ids


async def test_a_click_on_a_shared_tablet_spends_no_token_and_says_so(shop: Shop) -> None:
    recipient, tablet = (await shop.see("crm:1")).profile_id, (await shop.see("tablet:t")).profile_id
    token = (await shop.app.issue_link_token(IssueLinkToken(person("crm:1")))).link_token
    clicked = await shop.see("tablet:t", link_token=token)
    assert (clicked.profile_id, clicked.advisories) == (recipient, ("SHARED_IDENTITY",))
    assert (await shop.link("tablet:t", link_token=token)).advisories == ("SHARED_IDENTITY",)
    assert await shop.id_of("tablet:t") == tablet
    assert (await shop.see("tablet:t", "cookie:a", link_token=token)).advisories == ()
    assert await shop.identities("crm:1") == {"crm:1", "cookie:a"}


async def test_no_mail_goes_to_a_shared_tablet(shop: Shop) -> None:
    await shop.see("tablet:t")
    with pytest.raises(FailedPrecondition) as refused:
        await shop.app.issue_link_token(IssueLinkToken(person("tablet:t")))
    assert refused.value.metadata == {"field": "subject", "namespace": "tablet"}


async def test_a_customer_whose_device_was_declared_shared_later_stays_a_customer(app: ProfileApplication) -> None:
    shop = await Shop(app).open(VIEWS)
    one = (await shop.see("crm:1", "tablet:t")).profile_id
    await shop.see("email:a@b.co")
    await publish(app, SCHEMA)
    merged = await shop.merge("crm:1", "email:a@b.co")
    assert merged.profile_id == one
