"""A person who is planted everywhere, erased, and looked for."""

from __future__ import annotations

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.orchestrator.v1.orchestrator_service_pb2 import ExportSubjectDataRequest
from tandem.profile.v1 import consent_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb
from tandem.profile.v1.rights_pb2 import EraseSubjectRequest, ExportSubjectRequest

from tests.support.servers import Deployment
from tests.support.tandem_client import (
    TIMEOUT_S,
    Refusal,
    TandemClient,
    event,
    fresh,
    inbound,
    only,
    outbound,
    outcome,
    subject,
    typed,
)
from tests.support.traces import traces_of

FOLLOWS_WITHIN_S = 20.0
"""How long the other services may take; they say "within seconds"."""


def plant(client: TandemClient, marker: str, who: str, also: str) -> list[str]:
    """The marker wherever a caller can put it; answers the decisions about the person."""
    client.upsert(who, first_name=marker)
    visit = event(who, "page_view")
    visit.subject.MergeFrom(subject(also))
    visit.properties["page"].CopyFrom(typed(marker))
    client.profile.RecordEvents(
        profile_pb.RecordEventsRequest(request_id=fresh("events"), events=[visit]), timeout=TIMEOUT_S
    )
    for channel in ("email", "sms"):
        consent = consent_pb2.Consent(
            purpose="marketing",
            channel=channel,
            status="CONSENT_STATUS_GRANTED",
            proof=marker,
            collection_point=marker,
            granted_time=Timestamp(seconds=int(time.time()) - 60),
        )
        client.profile.SetConsent(
            profile_pb.SetConsentRequest(request_id=fresh("consent"), subject=subject(who), consent=consent),
            timeout=TIMEOUT_S,
        )
    happening = event(who, "cart_add")
    happening.properties["sku"].CopyFrom(typed(marker))
    answers = [
        client.decide(inbound(also, events=[happening], context={"weather": typed("rain")})),
        client.decide(inbound(who)),
        client.decide(outbound(who, "email")),
    ]
    for answer in answers:
        for proposition in only(answer).propositions.items:
            told = outcome(proposition.proposition_id, "CLICKED")
            told.agent_id = told.disposition = marker
            client.capture(outcome(proposition.proposition_id, "IMPRESSION"), told)
    return [answer.decision_id for answer in answers]


def exported(client: TandemClient, who: str) -> str:
    pages = client.profile.ExportSubject(ExportSubjectRequest(subject=subject(who)), timeout=TIMEOUT_S)
    return "\n".join(line for page in pages for line in page.lines)


def erase_without_a_trace(client: TandemClient, deployment: Deployment) -> float:
    """Plants a person wherever a caller can put something, erases them, and looks everywhere; answers the seconds until
    nothing was left in any service.
    """
    marker, name = fresh("marker"), fresh("ada")
    who, also = f"email:{marker}@example.org", f"cookie:{marker}"
    decisions = plant(client, marker, who, also)
    client.upsert(f"crm:{name}", first_name=name)
    places = traces_of(marker, deployment)
    assert len(places) >= 5, f"the marker was planted in too few places to show anything: {places}"
    assert marker in exported(client, also)
    profile_id = client.decide(inbound(who)).profile_id
    told = client.orchestrator.ExportSubjectData(ExportSubjectDataRequest(profile_ids=[profile_id]), timeout=TIMEOUT_S)
    assert {decision in line for decision in decisions for page in told for line in page.lines} >= {True}

    erased = client.profile.EraseSubject(
        EraseSubjectRequest(request_id=fresh("erase"), subject=subject(also), reason="asked for"), timeout=TIMEOUT_S
    )
    assert profile_id in erased.profile_ids

    started = time.monotonic()
    deadline = started + FOLLOWS_WITHIN_S
    while (places := traces_of(marker, deployment)) and time.monotonic() < deadline:
        time.sleep(0.5)
    seconds = time.monotonic() - started
    assert places == []
    for decision_id in decisions:
        with pytest.raises(grpc.RpcError) as refused:
            client.get(decision_id)
        assert Refusal.of(refused.value).reason == "DECISION_NOT_FOUND"
    for identity in (who, also):
        with pytest.raises(grpc.RpcError) as refused:
            exported(client, identity)
        assert Refusal.of(refused.value).reason == "PROFILE_NOT_FOUND"
        with pytest.raises(grpc.RpcError) as refused:
            client.upsert(identity, first_name=marker)
        assert Refusal.of(refused.value).reason == "SUBJECT_ERASED"
    assert traces_of(marker, deployment) == []
    assert name in exported(client, f"crm:{name}")
    return seconds
