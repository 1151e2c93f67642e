"""Nothing is recorded without a basis, and the rest of a call is, on every store."""

from __future__ import annotations

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import IssueLinkToken, LinkIdentities
from services.profile.app.ports import Stores
from services.profile.app.requests import (
    ConsentWrite,
    EventWrite,
    ItemStatus,
    ProfileQuery,
    RecordConsentSignals,
    RecordEvents,
    SetConsent,
    Subject,
    TraitWrite,
    UpsertTraits,
)
from services.profile.domain.consents import ConsentStatus, LegalBasis
from services.profile.domain.schema import (
    EventTypeDeclaration,
    PurposeDeclaration,
    TraitDeclaration,
    TraitSchema,
)
from services.profile.domain.signals.statements import Signals
from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from shared.values import AttributeType, present
from tests.support.profiles import NOW_MS, SteppingClock, event, person, publish, whole_log
from tests.support.tc_strings import ACCEPT_ALL, tc_string

ANN, BROWSER = person("crm:ann"), person("cookie:a")
BOTH = (*BROWSER, *ANN)
GRANTED, DENIED, REVOKED = ConsentStatus.GRANTED, ConsentStatus.DENIED, ConsentStatus.REVOKED
RECORDED, NO_BASIS = ItemStatus.RECORDED, ItemStatus.NO_BASIS
TRAITS = (
    TraitDeclaration("age", AttributeType.INT),
    TraitDeclaration("taste", AttributeType.STRING, purposes=("PROFILING",)),
)
EVENT_TYPES = (EventTypeDeclaration("scroll", purposes=("PROFILING",)),)
ASKING = PurposeDeclaration("COLLECTION", LegalBasis.CONSENT)

_numbers = iter(range(10_000))


async def open_for(app: ProfileApplication, *purposes: PurposeDeclaration) -> None:
    await publish(app, TraitSchema(traits=TRAITS, purposes=purposes, event_types=EVENT_TYPES))


async def say(
    app: ProfileApplication, status: ConsentStatus, subject: Subject = ANN, purpose: str = "collection"
) -> None:
    await app.set_consent(SetConsent(f"c{next(_numbers)}", subject, ConsentWrite(purpose, status)))


async def record(app: ProfileApplication, *events: EventWrite) -> list[ItemStatus]:
    return [each.status for each in (await app.record_events(RecordEvents(f"e{next(_numbers)}", events))).results]


async def observe(app: ProfileApplication, subject: Subject = ANN) -> tuple[ItemStatus, ...]:
    writes = (TraitWrite("age", 30), TraitWrite("taste", "mint"))
    return (await app.upsert_traits(UpsertTraits(f"t{next(_numbers)}", subject, writes))).statuses


async def test_without_consent_nothing_of_a_new_person_is_stored_where_it_is_asked_for(
    app: ProfileApplication, stores: Stores
) -> None:
    await open_for(app, ASKING)
    assert await record(app, event("e1", ANN)) == [NO_BASIS]
    assert await observe(app) == (NO_BASIS, NO_BASIS)
    assert await whole_log(stores) == []
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(ANN))


async def test_what_is_left_out_holds_nothing_else_back(app: ProfileApplication, stores: Stores) -> None:
    await open_for(app, ASKING)
    await say(app, GRANTED)
    bob = person("crm:bob")
    statuses = await record(app, event("e1", ANN), event("e2", bob), event("e1", ANN), event("e2", bob))
    assert statuses == [RECORDED, NO_BASIS, ItemStatus.DUPLICATE, NO_BASIS]
    assert [each.event.event_id for each in await whole_log(stores)] == ["e1"]


async def test_a_refusal_ends_collection_at_once_and_a_grant_begins_it_again(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await open_for(app)
    assert await record(app, event("e1", ANN)) == [RECORDED]
    for status, expected in ((REVOKED, NO_BASIS), (GRANTED, RECORDED), (DENIED, NO_BASIS)):
        clock.now_ms += 1_000
        await say(app, status)
        assert await record(app, event(f"e-{status.name}", ANN)) == [expected]


async def test_an_event_left_out_may_be_recorded_later(app: ProfileApplication, clock: SteppingClock) -> None:
    await open_for(app, ASKING)
    assert await record(app, event("e1", ANN)) == [NO_BASIS]
    await say(app, GRANTED)
    assert await record(app, event("e1", ANN)) == [RECORDED]


async def test_the_purposes_of_traits_and_events_need_a_basis_beyond_collection(app: ProfileApplication) -> None:
    await open_for(app, PurposeDeclaration("PROFILING", LegalBasis.CONSENT))
    assert await observe(app) == (RECORDED, NO_BASIS)
    assert await record(app, event("e1", ANN, "view"), event("e2", ANN, "scroll")) == [RECORDED, NO_BASIS]
    features = (await app.get_profile(ProfileQuery(ANN))).profile.features
    assert (features["age"], features["taste"].value) == (present(30), None)
    await say(app, GRANTED, purpose="profiling")
    assert await observe(app) == (RECORDED, RECORDED)


async def test_a_trait_that_is_not_declared_is_an_error_with_a_basis_or_without(app: ProfileApplication) -> None:
    await open_for(app, ASKING)
    with pytest.raises(InvalidArgument):
        await app.upsert_traits(UpsertTraits("t", ANN, (TraitWrite("height", 1),)))


async def test_what_is_left_out_links_nothing(app: ProfileApplication) -> None:
    await open_for(app)
    await say(app, DENIED, BROWSER)
    await record(app, event("e1", ANN))
    assert await record(app, event("e2", BOTH)) == [NO_BASIS]
    assert await observe(app, BOTH) == (NO_BASIS, NO_BASIS)
    ids = {(await app.get_profile(ProfileQuery(each))).profile.profile_id for each in (ANN, BROWSER)}
    assert len(ids) == 2


async def test_a_link_needs_a_basis_and_what_a_right_needs_does_not(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await open_for(app)
    await record(app, event("e1", ANN))
    await say(app, REVOKED)
    for number, subject in enumerate((BOTH, (*ANN, *BROWSER))):
        with pytest.raises(FailedPrecondition) as refused:
            await app.link_identities(LinkIdentities(f"l{number}", subject))
        assert (refused.value.reason, refused.value.metadata) == ("NO_BASIS", {"purpose": "COLLECTION"})
    token = (await app.issue_link_token(IssueLinkToken(ANN))).link_token
    with pytest.raises(FailedPrecondition, match="basis"):
        await app.link_identities(LinkIdentities("clicked", BROWSER, token))
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(BROWSER))
    await say(app, DENIED, BOTH, "marketing")
    assert (await app.get_profile(ProfileQuery(BROWSER))).profile.identities == (ANN[0].key, BROWSER[0].key)
    clock.now_ms += 1_000
    await say(app, GRANTED)
    assert (await app.link_identities(LinkIdentities("again", (*ANN, *person("cookie:b")), token))).advisories == ()


async def test_a_refusal_on_one_identity_covers_the_whole_person(app: ProfileApplication) -> None:
    await open_for(app)
    await record(app, event("e1", BOTH))
    await say(app, DENIED, BROWSER)
    assert await record(app, event("e2", ANN), event("e3", BROWSER)) == [NO_BASIS, NO_BASIS]


async def test_a_signal_covers_its_browser(app: ProfileApplication) -> None:
    await open_for(app)
    await record(app, event("e1", BOTH))
    await app.record_consent_signals(RecordConsentSignals("s1", BROWSER, Signals(tc_string())))
    statuses = await record(app, event("e2", BROWSER), event("e3", BOTH), event("e4", ANN))
    assert statuses == [NO_BASIS, NO_BASIS, RECORDED]


async def test_a_signalled_consent_is_enough_for_its_browser(app: ProfileApplication) -> None:
    await open_for(app, ASKING)
    await app.record_consent_signals(RecordConsentSignals("s1", BROWSER, Signals(tc_string(ACCEPT_ALL))))
    assert await record(app, event("e1", BROWSER), event("e2", person("cookie:b"))) == [RECORDED, NO_BASIS]


async def test_a_consent_that_ran_out_or_is_not_confirmed_is_none(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await open_for(app, PurposeDeclaration("COLLECTION", LegalBasis.CONSENT, double_opt_in=True))
    await say(app, GRANTED)
    assert await record(app, event("e1", ANN)) == [NO_BASIS]
    confirmed = ConsentWrite("collection", GRANTED, confirmed_ms=NOW_MS + 1, expire_ms=NOW_MS + 5_000)
    clock.now_ms += 1
    await app.set_consent(SetConsent("confirmed", ANN, confirmed))
    assert await record(app, event("e2", ANN)) == [RECORDED]
    clock.now_ms += 5_000
    assert await record(app, event("e3", ANN)) == [NO_BASIS]


async def test_the_same_request_is_answered_the_same_after_a_withdrawal(app: ProfileApplication) -> None:
    await open_for(app)
    command = RecordEvents("r", (event("e1", ANN),))
    first = await app.record_events(command)
    await say(app, REVOKED)
    assert (await app.record_events(command)).results == first.results


async def test_overlaid_events_without_a_basis_do_not_count(app: ProfileApplication) -> None:
    await open_for(app, ASKING)
    query = ProfileQuery(ANN, overlay=(event("e1", ANN),))
    with pytest.raises(NotFound):
        await app.get_profile(query)
    await say(app, GRANTED)
    assert (await app.get_profile(query)).profile.profile_id
