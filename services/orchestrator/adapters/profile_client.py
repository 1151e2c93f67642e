"""The profile service over gRPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import grpc
from google.protobuf.duration_pb2 import Duration
from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import consent_pb2, event_pb2, profile_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.orchestrator.adapters.deadline import remaining_s
from services.orchestrator.app.ports import ConsentStatement, Identity, SubjectEvent, SubjectQuery, SubjectView
from services.orchestrator.domain.policy_parts import AggregatePart, TraitPart, TraitSchemaPart
from shared.clock import Clock
from shared.errors import NotFound
from shared.rpc.channel import call
from shared.rpc.values import feature_from_proto, timestamp_ms, timestamp_proto, value_from_proto, value_to_proto
from shared.values import Feature, FeatureStatus

SERVICE = "profile"
PUBLISH_S = 30.0


class GrpcProfiles:
    """Implements ProfileReader and TraitSchemaPublisher."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
        self._clock = clock

    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView:
        request = pb.GetProfileRequest(
            subject=_subject(query.identities),
            consistency_token=_token(query.consistency_token),
            read_time=timestamp_proto(query.read_time_ms),
            schema_version=query.schema_version,
            overlay_events=[_event(event) for event in query.overlay_events],
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        try:
            response: pb.GetProfileResponse = await call(
                self._stub.GetProfile, request, timeout_s=timeout_s, service=SERVICE
            )
        except NotFound as nobody:
            if nobody.reason != "PROFILE_NOT_FOUND":
                raise
            return SubjectView(consistency_token=query.consistency_token)
        return _view(response)

    async def record_events(self, request_id: str, events: Sequence[SubjectEvent], *, deadline_ms: int) -> str:
        request = pb.RecordEventsRequest(request_id=request_id, events=[_event(event) for event in events])
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.RecordEventsResponse = await call(
            self._stub.RecordEvents, request, timeout_s=timeout_s, service=SERVICE
        )
        return response.consistency_token.value

    async def publish_trait_schema(self, request_id: str, schema: TraitSchemaPart, *, activate: bool) -> str:
        request = pb.PublishTraitSchemaRequest(request_id=request_id, schema=_schema(schema), activate=activate)
        response: pb.PublishTraitSchemaResponse = await call(
            self._stub.PublishTraitSchema, request, timeout_s=PUBLISH_S, service=SERVICE
        )
        return response.schema_version


def _view(response: pb.GetProfileResponse) -> SubjectView:
    profile = response.profile
    return SubjectView(
        profile.profile_id,
        _features(profile),
        tuple(_statement(consent) for consent in profile.consents),
        tuple(response.advisories),
        response.consistency_token.value,
    )


def _features(profile: profile_pb2.Profile) -> Mapping[str, Feature]:
    """What was observed, and the bare status of every other declared attribute."""
    features = {name: Feature(None, FeatureStatus(status)) for name, status in profile.feature_statuses.items()}
    for name, trait in profile.traits.items():
        features[name] = Feature(value_from_proto(trait.value, name), FeatureStatus(trait.status))
    for name, aggregate in profile.aggregates.items():
        features[name] = feature_from_proto(aggregate, name)
    return features


def _statement(consent: consent_pb2.Consent) -> ConsentStatement:
    return ConsentStatement(
        Identity(consent.identity.namespace, consent.identity.value),
        consent.purpose,
        consent.channel,
        consent_pb2.ConsentStatus.Name(consent.status).removeprefix("CONSENT_STATUS_"),
        consent_pb2.LegalBasis.Name(consent.legal_basis).removeprefix("LEGAL_BASIS_"),
        timestamp_ms(consent.granted_time, "granted_time"),
        timestamp_ms(consent.expire_time, "expire_time") if consent.HasField("expire_time") else None,
    )


def _subject(identities: Sequence[Identity]) -> subject_pb2.Subject:
    return subject_pb2.Subject(
        identities=[
            subject_pb2.Identity(namespace=each.namespace, value=each.value, primary=each.primary)
            for each in identities
        ]
    )


def _token(token: str) -> subject_pb2.ConsistencyToken | None:
    return subject_pb2.ConsistencyToken(value=token) if token else None


def _event(event: SubjectEvent) -> event_pb2.Event:
    return event_pb2.Event(
        event_id=event.event_id,
        subject=_subject(event.identities),
        type=event.type,
        event_time=None if event.event_time_ms is None else timestamp_proto(event.event_time_ms),
        properties={name: value_to_proto(value) for name, value in event.properties.items()},
    )


def _schema(schema: TraitSchemaPart) -> trait_pb2.TraitSchema:
    return trait_pb2.TraitSchema(
        traits=[_trait(trait) for trait in schema.traits],
        aggregates=[_aggregate(aggregate) for aggregate in schema.aggregates],
        namespaces=[
            trait_pb2.NamespaceDeclaration(name=name, known=known) for name, known in schema.namespaces.items()
        ],
    )


def _trait(trait: TraitPart) -> trait_pb2.TraitDeclaration:
    return trait_pb2.TraitDeclaration(
        name=trait.name,
        type=int(trait.type),  # type: ignore[arg-type]
        allowed=[value_to_proto(value) for value in trait.allowed],
        ttl=_period(trait.ttl_ms),
        immutable=trait.immutable,
    )


def _aggregate(aggregate: AggregatePart) -> trait_pb2.AggregateDeclaration:
    return trait_pb2.AggregateDeclaration(
        name=aggregate.name,
        event=aggregate.event,
        measure=f"MEASURE_{aggregate.measure}",
        property=aggregate.property,
        window=_period(aggregate.window_ms),
        half_life=_period(aggregate.half_life_ms),
        type=0 if aggregate.type is None else int(aggregate.type),  # type: ignore[arg-type]
    )


def _period(period_ms: int | None) -> Duration | None:
    if period_ms is None:
        return None
    seconds, rest_ms = divmod(period_ms, 1000)
    return Duration(seconds=seconds, nanos=rest_ms * 1_000_000)
