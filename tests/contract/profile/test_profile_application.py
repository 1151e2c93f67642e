"""The use cases as the contract promises them, on every store: identities, traits, consents, requests."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import replace as replace_stores
from typing import Any

import pytest
from msgspec.structs import replace

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Change, Commit, ProfileStore, Stores
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    ProfileAnswer,
    ProfileQuery,
    PublishTraitSchema,
    RecordEvents,
    SetConsent,
    TraitWrite,
    UpsertTraits,
)
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.identities import Identity
from services.profile.domain.resolution import IDENTITY_CONFLICT
from services.profile.domain.schema import NamespaceDeclaration, TraitDeclaration, TraitSchema
from services.profile.domain.trait_source import TraitSource
from services.profile.domain.traits import Observation
from shared.errors import Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, TandemError
from shared.values import NOT_FOUND, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.profiles import NOW_MS, SteppingClock, event, person, publish, schema_of, whole_log

ANN, COOKIE = person("crm:ann"), person("cookie:a")
MAIL = person("email:a@b")
GRANT = ConsentWrite("marketing", ConsentStatus.GRANTED, channel="email")
TRAITS = schema_of({"age": AttributeType.INT, "size": AttributeType.DOUBLE})


async def write(app: ProfileApplication, request_id: str, subject: tuple[Identity, ...], **traits: Value) -> str:
    writes = tuple(TraitWrite(name, value) for name, value in traits.items())
    return (await app.upsert_traits(UpsertTraits(request_id, subject, writes))).profile_id


async def features(app: ProfileApplication, subject: tuple[Identity, ...]) -> dict[str, Feature]:
    return dict((await app.get_profile(ProfileQuery(subject))).profile.features)


def without_token(answer: Any) -> Any:
    """The token of an answer is always the latest one."""
    return dataclasses.replace(answer, token="")


async def test_a_person_nobody_recorded_is_not_found(app: ProfileApplication) -> None:
    with pytest.raises(NotFound) as missing:
        await app.get_profile(ProfileQuery(ANN))
    assert missing.value.reason == "PROFILE_NOT_FOUND"
    with pytest.raises(NotFound):
        await app.list_consents(ConsentQuery(ANN))


async def test_a_write_creates_the_profile_and_claims_all_its_identities(app: ProfileApplication) -> None:
    await publish(app, TRAITS)
    profile_id = await write(app, "r1", (*ANN, *COOKIE), age=30)
    answer = await app.get_profile(ProfileQuery(COOKIE))
    view = answer.profile
    assert (view.profile_id, view.known, answer.advisories) == (profile_id, True, ())
    assert set(view.identities) == {"crm\x1fann", "cookie\x1fa"}
    assert view.features == {"age": present(30), "size": NOT_FOUND}
    assert (view.created_ms, view.updated_ms, view.read_ms) == (NOW_MS, NOW_MS, NOW_MS)


async def test_a_new_identity_attaches_to_the_profile_that_holds_another_one(app: ProfileApplication) -> None:
    await publish(app, TRAITS)
    first = await write(app, "r1", COOKIE, age=30)
    assert not (await app.get_profile(ProfileQuery(COOKIE))).profile.known
    assert await write(app, "r2", (*COOKIE, *ANN), size=1.5) == first
    assert await features(app, ANN) == {"age": present(30), "size": present(1.5)}
    assert (await app.get_profile(ProfileQuery(ANN))).profile.known


async def test_known_identities_of_two_profiles_are_answered_by_the_older_one_and_nothing_is_merged(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, TRAITS)
    older = await write(app, "r1", MAIL, age=1)
    clock.now_ms += 1
    younger = await write(app, "r2", ANN, age=2)
    both = (*ANN, *MAIL)
    answer = await app.get_profile(ProfileQuery(both))
    assert (answer.profile.profile_id, answer.advisories) == (older, (IDENTITY_CONFLICT,))
    written = await app.upsert_traits(UpsertTraits("r3", (*both, *person("phone:+33")), (TraitWrite("size", 3),)))
    assert (written.profile_id, written.advisories) == (older, (IDENTITY_CONFLICT,))
    assert await features(app, ANN) == {"age": present(2), "size": NOT_FOUND}
    assert (await app.get_profile(ProfileQuery(person("phone:+33")))).profile.profile_id == older
    assert (await app.get_profile(ProfileQuery(ANN))).profile.profile_id == younger


async def test_the_schema_says_which_namespaces_are_known(app: ProfileApplication) -> None:
    version = await publish(app, TraitSchema(namespaces=(NamespaceDeclaration("cookie", True),)), activate=False)
    await app.record_events(RecordEvents("r1", (event("e1", COOKIE),)))
    assert not (await app.get_profile(ProfileQuery(COOKIE))).profile.known
    assert (await app.get_profile(ProfileQuery(COOKIE, schema_version=version))).profile.known


async def test_the_newest_observation_of_a_trait_stays(app: ProfileApplication) -> None:
    await publish(app, TRAITS)
    for index, (value, observed_ms) in enumerate([(1, NOW_MS - 50), (2, NOW_MS - 90), (3, NOW_MS - 50), (4, 0)]):
        trait = TraitWrite("age", value, TraitSource.IMPLICIT, observed_ms)
        await app.upsert_traits(UpsertTraits(f"r{index}", ANN, (trait,)))
    view = (await app.get_profile(ProfileQuery(ANN))).profile
    assert view.features["age"] == present(3)
    assert view.traits["age"] == Observation(3, TraitSource.IMPLICIT, NOW_MS - 50)


async def test_a_trait_goes_stale_with_the_reading_time(app: ProfileApplication) -> None:
    await publish(app, TraitSchema((TraitDeclaration("age", AttributeType.INT, ttl_ms=1_000),)))
    await write(app, "r1", ANN, age=30)
    for age_ms, status in ((0, FeatureStatus.PRESENT), (999, FeatureStatus.PRESENT), (1_000, FeatureStatus.STALE)):
        answer = await app.get_profile(ProfileQuery(ANN, read_ms=NOW_MS + age_ms))
        assert answer.profile.features == {"age": Feature(30, status)}


async def test_traits_need_an_active_schema(app: ProfileApplication) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        await write(app, "r1", ANN, age=30)
    assert refused.value.reason == "NO_ACTIVE_TRAIT_SCHEMA"
    await publish(app, TRAITS, activate=False)
    with pytest.raises(FailedPrecondition):
        await write(app, "r1", ANN, age=30)


@pytest.mark.parametrize(
    ("trait", "reason", "field", "text"),
    [
        (TraitWrite("agee", 1), "UNKNOWN_TRAIT", "traits[1].name", "'agee' is not a trait of the active trait schema"),
        (TraitWrite("age", "1"), "INVALID_FIELD", "traits[1].value", "must be a int, not a string"),
        (TraitWrite("age", 1, observed_ms=NOW_MS + 300_001), "INVALID_FIELD", "traits[1].observed_time", "ahead"),
        (TraitWrite("age", 1, observed_ms=-2_208_988_800_001), "INVALID_FIELD", "traits[1].observed_time", "1900"),
    ],
)
async def test_one_wrong_trait_refuses_the_call_and_stores_nothing(
    app: ProfileApplication, trait: TraitWrite, reason: str, field: str, text: str
) -> None:
    await publish(app, TRAITS)
    with pytest.raises(InvalidArgument) as refused:
        await app.upsert_traits(UpsertTraits("r1", ANN, (TraitWrite("age", 1), trait)))
    assert refused.value.reason == reason
    assert refused.value.violations[0].field == field
    assert text in refused.value.violations[0].description
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(ANN))


async def test_a_trait_the_read_schema_does_not_declare_is_not_read(app: ProfileApplication) -> None:
    await publish(app, TRAITS)
    await write(app, "r1", ANN, age=30)
    other = await publish(app, schema_of({"size": AttributeType.DOUBLE}), activate=False)
    view = (await app.get_profile(ProfileQuery(ANN, schema_version=other))).profile
    assert (view.features, view.traits, view.schema_version) == ({"size": NOT_FOUND}, {}, other)


async def test_an_unknown_schema_version_is_not_found(app: ProfileApplication) -> None:
    await app.record_events(RecordEvents("r1", (event("e1", ANN),)))
    with pytest.raises(NotFound) as missing:
        await app.get_profile(ProfileQuery(ANN, schema_version="t_nope"))
    assert (missing.value.reason, missing.value.metadata) == ("TRAIT_SCHEMA_NOT_FOUND", {"schema_version": "t_nope"})


async def test_the_same_request_is_answered_the_same_and_changes_nothing(
    app: ProfileApplication, clock: SteppingClock, stores: Stores
) -> None:
    await publish(app, TRAITS)
    traits = UpsertTraits("r1", ANN, (TraitWrite("age", 30),))
    events = RecordEvents("r1", (event("e1", COOKIE), event("e2", COOKIE)))
    consent = SetConsent("r1", ANN, GRANT)
    first = [await app.upsert_traits(traits), await app.record_events(events), await app.set_consent(consent)]
    before = (await app.get_profile(ProfileQuery(ANN))).profile.updated_ms
    clock.now_ms += 1_000
    again = [await app.upsert_traits(traits), await app.record_events(events), await app.set_consent(consent)]
    assert list(map(without_token, again)) == list(map(without_token, first))
    assert (await app.get_profile(ProfileQuery(ANN))).profile.updated_ms == before
    assert len(await whole_log(stores)) == 2
    assert len((await app.list_consents(ConsentQuery(ANN, include_history=True))).consents) == 1


async def test_a_request_id_with_another_body_is_refused(app: ProfileApplication) -> None:
    await publish(app, TRAITS)
    await write(app, "r1", ANN, age=30)
    with pytest.raises(AlreadyExists) as refused:
        await write(app, "r1", ANN, age=31)
    assert (refused.value.reason, refused.value.metadata) == ("REQUEST_ID_REUSED", {"request_id": "r1"})
    assert (await features(app, ANN))["age"] == present(30)
    await app.record_events(RecordEvents("r1", (event("e1", ANN),)))


async def test_the_same_request_many_times_at_once_is_done_once(app: ProfileApplication, stores: Stores) -> None:
    command = RecordEvents("r1", (event("e1", ANN), event("e2", COOKIE)))
    answers = await asyncio.gather(*(app.record_events(command) for _ in range(10)))
    assert all(without_token(answer) == without_token(answers[0]) for answer in answers)
    assert not any(result.duplicate for result in answers[0].results)
    assert len(await whole_log(stores)) == 2


async def test_a_schema_is_published_once_and_a_repeated_request_activates_nothing(app: ProfileApplication) -> None:
    first = await app.publish_trait_schema(PublishTraitSchema("r1", TRAITS, True))
    other = schema_of({"weight": AttributeType.DOUBLE})
    await app.publish_trait_schema(PublishTraitSchema("r2", other, True))
    assert await app.publish_trait_schema(PublishTraitSchema("r1", TRAITS, True)) == first
    with pytest.raises(InvalidArgument):
        await write(app, "r3", ANN, age=1)
    with pytest.raises(AlreadyExists):
        await app.publish_trait_schema(PublishTraitSchema("r1", other, True))
    assert (await app.publish_trait_schema(PublishTraitSchema("r4", TRAITS, True))) == first
    await write(app, "r3", ANN, age=1)


async def test_the_same_schema_published_many_times_at_once_is_one_version(app: ProfileApplication) -> None:
    commands = [PublishTraitSchema(f"r{index % 4}", TRAITS, True) for index in range(8)]
    answers = await asyncio.gather(*map(app.publish_trait_schema, commands))
    assert {answer.schema_version for answer in answers} == {TRAITS.version}


async def test_a_consent_is_stored_with_its_defaults(app: ProfileApplication) -> None:
    subject = (*COOKIE, Identity("Email", " Ann@B.fr ", primary=True))
    answer = await app.set_consent(SetConsent("r1", subject, GRANT))
    stored = answer.consent
    assert (stored.identity, stored.purpose, stored.channel) == ("email\x1fann@b.fr", "MARKETING", "EMAIL")
    assert (stored.legal_basis, stored.granted_ms, stored.expire_ms) == (LegalBasis.CONSENT, NOW_MS, None)
    assert (await app.get_profile(ProfileQuery(COOKIE))).profile.consents == (stored,)
    refusal = await app.set_consent(SetConsent("r2", ANN, ConsentWrite("profiling", ConsentStatus.DENIED)))
    assert refusal.consent.legal_basis is LegalBasis.UNSPECIFIED


async def test_a_consent_may_name_an_identity_that_becomes_the_persons(app: ProfileApplication) -> None:
    write = ConsentWrite("marketing", ConsentStatus.GRANTED, identity=Identity("email", "a@b"))
    answer = await app.set_consent(SetConsent("r1", ANN, write))
    assert answer.consent.identity == "email\x1fa@b"
    assert (await app.get_profile(ProfileQuery(person("email:a@b")))).profile.profile_id == answer.profile_id


async def test_a_withdrawal_in_a_conflict_is_seen_whichever_profile_answers(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await app.record_events(RecordEvents("r2", (event("e1", ANN),)))
    clock.now_ms += 1
    await app.set_consent(SetConsent("r1", MAIL, GRANT))
    withdrawal = ConsentWrite("marketing", ConsentStatus.REVOKED, MAIL[0], "email")
    answer = await app.set_consent(SetConsent("r3", (*ANN, *MAIL), withdrawal))
    assert answer.advisories == (IDENTITY_CONFLICT,)
    for subject in (ANN, MAIL, (*ANN, *MAIL)):
        (consent,) = (await app.get_profile(ProfileQuery(subject))).profile.consents
        assert consent.status is ConsentStatus.REVOKED


async def test_a_withdrawal_is_in_force_at_once_even_against_a_grant_from_a_clock_that_is_ahead(
    app: ProfileApplication,
) -> None:
    ahead = ConsentWrite("marketing", ConsentStatus.GRANTED, granted_ms=NOW_MS + 60_000)
    stated = await app.set_consent(SetConsent("r1", ANN, ahead))
    assert stated.consent.granted_ms == NOW_MS
    await app.set_consent(SetConsent("r2", ANN, ConsentWrite("marketing", ConsentStatus.REVOKED, granted_ms=NOW_MS)))
    (consent,) = (await app.get_profile(ProfileQuery(ANN))).profile.consents
    assert consent.status is ConsentStatus.REVOKED


@pytest.mark.parametrize(
    ("consent", "field"),
    [
        (ConsentWrite("", ConsentStatus.GRANTED), "consent.purpose"),
        (ConsentWrite("marketing", ConsentStatus.GRANTED, expire_ms=NOW_MS - 1), "consent.expire_time"),
        (ConsentWrite("marketing", ConsentStatus.GRANTED, granted_ms=NOW_MS + 300_001), "consent.granted_time"),
        (ConsentWrite("marketing", ConsentStatus.GRANTED, identity=Identity("", "x")), "consent.identity.namespace"),
        (ConsentWrite("marketing", ConsentStatus.GRANTED, proof="x" * 4_097), "consent.proof"),
    ],
)
async def test_a_wrong_consent_is_refused_and_nothing_stored(
    app: ProfileApplication, consent: ConsentWrite, field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await app.set_consent(SetConsent("r1", ANN, consent))
    assert refused.value.metadata["field"] == field
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(ANN))


async def test_statements_are_listed_newest_first_in_force_or_all(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    statuses = [ConsentStatus.GRANTED, ConsentStatus.REVOKED, ConsentStatus.UNKNOWN, ConsentStatus.GRANTED]
    made = []
    for index, status in enumerate(statuses):
        clock.now_ms += 1_000
        for channel in ("email", "sms"):
            write = ConsentWrite("marketing", status, channel=channel)
            made.append((await app.set_consent(SetConsent(f"r{index}{channel}", ANN, write))).consent)
    made.sort(key=lambda each: each.place, reverse=True)
    assert await pages(app, ConsentQuery(ANN, 3, include_history=True)) == made
    assert await pages(app, ConsentQuery(ANN, 1)) == made[:2]
    assert len((await app.list_consents(ConsentQuery(ANN, include_history=True))).consents) == len(made)


async def pages(app: ProfileApplication, query: ConsentQuery) -> list[Consent]:
    found: list[Consent] = []
    token = ""
    while True:
        page = await app.list_consents(ConsentQuery(query.subject, query.page_size, token, query.include_history))
        assert 0 < len(page.consents) <= query.page_size
        found += page.consents
        token = page.next_page_token
        if not token:
            return found


async def test_a_page_token_of_another_list_is_refused(app: ProfileApplication) -> None:
    for index in range(3):
        write = ConsentWrite(f"p{index}", ConsentStatus.GRANTED)
        await app.set_consent(SetConsent(f"r{index}", ANN, write))
    token = (await app.list_consents(ConsentQuery(ANN, 1))).next_page_token
    for query in (
        ConsentQuery(ANN, 1, token, include_history=True),
        ConsentQuery(COOKIE, 1, token),
        ConsentQuery(ANN, 1, "x" + token),
        ConsentQuery(ANN, -1),
    ):
        with pytest.raises(InvalidArgument):
            await app.list_consents(query)


async def test_a_batch_answers_in_order_with_a_result_or_an_error_each(app: ProfileApplication) -> None:
    await publish(app, TRAITS)
    await write(app, "r1", ANN, age=30)
    queries = [
        ProfileQuery(COOKIE),
        ProfileQuery(ANN),
        ProfileQuery(()),
        ProfileQuery(ANN, schema_version="t_nope"),
        ProfileQuery(ANN, token="not ours"),
        ProfileQuery(person("CRM: ann")),
    ]
    answers = await app.batch_get_profiles(queries)
    reasons = [answer.reason if isinstance(answer, TandemError) else "" for answer in answers]
    assert reasons == ["PROFILE_NOT_FOUND", "", "REQUIRED_FIELD_MISSING", "TRAIT_SCHEMA_NOT_FOUND", "INVALID_FIELD", ""]
    assert isinstance(answers[1], ProfileAnswer)
    assert without_token(answers[1]) == without_token(answers[5])  # the latest token may be newer meanwhile
    assert answers[1].profile == (await app.get_profile(ProfileQuery(ANN))).profile


async def test_a_read_with_the_token_of_a_write_includes_it(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish(app, TRAITS)
    for age in range(20):
        written = await app.upsert_traits(UpsertTraits(f"r{age}", ANN, (TraitWrite("age", age),)))
        answer = await app.get_profile(ProfileQuery(ANN, token=written.token))
        assert answer.profile.features["age"] == present(age)
        clock.now_ms -= 10  # the clock of another replica may be behind


class Overtaken:
    """A real store in which somebody else always comes first, so many times."""

    def __init__(self, store: ProfileStore, times: int) -> None:
        self._store = store
        self._times = times
        self.find = store.find
        self.look = store.look
        self.answer = store.answer
        self.forget_answers = store.forget_answers

    async def commit(self, commit: Commit) -> None:
        if self._times and commit.changes:
            self._times -= 1
            held = await self._store.find(["crm\x1fann"])
            for profile in held.values():
                await self._store.commit(Commit((Change(replace(profile, version=profile.version + 1)),)))
        await self._store.commit(commit)


@pytest.mark.parametrize("times", [3, 1_000])
async def test_a_write_that_is_overtaken_tries_again_but_not_for_ever(
    app: ProfileApplication, stores: Stores, times: int
) -> None:
    await publish(app, TRAITS)
    await write(app, "r1", ANN, age=30)
    overtaken = replace_stores(stores, profiles=Overtaken(stores.profiles, times))
    late = ProfileApplication(overtaken, jitter=lambda: 0.0)
    if times < 10:
        await write(late, "r2", ANN, age=31)
        assert (await features(app, ANN))["age"] == present(31)
        return
    with pytest.raises(Aborted) as refused:
        await write(late, "r2", ANN, age=31)
    assert refused.value.reason == "CONCURRENT_CHANGE"
    assert (await features(app, ANN))["age"] == present(30)
