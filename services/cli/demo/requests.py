"""A visit of the log as requests to the services, in the words of the policy of the fashion store."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.common.v1.value_pb2 import TypedValue
from tandem.orchestrator.v1.decision_pb2 import DecideRequest, Placement
from tandem.orchestrator.v1.orchestrator_service_pb2 import CaptureOutcomesRequest
from tandem.orchestrator.v1.outcome_pb2 import OffPolicyPresentation, OutcomeItem
from tandem.profile.v1.consent_pb2 import Consent
from tandem.profile.v1.event_pb2 import Event
from tandem.profile.v1.profile_service_pb2 import SetConsentRequest, UpsertTraitsRequest
from tandem.profile.v1.trait_pb2 import Trait

from services.cli.demo.visits import Visit

WEB = "WEB"
PLACEMENTS = ("left", "middle", "right")
OUTBOUND_CHANNELS = ("EMAIL", "PUSH")
OUTBOUND_EVERY = 20
CONSENT_EVERY = 3


def subject(visit: Visit) -> Subject:
    """Nobody is known twice: every row is a visitor with a cookie of their own."""
    return Subject(identities=[Identity(namespace="cookie", value=f"visitor-{visit.index}")])


def action(item: int) -> str:
    return f"item_{item:02d}"


def placement(visit: Visit) -> str:
    return PLACEMENTS[visit.position - 1]


def is_contacted(visit: Visit) -> bool:
    """Whether the visitor also gets an outbound decision."""
    return visit.index % OUTBOUND_EVERY == OUTBOUND_EVERY - 1


def consented_channels(visit: Visit) -> Sequence[str]:
    """Of those who are contacted, a third permits nothing, a third e-mail, a third e-mail and push."""
    if not is_contacted(visit):
        return ()
    return OUTBOUND_CHANNELS[: visit.index // OUTBOUND_EVERY % CONSENT_EVERY]


def traits(visit: Visit) -> UpsertTraitsRequest:
    """What the log knew of the visitor before the visit; never its outcome."""
    features = [
        Trait(name=f"user_feature_{i}", value=TypedValue(string_value=text), source="TRAIT_SOURCE_IMPLICIT")
        for i, text in enumerate(visit.user_features)
    ]
    return UpsertTraitsRequest(request_id=f"traits-{visit.index}", subject=subject(visit), traits=features)


def consent(visit: Visit, channel: str) -> SetConsentRequest:
    statement = Consent(purpose="MARKETING", channel=channel, status="CONSENT_STATUS_GRANTED", collection_point="demo")
    return SetConsentRequest(request_id=f"consent-{channel}-{visit.index}", subject=subject(visit), consent=statement)


def behaviour(visit: Visit) -> list[Event]:
    """The visitor's earlier clicks, one event each."""
    return [
        Event(
            event_id=f"click-{visit.index}-{item}-{number}",
            subject=subject(visit),
            type="item_click",
            properties={"item": TypedValue(string_value=action(item))},
        )
        for item, clicks in visit.affinities
        for number in range(clicks)
    ]


def inbound(visit: Visit) -> DecideRequest:
    """The behaviour rides in the call: the decision knows of it."""
    return DecideRequest(
        request_id=f"visit-{visit.index}",
        subject=subject(visit),
        events=behaviour(visit),
        direction="DIRECTION_INBOUND",
        channels=[WEB],
        placements=[Placement(placement_id=placement(visit), count=1)],
    )


def outbound(visit: Visit) -> DecideRequest:
    return DecideRequest(
        request_id=f"contact-{visit.index}",
        subject=subject(visit),
        direction="DIRECTION_OUTBOUND",
        channels=OUTBOUND_CHANNELS,
    )


def outcomes(visit: Visit, decision_id: str) -> CaptureOutcomesRequest:
    """What the log's own policy showed, and the click on it: neither was Tandem's choice."""
    happened = ["OUTCOME_IMPRESSION", "OUTCOME_CLICKED"] if visit.has_click else ["OUTCOME_IMPRESSION"]
    shown = OffPolicyPresentation(
        decision_id=decision_id,
        placement_id=placement(visit),
        action=action(visit.item),
        channel=WEB,
        choice_probability=visit.propensity,
    )
    items = [
        OutcomeItem(idempotency_key=f"{outcome}-{visit.index}", off_policy=shown, outcome=outcome)
        for outcome in happened
    ]
    return CaptureOutcomesRequest(request_id=f"outcomes-{visit.index}", items=items)
