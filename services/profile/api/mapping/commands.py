"""Requests on the wire to what the use cases are asked."""

from __future__ import annotations

from tandem.profile.v1 import consent_pb2, event_pb2, profile_service_pb2, trait_pb2

from services.profile.api.mapping import fields
from services.profile.api.mapping.schema import schema_from_proto
from services.profile.app.requests import (
    ConsentQuery,
    ConsentWrite,
    EventWrite,
    ProfileQuery,
    PublishTraitSchema,
    RecordConsentSignals,
    RecordEvents,
    SetConsent,
    TailQuery,
    TraitWrite,
    UpsertTraits,
)
from services.profile.domain.consents import ConsentStatus, LegalBasis
from services.profile.domain.signals.statements import Signals
from services.profile.domain.trait_source import TraitSource
from shared.errors import InvalidArgument
from shared.rpc.values import value_from_proto


def profile_query(request: profile_service_pb2.GetProfileRequest) -> ProfileQuery:
    return ProfileQuery(
        subject=fields.subject(request.subject),
        read_ms=fields.reading_ms(request, "read_time", ""),
        schema_version=request.schema_version,
        overlay=tuple(_event(event, f"overlay_events[{i}]") for i, event in enumerate(request.overlay_events)),
        token=request.consistency_token.value,
        overlay_signals=Signals(request.overlay_signals.tcf_string, request.overlay_signals.gpc),
        earliest_ms=fields.reading_ms(request, "earliest_read_time", "") or 0,
        contacts_ms=fields.period_ms(request, "contacts_within", ""),
    )


def upsert_traits(request: profile_service_pb2.UpsertTraitsRequest) -> UpsertTraits:
    traits = tuple(trait_write(trait, f"traits[{i}]") for i, trait in enumerate(request.traits))
    return UpsertTraits(request.request_id, fields.subject(request.subject), traits)


def record_events(request: profile_service_pb2.RecordEventsRequest) -> RecordEvents:
    events = tuple(_event(event, f"events[{i}]") for i, event in enumerate(request.events))
    return RecordEvents(request.request_id, events)


def tail_query(request: profile_service_pb2.TailEventsRequest) -> TailQuery:
    if request.tell_end and request.follow:
        raise InvalidArgument.field("tell_end", "is not for a call that stays open")
    if request.from_end and request.after_position:
        raise InvalidArgument.field("from_end", "has no after_position")
    return TailQuery(request.after_position, tuple(request.types), request.follow, request.from_end)


def set_consent(request: profile_service_pb2.SetConsentRequest) -> SetConsent:
    return SetConsent(request.request_id, fields.subject(request.subject), _consent(request.consent))


def record_consent_signals(request: profile_service_pb2.RecordConsentSignalsRequest) -> RecordConsentSignals:
    return RecordConsentSignals(
        request.request_id,
        fields.subject(request.subject),
        Signals(request.tcf_string, request.gpc),
        fields.time_ms(request, "observed_time", ""),
        request.jurisdiction,
    )


def consent_query(request: profile_service_pb2.ListConsentsRequest) -> ConsentQuery:
    return ConsentQuery(
        fields.subject(request.subject),
        request.page_size,
        request.page_token,
        request.include_history,
        fields.time_ms(request, "consent_time", ""),
    )


def publish_trait_schema(request: profile_service_pb2.PublishTraitSchemaRequest) -> PublishTraitSchema:
    return PublishTraitSchema(request.request_id, schema_from_proto(request.schema), request.activate)


def trait_write(trait: trait_pb2.Trait, path: str) -> TraitWrite:
    return TraitWrite(
        name=trait.name,
        value=value_from_proto(trait.value, f"{path}.value"),
        source=fields.enum(TraitSource, trait.source, f"{path}.source", TraitSource.EXPLICIT),
        observed_ms=fields.time_ms(trait, "observed_time", f"{path}."),
    )


def _event(event: event_pb2.Event, path: str) -> EventWrite:
    return EventWrite(
        event_id=event.event_id,
        subject=fields.subject(event.subject),
        type=event.type,
        event_ms=fields.time_ms(event, "event_time", f"{path}."),
        properties={
            name: value_from_proto(value, f'{path}.properties["{name}"]') for name, value in event.properties.items()
        },
        is_machine=event.is_machine,
        link_token=event.link_token,
        user_agent=event.user_agent,
    )


def _consent(consent: consent_pb2.Consent) -> ConsentWrite:
    return ConsentWrite(
        purpose=consent.purpose,
        status=fields.enum(ConsentStatus, consent.status, "consent.status"),
        identity=fields.identity(consent.identity) if consent.HasField("identity") else None,
        channel=consent.channel,
        legal_basis=fields.enum(LegalBasis, consent.legal_basis, "consent.legal_basis", LegalBasis.UNSPECIFIED),
        granted_ms=fields.time_ms(consent, "granted_time", "consent."),
        expire_ms=fields.time_ms(consent, "expire_time", "consent."),
        jurisdiction=consent.jurisdiction,
        collection_point=consent.collection_point,
        policy_version=consent.policy_version,
        proof=consent.proof,
        confirmed_ms=fields.time_ms(consent, "confirmed_time", "consent."),
        similar_groups=tuple(consent.similar_groups),
    )
