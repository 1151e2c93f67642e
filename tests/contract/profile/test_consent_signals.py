"""What browsers signal: recorded as it came and as what it stands for, once, on every store."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Change, Commit, Stores
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    ProfileQuery,
    RecordConsentSignals,
    SetConsent,
    SignalsRecorded,
    Subject,
)
from services.profile.domain.consents import MAX_IN_FORCE, Consent, ConsentStatus
from services.profile.domain.signals.statements import Signals
from shared.errors import InvalidArgument, NotFound
from tests.support.profiles import NOW_MS, SteppingClock, person
from tests.support.tc_strings import ACCEPT_ALL, tc_string

ANN, BROWSER = person("crm:ann"), person("cookie:a")
BOTH = (*BROWSER, *ANN)
ACCEPTED, REJECTED = tc_string(ACCEPT_ALL), tc_string()
GRANTED, DENIED, REVOKED = ConsentStatus.GRANTED, ConsentStatus.DENIED, ConsentStatus.REVOKED

_numbers = iter(range(10_000))


async def signal(
    app: ProfileApplication,
    tcf_string: str = "",
    *,
    gpc: bool = False,
    subject: Subject = BROWSER,
    observed_ms: int | None = None,
) -> SignalsRecorded:
    command = RecordConsentSignals(f"s{next(_numbers)}", subject, Signals(tcf_string, gpc), observed_ms, "fr")
    return await app.record_consent_signals(command)


async def say(app: ProfileApplication, status: ConsentStatus, subject: Subject = BROWSER) -> Consent:
    write = ConsentWrite("profiling", status)
    return (await app.set_consent(SetConsent(f"c{next(_numbers)}", subject, write))).consent


async def held(app: ProfileApplication, subject: Subject = BROWSER) -> dict[str, ConsentStatus]:
    view = (await app.get_profile(ProfileQuery(subject))).profile
    return {each.purpose: each.status for each in view.consents}


async def history(app: ProfileApplication, subject: Subject = BROWSER) -> tuple[Consent, ...]:
    return (await app.list_consents(ConsentQuery(subject, 1_000, include_history=True))).consents


async def test_a_signal_is_recorded_as_it_came_and_as_what_it_stands_for(app: ProfileApplication) -> None:
    answer = await signal(app, REJECTED, gpc=True, subject=BOTH)
    stated = {each.purpose: each.status for each in answer.consents}
    assert stated == await held(app, ANN) == dict.fromkeys(stated, DENIED)
    assert set(stated) >= {"COLLECTION", "PROFILING", "TRAINING", "SALE_AND_SHARING"}
    assert {each.identity for each in answer.consents} == {"cookie\x1fa"}
    assert {each.jurisdiction for each in answer.consents} == {"FR"}
    kept = {each.purpose: each for each in await history(app)}
    assert (kept["TCF"].proof, kept["GPC"].proof) == (REJECTED, "Sec-GPC: 1")
    assert kept["TCF"].status is kept["GPC"].status is ConsentStatus.UNKNOWN
    assert kept["PROFILING"].proof.startswith("tcf:sha256:")
    assert kept["PROFILING"].collection_point == "tcf:cmp-300"
    assert all(each.signalled for each in kept.values())


async def test_the_primary_identity_is_the_browsers(app: ProfileApplication) -> None:
    (cookie,) = person("cookie:b")
    primary = type(cookie)(cookie.namespace, cookie.value, primary=True)
    answer = await signal(app, gpc=True, subject=(*ANN, primary))
    assert {each.identity for each in answer.consents} == {"cookie\x1fb"}


async def test_a_signal_that_is_repeated_is_stored_once(app: ProfileApplication, clock: SteppingClock) -> None:
    first = await signal(app, ACCEPTED, gpc=True)
    before = await history(app)
    clock.now_ms += 1_000
    assert (await signal(app, ACCEPTED, gpc=True)).consents == first.consents
    assert await history(app) == before


async def test_a_new_signal_overrules_the_one_before(app: ProfileApplication, clock: SteppingClock) -> None:
    for text, status in ((ACCEPTED, GRANTED), (REJECTED, DENIED), (ACCEPTED, GRANTED)):
        clock.now_ms += 1_000
        await signal(app, text)
        assert set((await held(app)).values()) == {status}


async def test_a_repeated_signal_takes_back_nothing_that_was_said_since(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await signal(app, ACCEPTED)
    clock.now_ms += 1_000
    await say(app, REVOKED)
    for _ in range(2):
        clock.now_ms += 1_000
        await signal(app, ACCEPTED)
        assert (await held(app))["PROFILING"] is REVOKED
    await signal(app, tc_string(ACCEPT_ALL, updated_ds=16_000_000_001))
    assert (await held(app))["PROFILING"] is GRANTED


async def test_what_a_person_says_outweighs_a_signal_of_the_same_moment(app: ProfileApplication) -> None:
    await say(app, GRANTED)
    await signal(app, REJECTED)
    assert (await held(app))["PROFILING"] is GRANTED
    await signal(app, tc_string(updated_ds=1), observed_ms=NOW_MS - 1)
    assert (await held(app))["PROFILING"] is GRANTED


@pytest.mark.parametrize(
    ("signals", "observed_ms", "field"),
    [
        (Signals("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"), None, "tcf_string"),
        (Signals(ACCEPTED[:-12], gpc=True), None, "tcf_string"),
        (Signals("C" + "A" * 4_096), None, "tcf_string"),
        (Signals(), None, "tcf_string"),
        (Signals(ACCEPTED), NOW_MS + 600_000, "observed_time"),
    ],
)
async def test_a_malformed_signal_is_refused_and_nothing_of_the_call_is_stored(
    app: ProfileApplication, signals: Signals, observed_ms: int | None, field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await app.record_consent_signals(RecordConsentSignals("s1", BROWSER, signals, observed_ms))
    assert refused.value.violations[0].field == field
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(BROWSER))


async def test_the_same_request_is_answered_the_same(app: ProfileApplication, clock: SteppingClock) -> None:
    command = RecordConsentSignals("s", BROWSER, Signals(ACCEPTED))
    first = await app.record_consent_signals(command)
    clock.now_ms += 1_000
    await say(app, REVOKED)
    assert (await app.record_consent_signals(command)).consents == first.consents
    assert (await held(app))["PROFILING"] is REVOKED


async def test_overlaid_signals_answer_as_if_they_had_been_recorded_and_store_nothing(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    overlaid = ProfileQuery(BROWSER, overlay_signals=Signals(REJECTED))
    view = (await app.get_profile(overlaid)).profile
    assert (view.profile_id, {each.status for each in view.consents}) == ("", {DENIED})
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(BROWSER))
    await signal(app, REJECTED)
    clock.now_ms += 1_000
    await say(app, GRANTED)
    statuses = {each.purpose: each.status for each in (await app.get_profile(overlaid)).profile.consents}
    assert statuses["PROFILING"] is GRANTED
    with pytest.raises(InvalidArgument) as refused:
        await app.get_profile(ProfileQuery(BROWSER, overlay_signals=Signals("nonsense")))
    assert refused.value.violations[0].field == "overlay_signals.tcf_string"


async def test_without_a_primary_identity_the_browser_is_the_one_that_names_no_customer(
    app: ProfileApplication,
) -> None:
    for subject in ((*ANN, *BROWSER), (*BROWSER, *ANN)):
        assert {each.identity for each in (await signal(app, REJECTED, subject=subject)).consents} == {"cookie\x1fa"}


async def test_a_customer_with_many_browsers_can_still_signal(app: ProfileApplication, stores: Stores) -> None:
    """Grants of browsers that did not come back for long make room; no refusal and no word of the person does."""
    await say(app, REVOKED, ANN)
    await signal(app, ACCEPTED, subject=BOTH)
    (profile,) = {each.profile_id: each for each in (await stores.profiles.find(["crm\x1fann"])).values()}.values()
    template = next(each for each in profile.consents if each.purpose == "CONTENT")
    many = tuple(
        replace(template, statement_id=f"many-{index}", identity=f"cookie\x1f{index}", granted_ms=index)
        for index in range(MAX_IN_FORCE - len(profile.consents))
    )
    crowded = replace(profile, consents=(*profile.consents, *many), version=profile.version + 1)
    await stores.profiles.commit(Commit((Change(crowded),)))
    await signal(app, REJECTED, subject=(*person("cookie:new"), *ANN))
    view = (await app.get_profile(ProfileQuery(ANN))).profile
    assert len(view.consents) == MAX_IN_FORCE
    identities = {each.identity for each in view.consents}
    assert {"crm\x1fann", "cookie\x1fa", "cookie\x1fnew"} <= identities
    assert "cookie\x1f0" not in identities
