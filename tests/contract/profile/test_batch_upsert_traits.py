"""BatchUpsertTraits: one commit for many people, each written or refused by itself, in the order of the request."""

from __future__ import annotations

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.batch_upsert_traits import MAX_ITEMS, BatchUpsertTraits, SubjectTraits, TraitsWritten
from services.profile.app.requests import (
    ConsentWrite,
    ItemStatus,
    ProfileQuery,
    RecordEvents,
    SetConsent,
    TraitWrite,
)
from services.profile.domain.consents import ConsentStatus
from shared.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from shared.values import AttributeType
from tests.support.profiles import event, person, publish, schema_of

AGE = schema_of({"age": AttributeType.INT})


def of(who: str, age: int | str, name: str = "age") -> SubjectTraits:
    return SubjectTraits(person(who), (TraitWrite(name, age),))


async def write(app: ProfileApplication, *items: SubjectTraits, request_id: str = "r") -> TraitsWritten:
    return await app.batch_upsert_traits(BatchUpsertTraits(request_id, items))


def outcomes(answer: TraitsWritten) -> list[str]:
    """The status, or the reason of the refusal."""
    return [
        item.refused.reason if item.refused else "/".join(each.name for each in item.written.statuses)  # type: ignore[union-attr]
        for item in answer.items
    ]


async def age(app: ProfileApplication, who: str) -> object:
    return (await app.get_profile(ProfileQuery(person(who)))).profile.features["age"].value


async def test_refused_items_leave_nothing_and_the_others_are_written(app: ProfileApplication) -> None:
    await publish(app, AGE)
    answer = await write(
        app, of("crm:1", 1), of("crm:2", "two"), of("crm:3", 3, "size"), SubjectTraits((), ()), of("crm:4", 4)
    )
    assert outcomes(answer) == ["RECORDED", "INVALID_FIELD", "UNKNOWN_TRAIT", "REQUIRED_FIELD_MISSING", "RECORDED"]
    assert (await age(app, "crm:1"), await age(app, "crm:4")) == (1, 4)
    for who in ("crm:2", "crm:3"):
        with pytest.raises(NotFound):
            await age(app, who)


async def test_items_of_one_person_are_one_profile(app: ProfileApplication) -> None:
    await publish(app, AGE)
    answer = await write(
        app, of("crm:1", 1), SubjectTraits(person("crm:1", "cookie:a"), of("crm:1", 2).traits), of("cookie:a", 3)
    )
    ids = {item.written.profile_id for item in answer.items if item.written}
    assert len(ids) == 1
    assert await age(app, "crm:1") == 3


async def test_the_same_request_is_answered_the_same(app: ProfileApplication) -> None:
    await publish(app, AGE)
    items = (of("crm:1", 1), of("crm:2", "two"))
    first = await write(app, *items)
    await write(app, of("crm:1", 9), request_id="later")
    again = await write(app, *items)
    assert again.items == first.items
    refused = again.items[1].refused
    assert refused is not None
    error = refused.error()
    assert isinstance(error, InvalidArgument)
    assert error.violations[0].field == "traits[0].value"
    assert await age(app, "crm:1") == 9
    with pytest.raises(AlreadyExists):
        await write(app, of("crm:1", 2))


async def test_what_has_no_basis_is_left_out_with_its_status(app: ProfileApplication) -> None:
    await publish(app, AGE)
    await app.record_events(RecordEvents("e", (event("e1", person("crm:1")),)))
    await app.set_consent(SetConsent("no", person("crm:1"), ConsentWrite("COLLECTION", ConsentStatus.REVOKED)))
    answer = await write(app, of("crm:1", 1), of("crm:2", 2))
    assert outcomes(answer) == [ItemStatus.NO_BASIS.name, ItemStatus.RECORDED.name]


async def test_whole_call_is_refused_without_items_with_too_many_and_without_a_schema(app: ProfileApplication) -> None:
    with pytest.raises(FailedPrecondition, match="no trait schema"):
        await write(app, of("crm:1", 1))
    await publish(app, AGE)
    with pytest.raises(InvalidArgument, match="items"):
        await write(app)
    with pytest.raises(InvalidArgument, match="items"):
        await write(app, *[of("crm:1", 1)] * (MAX_ITEMS + 1))
