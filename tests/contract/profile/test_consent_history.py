"""Consents as they are stated, confirmed and looked back at, on every store."""

from __future__ import annotations

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    ProfileQuery,
    RecordEvents,
    SetConsent,
    Subject,
)
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.identities import Identity
from services.profile.domain.schema import NamespaceDeclaration, PurposeDeclaration, TraitSchema
from shared.errors import InvalidArgument
from tests.support.profiles import NOW_MS, SteppingClock, event, person, publish

ANN, COOKIE = person("crm:ann"), person("cookie:a")
GRANTED, DENIED, REVOKED = ConsentStatus.GRANTED, ConsentStatus.DENIED, ConsentStatus.REVOKED
PENDING = ConsentStatus.PENDING_CONFIRMATION
MARKETING = PurposeDeclaration("MARKETING", LegalBasis.CONSENT, double_opt_in=True)
DAY_MS = 86_400_000

_numbers = iter(range(10_000))


async def say(app: ProfileApplication, consent: ConsentWrite, subject: Subject = ANN) -> Consent:
    return (await app.set_consent(SetConsent(f"c{next(_numbers)}", subject, consent))).consent


async def held(app: ProfileApplication, subject: Subject = ANN) -> list[ConsentStatus]:
    return [each.status for each in (await app.get_profile(ProfileQuery(subject))).profile.consents]


async def at(app: ProfileApplication, moment_ms: int | None, subject: Subject = ANN) -> set[Consent]:
    """Page by page."""
    found: list[Consent] = []
    token = ""
    while True:
        page = await app.list_consents(ConsentQuery(subject, 1, token, consent_ms=moment_ms))
        found += page.consents
        token = page.next_page_token
        if not token:
            assert found == sorted(found, key=lambda each: each.place, reverse=True)
            return set(found)


async def test_a_double_opt_in_is_pending_until_it_is_confirmed(app: ProfileApplication, clock: SteppingClock) -> None:
    await publish(app, TraitSchema(purposes=(MARKETING,)))
    asked = await say(app, ConsentWrite("marketing", GRANTED, channel="email", proof="form 7"))
    assert (asked.status, await held(app)) == (PENDING, [PENDING])
    assert await at(app, None) == {asked}
    clock.now_ms += 60_000
    confirmed = await say(app, ConsentWrite("marketing", GRANTED, channel="email", confirmed_ms=clock.now_ms - 5_000))
    assert (confirmed.status, confirmed.granted_ms) == (GRANTED, clock.now_ms - 5_000)
    assert await held(app) == [GRANTED]
    assert await at(app, NOW_MS + 10) == {asked}


async def test_what_needs_no_confirmation_is_granted_at_once(app: ProfileApplication) -> None:
    await publish(app, TraitSchema(purposes=(MARKETING,)))
    assert (await say(app, ConsentWrite("news", GRANTED))).status is GRANTED
    contract = ConsentWrite("marketing", GRANTED, legal_basis=LegalBasis.CONTRACT)
    assert (await say(app, contract)).status is GRANTED
    assert (await say(app, ConsentWrite("marketing", REVOKED))).status is REVOKED


async def test_a_pending_consent_takes_no_refusal_back_and_a_refusal_ends_it(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, TraitSchema(purposes=(MARKETING,)))
    await say(app, ConsentWrite("marketing", REVOKED))
    clock.now_ms += 1_000
    await say(app, ConsentWrite("marketing", GRANTED))
    assert set(await held(app)) == {REVOKED, PENDING}
    clock.now_ms += 1_000
    await say(app, ConsentWrite("marketing", DENIED))
    assert await held(app) == [DENIED]


async def test_a_confirmation_does_not_outlive_a_withdrawal_made_meanwhile(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, TraitSchema(purposes=(MARKETING,)))
    asked = await say(app, ConsentWrite("marketing", GRANTED))
    clock.now_ms += 1_000
    await say(app, ConsentWrite("marketing", REVOKED))
    clock.now_ms += 1_000
    await say(app, ConsentWrite("marketing", GRANTED, granted_ms=asked.granted_ms, confirmed_ms=clock.now_ms))
    assert await held(app) == [REVOKED]


async def test_a_soft_opt_in_stands_beside_what_the_person_says(app: ProfileApplication, clock: SteppingClock) -> None:
    await say(app, ConsentWrite("marketing", REVOKED, channel="email"))
    clock.now_ms += 1_000
    groups = ("teas", "cups")
    soft = ConsentWrite(
        "marketing", GRANTED, channel="email", legal_basis=LegalBasis.SOFT_OPT_IN, similar_groups=groups
    )
    stated = await say(app, soft)
    assert stated.similar_groups == groups
    assert set(await held(app)) == {REVOKED, GRANTED}


@pytest.mark.parametrize(
    ("consent", "field"),
    [
        (ConsentWrite("marketing", GRANTED, legal_basis=LegalBasis.SOFT_OPT_IN), "consent.similar_groups"),
        (
            ConsentWrite("marketing", DENIED, legal_basis=LegalBasis.SOFT_OPT_IN, similar_groups=("a",)),
            "consent.legal_basis",
        ),
        (ConsentWrite("marketing", GRANTED, similar_groups=("a",)), "consent.similar_groups"),
        (ConsentWrite("marketing", DENIED, confirmed_ms=NOW_MS), "consent.confirmed_time"),
        (ConsentWrite("marketing", GRANTED, confirmed_ms=NOW_MS + 600_000), "consent.granted_time"),
        (ConsentWrite("marketing", GRANTED, granted_ms=NOW_MS, confirmed_ms=NOW_MS - 1), "consent.confirmed_time"),
    ],
)
async def test_a_statement_that_makes_no_sense_is_refused_by_its_field(
    app: ProfileApplication, consent: ConsentWrite, field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await say(app, consent)
    assert refused.value.metadata["field"] == field


async def test_looking_back_answers_what_was_in_force_by_what_is_known_today(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    clock.now_ms += 10 * DAY_MS
    grant = await say(app, ConsentWrite("marketing", GRANTED, channel="email", granted_ms=NOW_MS))
    other = await say(app, ConsentWrite("marketing", GRANTED, channel="sms", granted_ms=NOW_MS + 2 * DAY_MS))
    again = await say(app, ConsentWrite("marketing", GRANTED, channel="email", granted_ms=NOW_MS + 6 * DAY_MS))
    assert await at(app, NOW_MS + 4 * DAY_MS) == {grant, other}
    late = await say(app, ConsentWrite("marketing", REVOKED, channel="email", granted_ms=NOW_MS + 3 * DAY_MS))
    assert await at(app, NOW_MS - 1) == set()
    assert await at(app, NOW_MS) == {grant}
    assert await at(app, NOW_MS + 3 * DAY_MS - 1) == {grant, other}
    assert await at(app, NOW_MS + 3 * DAY_MS) == {late, other}
    assert await at(app, NOW_MS + 6 * DAY_MS) == {again, other}
    assert await at(app, clock.now_ms) == await at(app, None) == {again, other}


async def test_looking_back_reaches_over_merged_profiles(app: ProfileApplication, clock: SteppingClock) -> None:
    on_cookie = await say(app, ConsentWrite("marketing", DENIED), COOKIE)
    on_crm = await say(app, ConsentWrite("marketing", GRANTED))
    await app.record_events(RecordEvents("r1", (event("e1", (*ANN, *COOKIE)),)))
    assert await at(app, NOW_MS) == await at(app, None) == {on_cookie, on_crm}


async def test_an_objection_survives_every_merge(app: ProfileApplication, clock: SteppingClock) -> None:
    await say(app, ConsentWrite("marketing", DENIED), COOKIE)
    await say(app, ConsentWrite("marketing", GRANTED, channel="email"))
    await app.record_events(RecordEvents("r1", (event("e1", (*ANN, *COOKIE)),)))
    for subject in (ANN, COOKIE):
        assert sorted(await held(app, subject)) == [GRANTED, DENIED]


async def test_a_refusal_counts_as_soon_as_its_identity_is_named_linked_or_not(app: ProfileApplication) -> None:
    await say(app, ConsentWrite("marketing", DENIED), COOKIE)
    await say(app, ConsentWrite("marketing", GRANTED, channel="email"))
    assert sorted(await held(app, (*ANN, *COOKIE))) == [GRANTED, DENIED]
    assert await held(app, ANN) == [GRANTED]


async def test_history_and_a_moment_are_not_asked_for_together(app: ProfileApplication) -> None:
    await say(app, ConsentWrite("marketing", GRANTED))
    with pytest.raises(InvalidArgument) as refused:
        await app.list_consents(ConsentQuery(ANN, include_history=True, consent_ms=NOW_MS))
    assert refused.value.metadata["field"] == "consent_time"


async def test_a_page_token_is_of_one_moment(app: ProfileApplication) -> None:
    for channel in ("email", "sms"):
        await say(app, ConsentWrite("marketing", GRANTED, channel=channel))
    token = (await app.list_consents(ConsentQuery(ANN, 1, consent_ms=NOW_MS))).next_page_token
    with pytest.raises(InvalidArgument):
        await app.list_consents(ConsentQuery(ANN, 1, token, consent_ms=NOW_MS + 1))


async def test_a_statement_about_a_shared_device_is_kept_with_the_person(app: ProfileApplication) -> None:
    await publish(app, TraitSchema(namespaces=(NamespaceDeclaration("tablet", known=False, shared=True),)))
    write = ConsentWrite("marketing", DENIED, identity=Identity("tablet", "t1"))
    assert (await say(app, write)).identity == "tablet\x1ft1"
    assert await held(app) == [DENIED]
