"""An identity that was erased comes back by no write and in no other form, and nobody else pays for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable
from hashlib import sha256

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.batch_upsert_traits import BatchUpsertTraits, SubjectTraits
from services.profile.app.ledger_requests import ContactWrite, ReserveContact
from services.profile.app.ports import Stores
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    ItemStatus,
    ProfileQuery,
    RecordConsentSignals,
    RecordEvents,
    SetConsent,
    Subject,
    TraitWrite,
    UpsertTraits,
)
from services.profile.app.rights_requests import EraseSubject, ReadmitSubject
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity
from services.profile.domain.merge_events import MergeEventKind
from services.profile.domain.normalisation import Normalisation
from services.profile.domain.schema import NamespaceDeclaration, TraitSchema
from services.profile.domain.signals.statements import Signals
from shared.errors import FailedPrecondition, InvalidArgument, TandemError
from shared.values import AttributeType
from tests.support.identities import VIEWS, Shop
from tests.support.profiles import SteppingClock, event, person, publish, schema_of, whole_log

MAIL = "josé.{}@müller.de"
TRAITS = schema_of({"age": AttributeType.INT}).traits
DECLARED = TraitSchema(
    TRAITS,
    namespaces=(
        NamespaceDeclaration("email", True, normalisation=Normalisation.EMAIL),
        NamespaceDeclaration("mailhash", True, normalisation=Normalisation.SHA256),
    ),
)
UNDECLARED = TraitSchema(TRAITS)
AGE = (TraitWrite("age", 30),)


@pytest.fixture
async def shop(app: ProfileApplication) -> Shop:
    return await Shop(app).open(TraitSchema(TRAITS, VIEWS.aggregates))


async def erase(app: ProfileApplication, *names: str) -> None:
    await app.erase_subject(EraseSubject(f"erase {names}", person(*names)))


async def write(app: ProfileApplication, name: str) -> str:
    """The reason of the refusal; empty where it is written."""
    try:
        await app.upsert_traits(UpsertTraits(f"write {name!a}", person(name), AGE))
    except TandemError as refused:
        return refused.reason
    return ""


def hashed(text: str) -> str:
    return f"mailhash:{sha256(text.encode()).hexdigest()}"


async def refused_field(call: Awaitable[object]) -> str:
    with pytest.raises(FailedPrecondition) as refused:
        await call
    assert refused.value.reason == "SUBJECT_ERASED"
    return refused.value.metadata["field"]


async def test_every_write_that_names_an_erased_identity_is_refused_and_says_which(shop: Shop, stores: Stores) -> None:
    app, both = shop.app, person("cookie:fresh", "cookie:gone")
    await shop.see("cookie:gone")
    await shop.see("cookie:fresh")
    await erase(app, "cookie:gone")
    said = ConsentWrite("MARKETING", ConsentStatus.REVOKED)
    fields = [
        await refused_field(call)
        for call in (
            app.upsert_traits(UpsertTraits("1", both, AGE)),
            app.set_consent(SetConsent("2", both, said)),
            app.record_consent_signals(RecordConsentSignals("3", both, Signals(gpc=True))),
            app.reserve_contacts(ReserveContact("4", both, (ContactWrite("EMAIL", "OUTBOUND"),), create_profile=True)),
            shop.link("cookie:fresh", "cookie:gone"),
        )
    ]
    assert fields == ["subject.identities[1]"] * 5
    assert await refused_field(shop.merge("cookie:fresh", both)) == "merged.identities[1]"
    named = ConsentWrite("MARKETING", ConsentStatus.REVOKED, identity=Identity("cookie", "gone"))
    about_it = app.set_consent(SetConsent("5", both[:1], named))
    assert await refused_field(about_it) == "consent.identity"
    items = tuple(SubjectTraits(each, AGE) for each in (both, both[:1]))
    batch = (await app.batch_upsert_traits(BatchUpsertTraits("6", items))).items
    assert [each.refused.reason if each.refused else "" for each in batch] == ["SUBJECT_ERASED", ""]
    events = (event("both", both), event("one", both[:1]))
    results = (await app.record_events(RecordEvents("7", events))).results
    assert [each.status for each in results] == [ItemStatus.ERASED, ItemStatus.RECORDED]
    assert (await app.list_consents(ConsentQuery(both[:1], include_history=True))).consents == ()
    assert "gone" not in str([each.event for each in await whole_log(stores)])


async def test_a_read_says_which_identities_are_the_persons(shop: Shop, clock: SteppingClock) -> None:
    await shop.see("cookie:gone")
    await shop.see("cookie:a", "crm:1")
    clock.now_ms += 1  # of two customers the older one answers
    await shop.see("crm:2")
    await erase(shop.app, "cookie:gone")
    asked = person("cookie:gone", "cookie:a", "cookie: a", "cookie:unknown", "crm:1", "crm:2")
    answer = await shop.app.get_profile(ProfileQuery(asked))
    assert [asked[place] for place in answer.held] == [asked[place] for place in (1, 2, 4)]


async def test_a_person_is_erased_by_what_is_left_and_a_second_time_is_told(shop: Shop) -> None:
    await shop.see("cookie:gone")
    await shop.see("crm:1")
    await erase(shop.app, "cookie:gone")
    await erase(shop.app, "cookie:gone", "crm:1")
    assert await shop.id_of("crm:1") == ""
    again = shop.app.erase_subject(EraseSubject("again", person("crm:1", "cookie:gone")))
    assert await refused_field(again) == "subject.identities[0]"
    assert (
        await shop.app.readmit_subject(ReadmitSubject("back", person("crm:1", "cookie:gone")))
    ).readmitted_count == 2


@pytest.mark.parametrize("schema", [DECLARED, UNDECLARED], ids=["declared", "undeclared"])
async def test_an_erased_address_stays_out_however_it_is_written(app: ProfileApplication, schema: TraitSchema) -> None:
    await publish(app, schema)
    mail = MAIL.format("x")
    assert await write(app, f"email:{mail}") == ""
    await erase(app, f"email:{mail}")
    for form in (
        unicodedata.normalize("NFD", mail),
        mail.upper(),
        mail.replace("müller", "xn--mller-kva"),
        f"mailto:{mail}",
        f"<{mail}>",
        f"{mail}.",
        f"\u00a0{mail}",
    ):
        assert await write(app, f"email:{form}") == "SUBJECT_ERASED", form
    assert await write(app, f"email:{MAIL.format('y')}") == ""


@pytest.mark.parametrize("form", ["composed", "decomposed"])
async def test_a_name_is_one_in_any_composition(app: ProfileApplication, form: str) -> None:
    await publish(app, UNDECLARED)
    names = [f"crm:{unicodedata.normalize(kind, 'Zoë')}" for kind in ("NFC", "NFD")]
    first, second = names if form == "composed" else names[::-1]
    assert await write(app, first) == ""
    found = [(await app.get_profile(ProfileQuery(person(each)))).profile.profile_id for each in (first, second)]
    assert len(set(found)) == 1


@pytest.mark.parametrize("schema", [DECLARED, UNDECLARED], ids=["declared", "undeclared"])
async def test_the_hash_of_an_erased_address_or_number_stays_out(app: ProfileApplication, schema: TraitSchema) -> None:
    await publish(app, schema)
    subject = ("email:Ann@Example.org", "phone:+33 6 12 34 56 78")
    assert [await write(app, each) for each in (*subject, hashed("ben@example.org"))] == ["", "", ""]
    for name in subject:
        await erase(app, name)
    for text in ("ann@example.org", "+33612345678", "33612345678"):
        assert await write(app, hashed(text)) == "SUBJECT_ERASED", text
        assert await write(app, hashed(text).upper().replace("MAILHASH", "other_hash")) == "SUBJECT_ERASED", text
    assert (await app.readmit_subject(ReadmitSubject("back", person(*subject)))).readmitted_count == 2
    back = (*subject, hashed("ann@example.org"), hashed("33612345678"))
    for name in back:
        result = (await app.record_events(RecordEvents(f"r {name}", (event(f"e {name}", person(name)),)))).results[0]
        assert result.status is ItemStatus.RECORDED, name


async def test_an_address_stays_out_whose_hash_was_erased(app: ProfileApplication) -> None:
    await publish(app, DECLARED)
    assert await write(app, hashed("ann@example.org")) == ""
    await erase(app, hashed("ann@example.org"))
    assert await write(app, "email:ann@example.org") == "SUBJECT_ERASED"


async def test_a_hash_that_somebody_else_holds_stays_theirs_and_is_erased_with_them(shop: Shop) -> None:
    digest = hashed("ann@example.org")
    await shop.see("email:ann@example.org")
    holder = (await shop.see("crm:1", digest)).profile_id
    await erase(shop.app, "email:ann@example.org")
    assert (await shop.see(digest)).profile_id == holder
    await erase(shop.app, digest)
    assert (await shop.see(digest)).status is ItemStatus.ERASED
    assert (await shop.app.readmit_subject(ReadmitSubject("r", person(digest)))).readmitted_count == 1
    assert (await shop.see(digest)).status is ItemStatus.RECORDED


async def test_the_history_of_a_person_tells_merges_with_somebody_erased_without_naming_them(
    shop: Shop, stores: Stores
) -> None:
    await shop.see("crm:1")
    gone = (await shop.see("crm:2")).profile_id
    merged = await shop.merge("crm:1", "crm:2", "same birthday as Ann")
    await shop.unmerge(merged.merge_id)
    await shop.see("crm:2", "email:ann@example.org")
    inner = (await shop.see("crm:3")).profile_id
    await shop.merge("crm:2", "crm:3")
    await erase(shop.app, "crm:2")
    told = await shop.history("crm:1")
    assert sorted((each.kind, each.other_profile_id, each.identities, each.reason, each.cause) for each in told) == [
        (MergeEventKind.MERGED, gone, (), "", "MergeProfiles"),
        (MergeEventKind.UNMERGED, gone, (), "", "UnmergeProfiles"),
    ]
    assert {each.merge_id for each in told} == {merged.merge_id}
    assert await stores.merges.merge_events([inner], None, 10) == []
    with pytest.raises(FailedPrecondition):
        await shop.unmerge(merged.merge_id)


async def test_an_erasure_still_names_one_living_person(shop: Shop) -> None:
    for name in ("cookie:gone", "crm:1", "crm:2"):
        await shop.see(name)
    await erase(shop.app, "cookie:gone")
    with pytest.raises(InvalidArgument):
        await erase(shop.app, "cookie:gone", "crm:1", "crm:2")
    everybody: Subject = person("crm:1", "crm:2")
    assert [await shop.id_of(f"crm:{each.value}") != "" for each in everybody] == [True, True]
