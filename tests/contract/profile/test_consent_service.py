"""Consents, signals and what has no basis, as callers of the profile service see them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import value_pb2
from tandem.profile.v1 import consent_pb2, trait_pb2

from shared.errors import InvalidArgument, NotFound
from tests.support.grpc_server import Loopback
from tests.support.profile_wire import ANN, Ask, event, number, pb, refusal, subject, tail, text, trait, upsert
from tests.support.tc_strings import ACCEPT_ALL, tc_string

BROWSER = subject("cookie:a")
GRANTED = consent_pb2.CONSENT_STATUS_GRANTED
SCHEMA = trait_pb2.TraitSchema(
    traits=[
        trait_pb2.TraitDeclaration(name="age", type=value_pb2.ATTRIBUTE_TYPE_INT),
        trait_pb2.TraitDeclaration(name="taste", type=value_pb2.ATTRIBUTE_TYPE_STRING, purposes=["profiling"]),
    ],
    purposes=[
        trait_pb2.PurposeDeclaration(name="profiling", basis=consent_pb2.LEGAL_BASIS_CONSENT),
        trait_pb2.PurposeDeclaration(name="marketing", double_opt_in=True),
    ],
    event_types=[trait_pb2.EventTypeDeclaration(type="scroll", purposes=["profiling"])],
)


async def publish(ask: Ask) -> None:
    await ask(pb.PublishTraitSchemaRequest(request_id="schema", schema=SCHEMA, activate=True))


def moment(time_s: float) -> Timestamp:
    return Timestamp(seconds=int(time_s), nanos=int(time_s % 1 * 1_000) * 1_000_000)


async def say(ask: Ask, request_id: str, **fields: Any) -> consent_pb2.Consent:
    consent = consent_pb2.Consent(**{"purpose": "marketing", "status": GRANTED, **fields})
    answer = await ask(pb.SetConsentRequest(request_id=request_id, subject=ANN, consent=consent))
    stored: consent_pb2.Consent = answer.consent
    return stored


async def listed(ask: Ask, **fields: Any) -> list[consent_pb2.Consent]:
    return list((await ask(pb.ListConsentsRequest(subject=ANN, **fields))).consents)


async def test_a_double_opt_in_is_pending_and_then_granted(ask: Ask) -> None:
    await publish(ask)
    now_s = time.time()
    asked = await say(ask, "r1", granted_time=moment(now_s - 60))
    assert asked.status == consent_pb2.CONSENT_STATUS_PENDING_CONFIRMATION
    assert await listed(ask) == [asked]
    assert list((await ask(pb.GetProfileRequest(subject=ANN))).profile.consents) == [asked]
    confirmed = await say(ask, "r2", confirmed_time=moment(now_s - 30))
    assert (confirmed.status, confirmed.confirmed_time) == (GRANTED, moment(now_s - 30))
    assert confirmed.granted_time == confirmed.confirmed_time
    assert await listed(ask) == [confirmed]
    assert await listed(ask, consent_time=moment(now_s - 45)) == [asked]
    assert await listed(ask, consent_time=moment(now_s - 90)) == []


async def test_a_soft_opt_in_comes_back_with_its_groups(ask: Ask) -> None:
    basis = consent_pb2.LEGAL_BASIS_SOFT_OPT_IN
    stored = await say(ask, "r1", legal_basis=basis, similar_groups=["tea", "cups"])
    assert (list(stored.similar_groups), stored.legal_basis, stored.status) == (["tea", "cups"], basis, GRANTED)
    assert await listed(ask) == [stored]


async def test_signals_come_back_as_what_they_stand_for(ask: Ask) -> None:
    request = pb.RecordConsentSignalsRequest(
        request_id="r1", subject=BROWSER, tcf_string=tc_string(ACCEPT_ALL), gpc=True, jurisdiction="de"
    )
    answer = await ask(request)
    statuses = {each.purpose: each.status for each in answer.consents}
    assert statuses["PROFILING"] == GRANTED
    assert statuses["SALE_AND_SHARING"] == consent_pb2.CONSENT_STATUS_DENIED
    assert all(each.signalled and each.jurisdiction == "DE" for each in answer.consents)
    profile = (await ask(pb.GetProfileRequest(subject=BROWSER))).profile
    assert (profile.profile_id, len(profile.consents)) == (answer.profile_id, len(answer.consents))
    history = await ask(pb.ListConsentsRequest(subject=BROWSER, include_history=True))
    assert request.tcf_string in {each.proof for each in history.consents}


async def test_overlaid_signals_are_answered_and_not_kept(ask: Ask) -> None:
    overlay = consent_pb2.ConsentSignals(tcf_string=tc_string())
    profile = (await ask(pb.GetProfileRequest(subject=BROWSER, overlay_signals=overlay))).profile
    assert {each.status for each in profile.consents} == {consent_pb2.CONSENT_STATUS_DENIED}
    assert isinstance(await refusal(ask(pb.GetProfileRequest(subject=BROWSER))), NotFound)


async def test_every_item_of_a_write_says_what_became_of_it(ask: Ask, server: Loopback) -> None:
    await publish(ask)
    written = await upsert(ask, "r1", trait("age", number(30)), trait("taste", text("mint")))
    recorded, no_basis = pb.ITEM_STATUS_RECORDED, pb.ITEM_STATUS_NO_BASIS
    assert list(written.trait_statuses) == [recorded, no_basis]
    events = [event("e1", ANN, type="view"), event("e2", ANN, type="scroll"), event("e1", ANN, type="view")]
    results = (await ask(pb.RecordEventsRequest(request_id="r2", events=events))).results
    assert [each.status for each in results] == [recorded, no_basis, pb.ITEM_STATUS_DUPLICATE]
    assert [each.profile_id for each in results] == [written.profile_id, "", written.profile_id]
    assert [each.event.event_id for response in await tail(server) for each in response.events] == ["e1"]


REFUSED = {
    "no signal": (pb.RecordConsentSignalsRequest(request_id="r", subject=BROWSER), "tcf_string"),
    "no TC string": (pb.RecordConsentSignalsRequest(request_id="r", subject=BROWSER, tcf_string="x"), "tcf_string"),
    "nobody": (pb.RecordConsentSignalsRequest(request_id="r", gpc=True), "subject"),
    "no request": (pb.RecordConsentSignalsRequest(subject=BROWSER, gpc=True), "request_id"),
    "future signal": (
        pb.RecordConsentSignalsRequest(
            request_id="r", subject=BROWSER, gpc=True, observed_time=Timestamp(seconds=9_999_999_999)
        ),
        "observed_time",
    ),
    "similar to nothing": (
        pb.SetConsentRequest(
            request_id="r",
            subject=ANN,
            consent=consent_pb2.Consent(purpose="x", status=GRANTED, legal_basis=consent_pb2.LEGAL_BASIS_SOFT_OPT_IN),
        ),
        "consent.similar_groups",
    ),
    "confirmed before it was given": (
        pb.SetConsentRequest(
            request_id="r",
            subject=ANN,
            consent=consent_pb2.Consent(
                purpose="x",
                status=GRANTED,
                granted_time=Timestamp(seconds=2_000),
                confirmed_time=Timestamp(seconds=1_000),
            ),
        ),
        "consent.confirmed_time",
    ),
    "history at a moment": (
        pb.ListConsentsRequest(subject=ANN, include_history=True, consent_time=Timestamp(seconds=1)),
        "consent_time",
    ),
    "impossible moment": (pb.ListConsentsRequest(subject=ANN, consent_time=Timestamp(nanos=-1)), "consent_time"),
    "overlaid nonsense": (
        pb.GetProfileRequest(subject=ANN, overlay_signals=consent_pb2.ConsentSignals(tcf_string="B")),
        "overlay_signals.tcf_string",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_wrong_is_named_and_nothing_is_stored(ask: Ask, case: str) -> None:
    request, field = REFUSED[case]
    error = await refusal(ask(request))
    assert isinstance(error, InvalidArgument)
    assert error.violations[0].field == field
    for who in (ANN, BROWSER):
        assert isinstance(await refusal(ask(pb.GetProfileRequest(subject=who))), NotFound)
