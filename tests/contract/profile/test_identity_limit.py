"""A profile that holds as many identities as it may takes no more of them, and everything else."""

from __future__ import annotations

import pytest

from services.profile.app.application import ProfileApplication
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
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import MAX_IDENTITIES_OF_PROFILE
from services.profile.domain.resolution import IDENTITY_CONFLICT, IDENTITY_LIMIT
from services.profile.domain.schema import TraitSchema
from shared.errors import FailedPrecondition
from shared.values import AttributeType
from tests.support.identities import VIEWS, Shop
from tests.support.profiles import event, person, schema_of

AT_ONCE = 31


@pytest.fixture
async def shop(app: ProfileApplication) -> Shop:
    """With a customer who holds as many identities as a profile may."""
    shop = await Shop(app).open(TraitSchema(schema_of({"age": AttributeType.INT}).traits, VIEWS.aggregates))
    names = [f"cookie:{number}" for number in range(MAX_IDENTITIES_OF_PROFILE - 1)]
    for start in range(0, len(names), AT_ONCE):
        assert (await shop.link("crm:full", *names[start : start + AT_ONCE])).advisories == ()
    return shop


async def test_one_more_identity_is_not_linked_and_the_rest_of_the_batch_is_recorded(shop: Shop) -> None:
    full = await shop.id_of("crm:full")
    events = (event("e1", person("crm:innocent")), event("e2", person("crm:full", "cookie:new")))
    results = (await shop.app.record_events(RecordEvents("r", events))).results
    assert [(each.status, each.advisories) for each in results] == [
        (ItemStatus.RECORDED, ()),
        (ItemStatus.RECORDED, (IDENTITY_LIMIT,)),
    ]
    assert results[1].profile_id == full
    assert (await shop.views("crm:innocent"), await shop.views("crm:full")) == (1, 1)
    assert await shop.id_of("cookie:new") == ""
    assert (await shop.link("crm:full", "cookie:new")).advisories == (IDENTITY_LIMIT,)


async def test_traits_and_statements_are_recorded_all_the_same(shop: Shop) -> None:
    subject = person("cookie:new", "crm:full")
    written = await shop.app.upsert_traits(UpsertTraits("t", subject, (TraitWrite("age", 30),)))
    assert written.advisories == (IDENTITY_LIMIT,)
    objection = ConsentWrite("MARKETING", ConsentStatus.REVOKED)
    assert (await shop.app.set_consent(SetConsent("c", subject, objection))).advisories == (IDENTITY_LIMIT,)
    assert (await shop.who("crm:full")).profile.features["age"].value == 30
    (statement,) = (await shop.app.list_consents(ConsentQuery(person("crm:full")))).consents
    assert statement.status is ConsentStatus.REVOKED


async def test_an_anonymous_profile_that_has_no_room_stays_apart(shop: Shop) -> None:
    visitor = (await shop.see("cookie:new")).profile_id
    login = await shop.see("crm:full", "cookie:new")
    assert login.advisories == (IDENTITY_CONFLICT, IDENTITY_LIMIT)
    assert await shop.id_of("cookie:new") == visitor
    with pytest.raises(FailedPrecondition) as refused:
        await shop.merge("crm:full", "cookie:new")
    assert refused.value.reason == "IDENTITY_LIMIT_EXCEEDED"
    profile = (await shop.app.get_profile(ProfileQuery(person("crm:full")))).profile
    assert len(profile.identities) == MAX_IDENTITIES_OF_PROFILE
