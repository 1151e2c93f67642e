"""Erasure, export and the audit trail, the same on every store."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    EventResult,
    ItemStatus,
    ProfileQuery,
    RecordEvents,
    SetConsent,
    Subject,
    TraitWrite,
    UpsertTraits,
)
from services.profile.app.rights_requests import ChangeQuery, EraseSubject, ErasureQuery, ReadmitSubject
from services.profile.domain.consents import ConsentStatus
from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from shared.values import AttributeType
from tests.support.profiles import event, person, publish, schema_of, whole_log

ANNA, COOKIE, BEN = person("crm:anna", "cookie:a"), person("cookie:a"), person("crm:ben")
MARKER = "planted-marker"


async def record(app: ProfileApplication, request_id: str, *subjects: Subject) -> Sequence[EventResult]:
    events = tuple(event(f"{request_id}-{index}", each, note=MARKER) for index, each in enumerate(subjects))
    return (await app.record_events(RecordEvents(request_id, events))).results


async def fill(app: ProfileApplication) -> None:
    """Everything that can be recorded of Anna, and a little of Ben in the same call."""
    await publish(app, schema_of({"note": AttributeType.STRING}))
    await app.upsert_traits(UpsertTraits("traits", ANNA, (TraitWrite("note", MARKER),)))
    await record(app, "events", ANNA, COOKIE, BEN)
    consent = ConsentWrite("MARKETING", ConsentStatus.GRANTED, channel="EMAIL", proof=MARKER)
    await app.set_consent(SetConsent("consent", ANNA, consent))


async def exported(app: ProfileApplication, subject: Subject) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) async for page in app.export_subject(subject) for line in page]


async def test_nothing_of_an_erased_person_is_found_again(app: ProfileApplication, stores: Stores) -> None:
    await fill(app)
    erased = await app.erase_subject(EraseSubject("erase", COOKIE, "asked for"))
    for subject in (ANNA, COOKIE, person(f"profile:{erased.profile_ids[0]}")):
        with pytest.raises(NotFound):
            await app.get_profile(ProfileQuery(subject))
        with pytest.raises(NotFound):
            await app.list_consents(ConsentQuery(subject, include_history=True))
        with pytest.raises(NotFound):
            await exported(app, subject)
    assert [logged.event.identities for logged in await whole_log(stores)] == [(BEN[0].key,)]
    assert await stores.profiles.answer("RecordEvents", "events") is None
    assert await stores.profiles.answer("UpsertTraits", "traits") is None
    assert await stores.erasures.unpurged(10) == []
    assert (await app.get_profile(ProfileQuery(BEN))).profile.identities == (BEN[0].key,)


async def test_what_is_left_of_an_erasure_is_that_it_happened(app: ProfileApplication, stores: Stores) -> None:
    await fill(app)
    erased = await app.erase_subject(EraseSubject("erase", ANNA, "asked for"))
    trail = await stores.changes.changes(erased.profile_ids, None, 10)
    assert [(change.rpc, change.request_id, change.touched) for change in trail] == [
        ("EraseSubject", "erase", ("erased",))
    ]
    pages = [page async for page in app.tail_erasures(ErasureQuery())]
    assert [each.erasure.profile_ids for page in pages for each in page] == [erased.profile_ids]
    position = str(pages[0][0].position)
    assert [page async for page in app.tail_erasures(ErasureQuery(after=position))] == []


async def test_a_repeated_erasure_is_answered_the_same(app: ProfileApplication) -> None:
    await fill(app)
    first = await app.erase_subject(EraseSubject("erase", ANNA))
    again = await app.erase_subject(EraseSubject("erase", ANNA))
    assert (again.erasure_id, again.profile_ids) == (first.erasure_id, first.profile_ids)
    with pytest.raises((NotFound, FailedPrecondition)):
        await app.erase_subject(EraseSubject("erase another time", ANNA))


async def test_an_erased_identity_is_kept_out_of_every_write(app: ProfileApplication) -> None:
    await fill(app)
    await app.erase_subject(EraseSubject("erase", ANNA))
    with pytest.raises(FailedPrecondition, match="erased"):
        await app.upsert_traits(UpsertTraits("again", ANNA, (TraitWrite("note", "x"),)))
    with pytest.raises(FailedPrecondition, match="erased"):
        await app.set_consent(SetConsent("again", ANNA, ConsentWrite("MARKETING", ConsentStatus.GRANTED)))
    results = await record(app, "again", ANNA, COOKIE, BEN)
    assert [each.status for each in results] == [ItemStatus.ERASED, ItemStatus.ERASED, ItemStatus.RECORDED]
    assert [each.profile_id for each in results[:2]] == ["", ""]


async def test_an_identity_named_only_by_the_erasure_is_kept_out_too(app: ProfileApplication) -> None:
    await fill(app)
    await app.erase_subject(EraseSubject("erase", (*ANNA, *person("email:anna@example.org"))))
    (result,) = await record(app, "mail", person("email:anna@example.org"))
    assert result.status is ItemStatus.ERASED


async def test_a_readmitted_person_begins_anew(app: ProfileApplication) -> None:
    await fill(app)
    erased = await app.erase_subject(EraseSubject("erase", ANNA))
    assert (await app.readmit_subject(ReadmitSubject("back", ANNA))).readmitted_count == 2
    assert (await app.readmit_subject(ReadmitSubject("back twice", ANNA))).readmitted_count == 0
    (result,) = await record(app, "new", ANNA)
    assert result.status is ItemStatus.RECORDED
    assert result.profile_id not in erased.profile_ids
    assert (await app.get_profile(ProfileQuery(ANNA))).profile.consents == ()


async def test_an_erasure_names_one_person_and_one_that_is_there(app: ProfileApplication) -> None:
    await fill(app)
    with pytest.raises(InvalidArgument, match="more than one person"):
        await app.erase_subject(EraseSubject("erase", (*ANNA, *BEN)))
    with pytest.raises(NotFound):
        await app.erase_subject(EraseSubject("nobody", person("crm:nobody")))
    assert (await app.get_profile(ProfileQuery(ANNA))).profile.known


async def test_an_interrupted_purge_is_completed(
    app: ProfileApplication, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(app)
    with monkeypatch.context() as patched:
        patched.setattr(stores.erasures, "purge", _crash)
        with pytest.raises(RuntimeError):
            await app.erase_subject(EraseSubject("erase", ANNA))
    assert len(await whole_log(stores)) == 3
    assert await app.complete_erasures() == 1
    assert await app.complete_erasures() == 0
    assert len(await whole_log(stores)) == 1


async def _crash(_: object) -> None:
    raise RuntimeError("killed")


async def test_an_export_holds_everything(app: ProfileApplication) -> None:
    await fill(app)
    lines = await exported(app, COOKIE)
    assert [line["kind"] for line in lines] == [
        "profile",
        "trait",
        "event",
        "event",
        "consent",
        *["change"] * 3,
    ]
    profile, trait, *events = lines[:4]
    assert profile["identities"] == [
        {"namespace": "crm", "value": "anna"},
        {"namespace": "cookie", "value": "a"},
    ]
    assert (trait["name"], trait["value"], trait["source"]) == ("note", MARKER, "EXPLICIT")
    assert [each["properties"] for each in events] == [{"note": MARKER}] * 2
    assert (lines[4]["purpose"], lines[4]["proof"]) == ("MARKETING", MARKER)


async def test_the_trail_names_who_touched_what_and_no_value(app: ProfileApplication) -> None:
    await fill(app)
    first = await app.list_changes(ChangeQuery(ANNA, page_size=2))
    rest = await app.list_changes(ChangeQuery(ANNA, page_size=2, page_token=first.next_page_token))
    assert rest.next_page_token == ""
    trail = {change.rpc: change for change in (*first.changes, *rest.changes)}
    assert trail["UpsertTraits"].touched == ("identity:crm", "identity:cookie", "trait:note")
    assert trail["RecordEvents"].touched == ("event:view",)
    assert trail["SetConsent"].touched == ("consent:MARKETING/EMAIL",)
    assert {change.actor for change in trail.values()} == {"internal"}
    assert MARKER not in str(trail)
