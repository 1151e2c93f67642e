"""Consistency tokens: what a write answers, and what a read with it sees, in another process too."""

from __future__ import annotations

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import (
    ConsentWrite,
    ProfileAnswer,
    ProfileQuery,
    RecordEvents,
    SetConsent,
    TraitWrite,
    UpsertTraits,
)
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.consents import ConsentStatus
from shared.clock import MAX_CLOCK_SKEW_MS, system_clock
from shared.errors import InvalidArgument
from shared.values import AttributeType
from tests.support.profiles import SteppingClock, event, person, publish, schema_of

ANN = person("crm:ann")


@pytest.fixture
def other_app(other_stores: Stores, clock: SteppingClock) -> ProfileApplication:
    """As another replica."""
    return ProfileApplication(other_stores, clock=clock)


@pytest.fixture(autouse=True)
async def schema(app: ProfileApplication) -> None:
    await publish(app, schema_of({"age": AttributeType.INT}, views=Formula(Measure.COUNT, "view")))


async def read(app: ProfileApplication, token: str) -> ProfileAnswer:
    return await app.get_profile(ProfileQuery(ANN, token=token))


def age_of(answer: ProfileAnswer) -> object:
    return answer.profile.features["age"].value


async def test_a_read_with_the_token_of_a_write_sees_it_in_another_process(
    app: ProfileApplication, other_app: ProfileApplication
) -> None:
    for age in range(20):
        written = await app.upsert_traits(UpsertTraits(f"age{age}", ANN, (TraitWrite("age", age),)))
        assert age_of(await read(other_app, written.token)) == age


async def test_every_kind_of_write_answers_a_token(app: ProfileApplication, other_app: ProfileApplication) -> None:
    recorded = await app.record_events(RecordEvents("r1", (event("e1", ANN),)))
    assert (await read(other_app, recorded.token)).profile.features["views"].value == 1
    stated = await app.set_consent(SetConsent("r2", ANN, ConsentWrite("MARKETING", ConsentStatus.GRANTED)))
    assert len((await read(other_app, stated.token)).profile.consents) == 1


async def test_a_repeated_request_answers_the_token_of_a_state_that_has_it(
    app: ProfileApplication, other_app: ProfileApplication
) -> None:
    command = UpsertTraits("again", ANN, (TraitWrite("age", 40),))
    first = await app.upsert_traits(command)
    again = await other_app.upsert_traits(command)
    assert again.profile_id == first.profile_id
    for token in (first.token, again.token):
        assert age_of(await read(other_app, token)) == 40


async def test_the_token_of_a_read_stands_for_what_it_showed(
    app: ProfileApplication, other_app: ProfileApplication
) -> None:
    await app.upsert_traits(UpsertTraits("r1", ANN, (TraitWrite("age", 40),)))
    shown = await read(app, "")
    assert age_of(await read(other_app, shown.token)) == 40


async def test_each_query_of_a_batch_may_bring_a_token(app: ProfileApplication, other_app: ProfileApplication) -> None:
    tokens = []
    for age in range(3):
        written = await app.upsert_traits(UpsertTraits(f"age{age}", ANN, (TraitWrite("age", age),)))
        tokens.append(written.token)
    queries = [ProfileQuery(ANN, token=token) for token in (*tokens, "not a token")]
    *answers, refused = await other_app.batch_get_profiles(queries)
    assert all(isinstance(answer, ProfileAnswer) and age_of(answer) == 2 for answer in answers)
    assert isinstance(refused, InvalidArgument)
    assert refused.violations[0].field == "consistency_token.value"


async def test_an_overlay_is_read_on_top_of_the_token(app: ProfileApplication, other_app: ProfileApplication) -> None:
    recorded = await app.record_events(RecordEvents("r1", (event("e1", ANN),)))
    answer = await other_app.get_profile(ProfileQuery(ANN, token=recorded.token, overlay=(event("e2", ANN),)))
    assert answer.profile.features["views"].value == 2


async def test_what_a_process_whose_clock_is_ahead_acknowledged_is_not_ahead_of_a_read(
    stores: Stores, other_app: ProfileApplication, clock: SteppingClock
) -> None:
    ahead = ProfileApplication(stores, clock=lambda: clock() + 5_000)
    recorded = await ahead.record_events(RecordEvents("r1", (event("e1", ANN),)))
    assert (await read(other_app, recorded.token)).profile.features["views"].value == 1
    at_least_now = ProfileQuery(ANN, token=recorded.token, earliest_ms=clock())
    assert (await other_app.get_profile(at_least_now)).profile.features["views"].value == 1
    later = ProfileQuery(ANN, token=recorded.token, earliest_ms=clock() + 60_000)
    assert (await other_app.get_profile(later)).profile.read_ms == clock() + 60_000


async def test_a_token_of_version_0_1_is_still_taken(app: ProfileApplication) -> None:
    await app.upsert_traits(UpsertTraits("r1", ANN, (TraitWrite("age", 40),)))
    assert age_of(await read(app, "1760000000000")) == 40


async def refusal_of(app: ProfileApplication, token: str) -> str:
    with pytest.raises(InvalidArgument) as refused:
        await read(app, token)
    (violation,) = refused.value.violations
    assert violation.field == "consistency_token.value"
    return violation.description


@pytest.mark.parametrize(
    "malformed",
    ["x", "-1", "1.5", "9" * 20, "0123456789abcdef", "0123456789abcdef.", "0123456789abcdef.1.2.3", "１", " 1"],
)
async def test_what_is_no_token_is_refused(app: ProfileApplication, malformed: str) -> None:
    assert await refusal_of(app, malformed) == "is not a token of this service"


async def test_a_token_of_another_store_is_refused(app: ProfileApplication) -> None:
    _, *numbers = (await app.upsert_traits(UpsertTraits("r1", ANN, (TraitWrite("age", 40),)))).token.split(".")
    foreign = ".".join(["0123456789abcdef", *numbers])
    assert await refusal_of(app, foreign) == "is a token of another store"


async def test_a_token_of_a_time_to_come_is_refused(app: ProfileApplication) -> None:
    written = await app.upsert_traits(UpsertTraits("r1", ANN, (TraitWrite("age", 40),)))
    store_id, *numbers = written.token.split(".")
    ahead_ms = system_clock() + MAX_CLOCK_SKEW_MS + 60_000
    number = ahead_ms // 1_000 if len(numbers) == 2 else ahead_ms
    ahead = ".".join([store_id, str(number), *numbers[1:]])
    assert await refusal_of(app, ahead) == "is of a time that has not come"
    assert age_of(await read(app, "")) == 40


async def test_processes_on_one_store_know_each_others_tokens(stores: Stores, other_stores: Stores) -> None:
    assert stores.tokens.latest().split(".")[0] == other_stores.tokens.latest().split(".")[0]
