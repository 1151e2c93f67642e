"""Identities have the form their namespace declares, at every write and read, whichever replica it reaches."""

from __future__ import annotations

import asyncio

import pytest
from tandem.profile.v1 import trait_pb2

from services.profile.api.mapping.schema import schema_from_proto
from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    ProfileQuery,
    PublishTraitSchema,
    RecordEvents,
    SetConsent,
    TraitWrite,
    UpsertTraits,
)
from services.profile.domain.consents import ConsentStatus, LegalBasis
from services.profile.domain.identities import Identity
from services.profile.domain.normalisation import Normalisation
from services.profile.domain.schema import (
    EventTypeDeclaration,
    NamespaceDeclaration,
    PurposeDeclaration,
    TraitDeclaration,
    TraitSchema,
)
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument, NotFound
from shared.values import AttributeType
from tests.support.profiles import SteppingClock, event, person, publish, schema_of

TRAITS = schema_of({"age": AttributeType.INT}).traits
FRENCH = TraitSchema(TRAITS, namespaces=(NamespaceDeclaration("phone", True, False, 0, Normalisation.E164, "FR"),))
STRICT = TraitSchema(TRAITS, namespaces=(NamespaceDeclaration("email", True, normalisation=Normalisation.EMAIL),))
LOWER = TraitSchema(TRAITS, namespaces=(NamespaceDeclaration("badge", True, normalisation=Normalisation.LOWER_CASE),))
ONE_NUMBER = person("phone:06 12 34 56 78", "phone:+33612345678", "phone:0033 6 12 34 56 78")


@pytest.fixture
def replica(other_stores: Stores, clock: SteppingClock) -> ProfileApplication:
    return ProfileApplication(other_stores, clock=clock)


async def write(app: ProfileApplication, request_id: str, subject: tuple[Identity, ...]) -> str:
    return (await app.upsert_traits(UpsertTraits(request_id, subject, (TraitWrite("age", 30),)))).profile_id


async def identities(app: ProfileApplication, subject: tuple[Identity, ...]) -> tuple[str, ...]:
    return (await app.get_profile(ProfileQuery(subject))).profile.identities


async def test_one_telephone_number_is_one_person_however_it_is_written(app: ProfileApplication) -> None:
    await publish(app, FRENCH)
    written, national, international = ((identity,) for identity in ONE_NUMBER)
    found = {
        await write(app, "r1", written),
        (await app.record_events(RecordEvents("r2", (event("e1", national),)))).results[0].profile_id,
        (await app.set_consent(SetConsent("r3", international, ConsentWrite("m", ConsentStatus.GRANTED)))).profile_id,
        (await app.get_profile(ProfileQuery(written))).profile.profile_id,
    }
    assert len(found) == 1
    assert await identities(app, national) == ("phone\x1f+33612345678",)
    (consent,) = (await app.list_consents(ConsentQuery(written))).consents
    assert consent.identity == "phone\x1f+33612345678"


async def test_the_identity_of_a_statement_has_its_form_too(app: ProfileApplication) -> None:
    await publish(app, FRENCH)
    said = ConsentWrite("marketing", ConsentStatus.GRANTED, identity=ONE_NUMBER[0])
    stated = (await app.set_consent(SetConsent("r1", person("crm:1"), said))).consent
    assert stated.identity == "phone\x1f+33612345678"


async def test_an_address_that_is_none_is_refused_where_addresses_are_declared(app: ProfileApplication) -> None:
    await write_without_schema(app, person("email:ann"))
    await publish(app, STRICT)
    for attempt in (
        write(app, "r1", person("crm:1", "email:ann")),
        app.record_events(RecordEvents("r2", (event("e2", person("email:ann")),))),
        app.get_profile(ProfileQuery(person("email:ann"))),
    ):
        with pytest.raises(InvalidArgument) as refused:
            await attempt
        assert refused.value.metadata["field"].endswith(".value")


async def write_without_schema(app: ProfileApplication, subject: tuple[Identity, ...]) -> None:
    assert (await app.record_events(RecordEvents("r0", (event("e0", subject),)))).results[0].profile_id


async def test_a_schema_that_another_replica_activated_gives_the_form_at_once(
    app: ProfileApplication, replica: ProfileApplication
) -> None:
    await publish(app, TraitSchema(TRAITS))
    before = await write(app, "r1", person("badge:Ab"))
    await publish(replica, LOWER)
    after = await write(app, "r2", person("badge:AB"))
    assert before != after
    assert await identities(app, person("badge:aB")) == ("badge\x1fab",)
    assert await identities(replica, person("badge:Ab")) == ("badge\x1fab",)


async def test_a_read_goes_by_what_another_replica_activated_last(
    app: ProfileApplication, replica: ProfileApplication
) -> None:
    await publish(app, LOWER)
    await write(app, "r1", person("badge:AB"))
    for turn in range(5):
        await replica.publish_trait_schema(PublishTraitSchema(f"trimmed-{turn}", TraitSchema(TRAITS), True))
        with pytest.raises(NotFound):
            await app.get_profile(ProfileQuery(person("badge:aB")))
        await replica.publish_trait_schema(PublishTraitSchema(f"lower-{turn}", LOWER, True))
        read = (await app.get_profile(ProfileQuery(person("badge:aB")))).profile
        assert (read.schema_version, read.identities) == (LOWER.version, ("badge\x1fab",))


async def test_a_read_is_not_refused_for_a_form_that_another_replica_gave_up(
    app: ProfileApplication, replica: ProfileApplication
) -> None:
    await write_without_schema(app, person("email:ann"))
    await publish(app, STRICT)
    with pytest.raises(InvalidArgument):
        await app.get_profile(ProfileQuery(person("email:ann")))
    await publish(replica, TraitSchema(TRAITS))
    assert await identities(app, person("email:ann")) == ("email\x1fann",)


async def test_a_form_that_is_no_longer_asked_for_refuses_nothing(
    app: ProfileApplication, replica: ProfileApplication
) -> None:
    await publish(app, STRICT)
    await write(app, "r1", person("email:ann@example.com"))
    await publish(replica, TraitSchema(TRAITS))
    assert await write(app, "r2", person("email:ann"))


async def test_writers_agree_while_schemas_change(app: ProfileApplication, replica: ProfileApplication) -> None:
    """Whatever was active when each of them looked, all identities are in one of the two forms."""
    await publish(app, TraitSchema(TRAITS))
    await asyncio.gather(
        *(write(each, f"r{i}", person("badge:Ab", f"crm:{i}")) for i, each in enumerate([app, replica] * 4)),
        publish(replica, LOWER),
    )
    assert set(await identities(app, person("badge:Ab"))) & {"badge\x1fAb", "badge\x1fab"}
    await write(app, "last", person("badge:AB"))
    assert "badge\x1fab" in await identities(replica, person("badge:ab"))


async def test_a_reading_under_a_version_goes_by_the_form_of_that_version(app: ProfileApplication) -> None:
    plain = await publish(app, TraitSchema(TRAITS))
    written = await write(app, "r1", person("badge:Ab"))
    lower = await publish(app, LOWER)
    assert (await app.get_profile(ProfileQuery(person("badge:Ab"), schema_version=plain))).profile.profile_id == written
    both = [ProfileQuery(person("badge:Ab"), schema_version=version) for version in (plain, lower)]
    answers = await app.batch_get_profiles(both)
    assert [isinstance(answer, Exception) for answer in answers] == [False, True]


async def test_a_schema_is_kept_as_it_was_sent(app: ProfileApplication, stores: Stores) -> None:
    sent = trait_pb2.TraitSchema(
        traits=[
            trait_pb2.TraitDeclaration(
                name="zone",
                type=AttributeType.STRING.value,  # type: ignore[arg-type]
                retention={"seconds": 86_400},
                purposes=["profiling", " Training", "PROFILING"],
                indexed=True,
            )
        ],
        namespaces=[
            trait_pb2.NamespaceDeclaration(name="Crm ", known=True, max_per_profile=1),
            trait_pb2.NamespaceDeclaration(
                name="phone", known=True, normalisation="NORMALISATION_E164", default_region="fr"
            ),
            trait_pb2.NamespaceDeclaration(name="tablet", shared=True),
        ],
        purposes=[
            trait_pb2.PurposeDeclaration(name="collection", basis="LEGAL_BASIS_CONSENT"),
            trait_pb2.PurposeDeclaration(name="MARKETING", double_opt_in=True),
        ],
        event_types=[
            trait_pb2.EventTypeDeclaration(type="view", retention={"seconds": 90 * 86_400}, purposes=["profiling"])
        ],
        time_zone_trait="zone",
        default_time_zone="Asia/Kathmandu",
    )
    version = await publish(app, schema_from_proto(sent))
    assert await stores.schemas.schema(version) == TraitSchema(
        traits=(
            TraitDeclaration(
                "zone",
                AttributeType.STRING,
                retention_ms=MS_PER_DAY,
                purposes=("PROFILING", "TRAINING"),
                indexed=True,
            ),
        ),
        namespaces=(
            NamespaceDeclaration("crm", True, max_per_profile=1),
            NamespaceDeclaration("phone", True, normalisation=Normalisation.E164, default_region="FR"),
            NamespaceDeclaration("tablet", False, shared=True),
        ),
        purposes=(
            PurposeDeclaration("COLLECTION", LegalBasis.CONSENT),
            PurposeDeclaration("MARKETING", LegalBasis.LEGITIMATE_INTEREST, double_opt_in=True),
        ),
        event_types=(EventTypeDeclaration("view", 90 * MS_PER_DAY, ("PROFILING",)),),
        time_zone_trait="zone",
        default_time_zone="Asia/Kathmandu",
    )
