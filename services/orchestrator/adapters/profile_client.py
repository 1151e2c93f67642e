"""The profile service over gRPC."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Final

import grpc
from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import consent_pb2, contact_pb2, event_pb2, profile_pb2, search_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.orchestrator.adapters.contact_ledger_client import contact_count
from services.orchestrator.adapters.deadline import remaining_s
from services.orchestrator.adapters.reading import reading
from services.orchestrator.app.audience import PAGE, PAGE_S, AudiencePage
from services.orchestrator.app.persons import Person
from services.orchestrator.app.ports import (
    NO_SIGNALS,
    ConsentSignals,
    ConsentStatement,
    HeldContact,
    Identity,
    SubjectEvent,
    SubjectQuery,
    SubjectView,
)
from services.orchestrator.domain.past_contacts import PastContact
from services.orchestrator.domain.policy_parts import (
    AggregatePart,
    ContactLimitPart,
    NamespacePart,
    RelationPart,
    TraitPart,
    TraitSchemaPart,
)
from shared.clock import Clock
from shared.errors import Internal, InvalidArgument, NotFound, TandemError
from shared.rpc.channel import call, call_stream
from shared.rpc.errors import from_status
from shared.rpc.values import (
    duration_proto,
    feature_from_proto,
    timestamp_ms,
    timestamp_proto,
    value_from_proto,
    value_to_proto,
)
from shared.values import Feature, FeatureStatus

SERVICE = "profile"
PUBLISH_S = 30.0
OUTBOUND: Final = "OUTBOUND"
_SHOWN: Final = ("impression_time", "delivery_time", "attempt_time")


class GrpcProfiles:
    """Implements ProfileReader, ManyProfiles, PersonFinder, Audience and TraitSchemaPublisher."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
        self._clock = clock

    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView:
        request = _query(query)
        timeout_s = remaining_s(deadline_ms, self._clock)
        try:
            response: pb.GetProfileResponse = await call(
                self._stub.GetProfile, request, timeout_s=timeout_s, service=SERVICE
            )
        except NotFound as nobody:
            if nobody.reason != "PROFILE_NOT_FOUND":
                raise
            return SubjectView(consistency_token=query.consistency_token)
        with reading(SERVICE):
            return _view(response, query)

    async def get_many(
        self, queries: Sequence[SubjectQuery], *, deadline_ms: int
    ) -> Sequence[SubjectView | TandemError]:
        request = pb.BatchGetProfilesRequest(requests=[_query(query) for query in queries])
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.BatchGetProfilesResponse = await call(
            self._stub.BatchGetProfiles, request, timeout_s=timeout_s, service=SERVICE
        )
        with reading(SERVICE):
            return [_view_or_error(item, query) for item, query in zip(response.items, queries, strict=True)]

    async def record_events(self, request_id: str, events: Sequence[SubjectEvent], *, deadline_ms: int) -> str:
        request = pb.RecordEventsRequest(request_id=request_id, events=[_event(event) for event in events])
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.RecordEventsResponse = await call(
            self._stub.RecordEvents, request, timeout_s=timeout_s, service=SERVICE
        )
        return response.consistency_token.value

    async def record_signals(
        self, request_id: str, identities: Sequence[Identity], signals: ConsentSignals, *, deadline_ms: int
    ) -> str:
        request = pb.RecordConsentSignalsRequest(
            request_id=request_id, subject=_subject(identities), tcf_string=signals.tcf_string, gpc=signals.gpc
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.RecordConsentSignalsResponse = await call(
            self._stub.RecordConsentSignals, request, timeout_s=timeout_s, service=SERVICE
        )
        return response.consistency_token.value

    async def consents(
        self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int
    ) -> Sequence[tuple[ConsentStatement, ...] | None]:
        request = pb.BatchGetProfilesRequest(
            requests=[pb.GetProfileRequest(subject=_subject(identities)) for identities in subjects]
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.BatchGetProfilesResponse = await call(
            self._stub.BatchGetProfiles, request, timeout_s=timeout_s, service=SERVICE
        )
        return [_consents(item) for item in response.items]

    async def persons(self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int) -> Sequence[Person | None]:
        request = pb.BatchGetProfilesRequest(
            requests=[pb.GetProfileRequest(subject=_subject(identities)) for identities in subjects]
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.BatchGetProfilesResponse = await call(
            self._stub.BatchGetProfiles, request, timeout_s=timeout_s, service=SERVICE
        )
        return [_person(item) for item in response.items]

    async def members(self, condition: str, schema_version: str, after: str, *, deadline_ms: int) -> AudiencePage:
        request = search_pb2.SearchProfilesRequest(
            condition=condition, schema_version=schema_version, after_profile_id=after, page_size=PAGE
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        found: list[str] = []
        through, enough_s = "", time.monotonic() + PAGE_S
        stream = call_stream(self._stub.SearchProfiles, request, timeout_s=timeout_s, service=SERVICE)
        async with aclosing(stream) as answers:
            async for answer in answers:
                found += (profile.profile_id for profile in answer.profiles)
                through = answer.through_profile_id
                if len(found) >= PAGE or time.monotonic() > enough_s:
                    break
        return AudiencePage(tuple(found), through)

    async def publish_trait_schema(self, request_id: str, schema: TraitSchemaPart, *, activate: bool) -> str:
        request = pb.PublishTraitSchemaRequest(request_id=request_id, schema=_schema(schema), activate=activate)
        response: pb.PublishTraitSchemaResponse = await call(
            self._stub.PublishTraitSchema, request, timeout_s=PUBLISH_S, service=SERVICE
        )
        return response.schema_version


def _query(query: SubjectQuery) -> pb.GetProfileRequest:
    return pb.GetProfileRequest(
        subject=_subject(query.identities),
        consistency_token=_token(query.consistency_token),
        **{"earliest_read_time" if query.is_now else "read_time": timestamp_proto(query.read_time_ms)},
        schema_version=query.schema_version,
        overlay_events=[_event(event) for event in query.overlay_events],
        overlay_signals=_signals(query.overlay_signals),
        contacts_within=duration_proto(query.contacts_ms or None),
    )


def _view_or_error(item: pb.BatchGetProfilesResponse.Item, query: SubjectQuery) -> SubjectView | TandemError:
    if item.HasField("result"):
        return _view(item.result, query)
    failure = from_status(item.error)
    if isinstance(failure, NotFound) and failure.reason == "PROFILE_NOT_FOUND":
        return SubjectView(consistency_token=query.consistency_token)
    return failure or Internal("INTERNAL", "the profile service answered neither a profile nor an error")


def _view(response: pb.GetProfileResponse, query: SubjectQuery) -> SubjectView:
    profile, reference = response.profile, query.reference
    return SubjectView(
        profile.profile_id,
        _features(profile),
        tuple(_statement(consent) for consent in profile.consents),
        tuple(response.advisories),
        response.consistency_token.value,
        tuple(map(contact_count, (each for each in profile.contact_limits if each.used))),
        tuple(_held(each) for each in profile.contacts if _is_held(each, reference)) if reference else (),
        profile.known,
        tuple(response.held_identities),
        tuple(_past_contacts(profile.contacts, query.read_time_ms)) if query.contacts_ms else (),
        tuple(profile.merged_profile_ids),
    )


def _is_held(entry: contact_pb2.LedgerEntry, reference: str) -> bool:
    return entry.contact.reference.startswith(reference) and not entry.HasField("end_time")


def _held(entry: contact_pb2.LedgerEntry) -> HeldContact:
    contact = entry.contact
    return HeldContact(entry.reservation_id, contact.reference, contact.channel, contact.action)


def _past_contacts(entries: Iterable[contact_pb2.LedgerEntry], read_ms: int) -> Iterator[PastContact]:
    """Those the person got: saw, else had delivered, else had handed over and sent, and that have not ended."""
    for entry in entries:
        shown = next((field for field in _SHOWN if entry.HasField(field)), None)
        if shown is None or entry.HasField("end_time"):
            continue
        contact, shown_ms = entry.contact, timestamp_ms(getattr(entry, shown), shown)
        if shown == "attempt_time" and contact.HasField("send_time"):
            sent_ms = max(shown_ms, timestamp_ms(contact.send_time, "send_time"))
            if shown_ms < sent_ms and sent_ms > read_ms:
                continue
            shown_ms = sent_ms
        yield PastContact(
            contact.action,
            shown_ms,
            contact.reference,
            contact.channel,
            contact.direction == OUTBOUND,
            _sent_ms(entry, shown_ms),
        )


def _sent_ms(entry: contact_pb2.LedgerEntry, shown_ms: int) -> int:
    """When it was handed over, or went out after that; when it was shown, where nobody said so."""
    if not entry.HasField("attempt_time"):
        return shown_ms
    planned_ms = timestamp_ms(entry.contact.send_time, "send_time") if entry.contact.HasField("send_time") else 0
    return min(max(timestamp_ms(entry.attempt_time, "attempt_time"), planned_ms), shown_ms)


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
        timestamp_ms(consent.confirmed_time, "confirmed_time") if consent.HasField("confirmed_time") else None,
        tuple(consent.similar_groups),
        consent.signalled,
    )


def _consents(item: pb.BatchGetProfilesResponse.Item) -> tuple[ConsentStatement, ...] | None:
    if item.HasField("result"):
        return tuple(map(_statement, item.result.profile.consents))
    failure = from_status(item.error)
    if isinstance(failure, (NotFound, InvalidArgument)):
        return None
    raise failure or Internal("INTERNAL", "the profile service answered neither a profile nor an error")


def _person(item: pb.BatchGetProfilesResponse.Item) -> Person | None:
    if item.HasField("result"):
        profile = item.result.profile
        return Person(profile.profile_id, tuple(profile.merged_profile_ids))
    failure = from_status(item.error)
    if isinstance(failure, (NotFound, InvalidArgument)):
        return None
    raise failure or Internal("INTERNAL", "the profile service answered neither a profile nor an error")


def _signals(signals: ConsentSignals) -> consent_pb2.ConsentSignals | None:
    if signals == NO_SIGNALS:
        return None
    return consent_pb2.ConsentSignals(tcf_string=signals.tcf_string, gpc=signals.gpc)


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
        namespaces=[_namespace(namespace) for namespace in schema.namespaces],
        purposes=[
            trait_pb2.PurposeDeclaration(
                name=each.name, basis=f"LEGAL_BASIS_{each.basis}", double_opt_in=each.double_opt_in
            )
            for each in schema.purposes
        ],
        event_types=[
            trait_pb2.EventTypeDeclaration(
                type=each.type, retention=duration_proto(each.retention_ms), purposes=each.purposes
            )
            for each in schema.event_types
        ],
        time_zone_trait=schema.time_zone_trait,
        default_time_zone=schema.default_time_zone,
        relations=[_relation(relation) for relation in schema.relations],
        contact_limits=[_limit(limit) for limit in schema.contact_limits],
    )


def _limit(limit: ContactLimitPart) -> contact_pb2.ContactLimit:
    return contact_pb2.ContactLimit(
        limit_id=limit.limit_id,
        max=limit.max,
        window=duration_proto(limit.window_ms),
        calendar=f"CALENDAR_UNIT_{limit.calendar or 'UNSPECIFIED'}",
        counts=f"CONTACT_EVENT_{limit.counts}",
        channels=limit.channels,
        direction=limit.direction,
        message_class=limit.message_class,
        issues=limit.issues,
        groups=limit.groups,
        actions=limit.actions,
        campaigns=limit.campaigns,
        scope=f"LIMIT_SCOPE_{limit.scope or 'UNSPECIFIED'}",
        responses=[f"CONTACT_RESPONSE_{outcome}" for outcome in limit.outcomes],
        pause=duration_proto(limit.pause_ms),
    )


def _namespace(namespace: NamespacePart) -> trait_pb2.NamespaceDeclaration:
    return trait_pb2.NamespaceDeclaration(
        name=namespace.name,
        known=namespace.known,
        normalisation=f"NORMALISATION_{namespace.normalisation or 'UNSPECIFIED'}",
        shared=namespace.shared,
        max_per_profile=namespace.max_per_profile,
        default_region=namespace.default_region,
    )


def _trait(trait: TraitPart) -> trait_pb2.TraitDeclaration:
    return trait_pb2.TraitDeclaration(
        name=trait.name,
        type=int(trait.type),  # type: ignore[arg-type]
        allowed=[value_to_proto(value) for value in trait.allowed],
        ttl=duration_proto(trait.ttl_ms),
        immutable=trait.immutable,
        precedence=[f"TRAIT_SOURCE_{source}" for source in trait.precedence],
        retention=duration_proto(trait.retention_ms),
        purposes=trait.purposes,
        indexed=trait.indexed,
    )


def _aggregate(aggregate: AggregatePart) -> trait_pb2.AggregateDeclaration:
    return trait_pb2.AggregateDeclaration(
        name=aggregate.name,
        event=aggregate.event,
        measure=f"MEASURE_{aggregate.measure}",
        property=aggregate.property,
        window=duration_proto(aggregate.window_ms),
        half_life=duration_proto(aggregate.half_life_ms),
        type=0 if aggregate.type is None else int(aggregate.type),  # type: ignore[arg-type]
        calendar=f"CALENDAR_UNIT_{aggregate.calendar or 'UNSPECIFIED'}",
        previous=aggregate.previous,
        k=aggregate.k,
        filter=aggregate.filter,
        condition=aggregate.condition,
        properties={name: int(kind) for name, kind in aggregate.properties},  # type: ignore[misc]
        returned_event=aggregate.returned_event,
        relation=aggregate.relation,
    )


def _relation(relation: RelationPart) -> trait_pb2.RelationDeclaration:
    pairs = (trait_pb2.RelationDeclaration.Pair(item=item, implied=implied) for item, implied in relation.pairs)
    return trait_pb2.RelationDeclaration(name=relation.name, pairs=pairs)
