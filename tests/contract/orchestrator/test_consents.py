"""Consent in decisions, from the statements as the profile service keeps them to the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator.app.ports import ConsentSignals
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.lineup import NoActionReason
from services.profile.app.requests import ConsentQuery, ConsentWrite, ProfileQuery, RecordEvents, SetConsent
from services.profile.app.rights_requests import EraseSubject
from services.profile.domain.consents import ConsentStatus, LegalBasis
from shared.clock import system_clock
from shared.errors import InvalidArgument, NotFound
from shared.values import FeatureStatus
from tests.support.dumps import dump_sqlite
from tests.support.profiles import event, person
from tests.support.shop import ADA, Shop, actions, cart_add, fresh_id, inbound, open_shop, outbound
from tests.support.tc_strings import ACCEPT_ALL, tc_string

GRANTED, DENIED, REVOKED = ConsentStatus.GRANTED, ConsentStatus.DENIED, ConsentStatus.REVOKED
REJECTED, ACCEPTED = ConsentSignals(tc_string()), ConsentSignals(tc_string(ACCEPT_ALL))
BROWSER = "cookie:ada"
NO_BASIS = {"profiling: {basis: LEGITIMATE_INTEREST}\n": ""}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        yield opened


async def say(shop: Shop, status: ConsentStatus, who: str = ADA, **fields: Any) -> None:
    write = ConsentWrite("marketing", status, **{"channel": "email", **fields})
    await shop.profile.set_consent(SetConsent(fresh_id(), person(who), write))


async def link(shop: Shop, *names: str) -> None:
    await shop.profile.record_events(RecordEvents(fresh_id(), (event(fresh_id("e"), person(*names)),)))


def silence(answer: Answer) -> NoActionReason | None:
    no_action = answer.placements[0].no_action
    return None if no_action is None else no_action.reason


def observed(answer: Answer) -> dict[str, object]:
    return {each.action: each.observed for each in answer.dropped if each.rule_id == "consent"}


SOFT: dict[str, Any] = {"legal_basis": LegalBasis.SOFT_OPT_IN, "similar_groups": ("tea", "cups")}


async def test_a_soft_opt_in_reaches_a_customer_with_similar_offers_only(shop: Shop) -> None:
    await shop.knows(tier="gold", margin=5_000.0)
    await say(shop, GRANTED, **SOFT)
    answer = await shop.decide(outbound("EMAIL"))
    (proposition,) = answer.placements[0].propositions
    assert (proposition.action, proposition.consent_ref) == ("green_tea", "crm:ada#MARKETING/EMAIL")
    assert observed(answer) == {"gold_card": "SOFT_OPT_IN"}
    explained = await shop.orchestrator.explain_decision(answer.decision_id)
    assert explained.answer == answer


async def test_a_soft_opt_in_of_a_visitor_permits_nothing(shop: Shop) -> None:
    await say(shop, GRANTED, BROWSER, **SOFT)
    answer = await shop.decide(outbound("EMAIL", who=BROWSER))
    assert silence(answer) is NoActionReason.NO_CONSENT


async def test_a_soft_opt_in_ends_with_a_refusal_and_with_its_time(shop: Shop) -> None:
    now_ms = system_clock()
    await say(shop, GRANTED, **SOFT, granted_ms=now_ms - 2_000, expire_ms=now_ms - 1_000)
    assert silence(await shop.decide(outbound("EMAIL"))) is NoActionReason.NO_CONSENT
    await say(shop, GRANTED, **SOFT)
    assert actions((await shop.decide(outbound("EMAIL"))).placements[0]) == ["green_tea"]
    await say(shop, REVOKED)
    await say(shop, GRANTED, **SOFT)
    answer = await shop.decide(outbound("EMAIL"))
    assert (silence(answer), observed(answer)["green_tea"]) == (NoActionReason.NO_CONSENT, "REVOKED")


@pytest.mark.parametrize("basis", [LegalBasis.CONTRACT, LegalBasis.LEGITIMATE_INTEREST])
async def test_contract_and_legitimate_interest_permit_no_marketing(shop: Shop, basis: LegalBasis) -> None:
    await say(shop, GRANTED, legal_basis=basis)
    assert silence(await shop.decide(outbound("EMAIL"))) is NoActionReason.NO_CONSENT


@pytest.mark.parametrize("basis", [LegalBasis.CONTRACT, LegalBasis.LEGITIMATE_INTEREST])
async def test_contract_and_legitimate_interest_permit_service_messages(shop: Shop, basis: LegalBasis) -> None:
    await shop.publish(
        {"email: {direction: OUTBOUND, purpose: marketing": "email: {direction: OUTBOUND, purpose: service"}
    )
    write = ConsentWrite("service", GRANTED, channel="email", legal_basis=basis)
    await shop.profile.set_consent(SetConsent(fresh_id(), person(ADA), write))
    (proposition,) = (await shop.decide(outbound("EMAIL"))).placements[0].propositions
    assert proposition.consent_ref == "crm:ada#SERVICE/EMAIL"


async def test_a_double_opt_in_reaches_nobody_before_it_is_confirmed(shop: Shop) -> None:
    await shop.publish({"policy: corner_shop\n": "policy: corner_shop\npurposes: {marketing: {double_opt_in: true}}\n"})
    await say(shop, GRANTED)
    answer = await shop.decide(outbound("EMAIL"))
    assert (silence(answer), observed(answer)["green_tea"]) == (NoActionReason.NO_CONSENT, "PENDING_CONFIRMATION")
    await say(shop, GRANTED, confirmed_ms=system_clock())
    assert actions((await shop.decide(outbound("EMAIL"))).placements[0]) == ["green_tea"]


async def test_a_consent_from_before_the_double_opt_in_has_to_be_confirmed_too(shop: Shop) -> None:
    await say(shop, GRANTED)
    await shop.publish({"policy: corner_shop\n": "policy: corner_shop\npurposes: {marketing: {double_opt_in: true}}\n"})
    assert silence(await shop.decide(outbound("EMAIL"))) is NoActionReason.NO_CONSENT


@pytest.mark.parametrize("merged", [False, True])
async def test_an_objection_on_any_identity_covers_the_person_linked_or_named_together(
    shop: Shop, merged: bool
) -> None:
    await say(shop, GRANTED)
    await say(shop, DENIED, BROWSER, channel="")
    if merged:
        await link(shop, BROWSER, ADA)
    both = (*outbound(who=ADA).identities, *outbound(who=BROWSER).identities)
    for identities in (both, both[:1]) if merged else (both,):
        answer = await shop.decide(replace(outbound("EMAIL"), identities=identities))
        assert (silence(answer), observed(answer)["green_tea"]) == (NoActionReason.NO_CONSENT, "OBJECTED")


async def test_a_signal_of_the_call_is_recorded_and_honoured_in_its_decision(shop: Shop) -> None:
    await shop.knows(BROWSER, age=42)
    assert (await shop.decide(inbound(who=BROWSER))).feature_statuses["age"] is FeatureStatus.PRESENT
    command = replace(inbound(who=BROWSER), consent_signals=REJECTED, events=(cart_add(BROWSER),))
    answer = await shop.decide(command)
    assert answer.advisories == ("PROFILING_BASIS_MISSING",)
    assert answer.feature_statuses["age"] is FeatureStatus.NOT_FOUND
    view = (await shop.profile.get_profile(ProfileQuery(person(BROWSER)))).profile
    assert {each.purpose for each in view.consents if each.status is DENIED} >= {"PROFILING", "COLLECTION", "TRAINING"}
    assert view.features["cart_adds_1h"].value == 0
    history = await shop.profile.list_consents(ConsentQuery(person(BROWSER), include_history=True))
    assert REJECTED.tcf_string in {each.proof for each in history.consents}
    assert (await shop.orchestrator.get_decision(answer.decision_id)).command == command


async def test_a_signal_that_cannot_be_recorded_beside_an_erased_browser_is_honoured_all_the_same(shop: Shop) -> None:
    await shop.knows(BROWSER, age=42)
    await shop.knows("cookie:gone", age=43)
    await shop.profile.erase_subject(EraseSubject("erase", person("cookie:gone")))
    here, gone = (inbound(who=each).identities for each in (BROWSER, "cookie:gone"))
    command = replace(inbound(who=BROWSER), identities=(*here, *gone), consent_signals=REJECTED)
    answer = await shop.decide(command)
    assert answer.advisories == ("PROFILING_BASIS_MISSING",)
    assert answer.feature_statuses["age"] is FeatureStatus.NOT_FOUND
    assert (await shop.profile.get_profile(ProfileQuery(person(BROWSER)))).profile.consents == ()
    assert (await shop.orchestrator.get_decision(answer.decision_id)).command.identities == here


async def test_a_consent_signalled_in_the_call_counts_in_its_decision(shop: Shop) -> None:
    await shop.publish(
        {**NO_BASIS, "policy: corner_shop\n": "policy: corner_shop\npurposes: {collection: {basis: consent}}\n"}
    )
    command = replace(inbound(who=BROWSER), events=(cart_add(BROWSER),))
    assert actions((await shop.decide(command)).placements[0]) == ["green_tea"]
    with pytest.raises(NotFound):
        await shop.profile.get_profile(ProfileQuery(person(BROWSER)))
    command = replace(inbound(who=BROWSER), events=(cart_add(BROWSER),), consent_signals=ACCEPTED)
    assert actions((await shop.decide(command)).placements[0]) == ["free_delivery"]


async def test_a_simulated_signal_answers_the_same_and_leaves_no_trace(shop: Shop) -> None:
    await shop.knows(BROWSER, age=42)
    before = dump_sqlite(shop.settings.data_dir)
    for signals in (REJECTED, ConsentSignals(gpc=True)):
        command = replace(inbound(who=BROWSER), consent_signals=signals, events=(cart_add(BROWSER),))
        simulated = await shop.decide(replace(command, mode=Mode.SIMULATE))
        assert dump_sqlite(shop.settings.data_dir) == before
        is_refused = signals is REJECTED
        assert (simulated.advisories == ("PROFILING_BASIS_MISSING",)) is is_refused
    executed = await shop.decide(replace(inbound(who=BROWSER), consent_signals=REJECTED, events=(cart_add(BROWSER),)))
    simulated = await shop.decide(
        replace(inbound(who=BROWSER), consent_signals=REJECTED, events=(cart_add(BROWSER),), mode=Mode.SIMULATE)
    )
    assert executed.feature_statuses == simulated.feature_statuses
    assert actions(executed.placements[0]) == actions(simulated.placements[0])


async def test_a_signal_concerns_its_browser_and_not_the_customer_elsewhere(shop: Shop) -> None:
    await shop.knows(age=42)
    await link(shop, BROWSER, ADA)
    await shop.decide(replace(inbound(who=BROWSER), consent_signals=REJECTED))
    assert (await shop.decide(inbound(who=BROWSER))).feature_statuses["age"] is FeatureStatus.NOT_FOUND
    assert (await shop.decide(inbound(who=ADA))).feature_statuses["age"] is FeatureStatus.PRESENT


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_malformed_signal_is_named_as_the_request_does_and_nothing_is_recorded(shop: Shop, mode: Mode) -> None:
    before = dump_sqlite(shop.settings.data_dir)
    signals = ConsentSignals("COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAA", gpc=True)
    with pytest.raises(InvalidArgument) as refusal:
        await shop.decide(replace(inbound(), mode=mode, consent_signals=signals, events=(cart_add(),)))
    assert [violation.field for violation in refusal.value.violations] == ["consent_signals.tcf_string"]
    assert refusal.value.message.startswith("consent_signals.tcf_string: ")
    assert dump_sqlite(shop.settings.data_dir) == before


async def test_a_place_without_a_person_has_nobody_to_signal_anything(shop: Shop) -> None:
    answer = await shop.decide(replace(inbound(who=None), consent_signals=ACCEPTED))
    assert actions(answer.placements[0]) == ["green_tea"]


async def test_the_same_request_signals_once(shop: Shop) -> None:
    command = replace(inbound(who=BROWSER), consent_signals=REJECTED)
    assert await shop.decide(command) == await shop.decide(command)
    page = await shop.profile.list_consents(ConsentQuery(person(BROWSER), include_history=True))
    assert len([each for each in page.consents if each.purpose == "TCF"]) == 1


async def test_outcomes_of_who_refused_are_captured_and_teach_nothing(shop: Shop) -> None:
    await shop.knows(age=42)
    answer = await shop.decide(inbound())
    await shop.hears(REVOKED, purpose="TRAINING")
    await shop.clicks(answer)
    assert await _learnt(shop) == 0
    recorded = await shop.orchestrator.get_decision(answer.decision_id)
    assert len(recorded.outcomes) == 1
    await shop.hears(GRANTED, purpose="TRAINING")
    await shop.clicks(await shop.decide(inbound()))
    assert await _learnt(shop) == 1


async def _learnt(shop: Shop) -> int:
    return int((await shop.decide(inbound())).versions.model.rpartition("@")[2])


async def test_a_signal_of_who_was_erased_is_nobodys_and_the_decision_goes_on(shop: Shop) -> None:
    await shop.knows(BROWSER, age=42)
    await shop.profile.erase_subject(EraseSubject(fresh_id(), person(BROWSER)))
    answer = await shop.decide(replace(inbound(who=BROWSER), consent_signals=REJECTED, events=(cart_add(BROWSER),)))
    assert (answer.profile_id, answer.degraded) == ("", False)
    assert actions(answer.placements[0]) == ["green_tea"]
