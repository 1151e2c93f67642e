"""What the use cases answer, on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import consent_pb2, event_pb2, profile_pb2, profile_service_pb2

from services.profile.api.mapping.ledger import entry_proto, status_proto
from services.profile.app.fairness import Pace
from services.profile.app.requests import (
    ConsentPage,
    ConsentRecorded,
    EventResult,
    EventsRecorded,
    LoggedEvent,
    LogPage,
    ProfileAnswer,
    SchemaPublished,
    SignalsRecorded,
    Written,
)
from services.profile.domain.consents import Consent
from services.profile.domain.identities import identity_of
from services.profile.domain.reading import ProfileView
from shared.errors import ResourceExhausted, TandemError
from shared.rpc.errors import to_status
from shared.rpc.values import set_time, set_value, timestamp_proto, value_to_proto

MAX_TAIL_BYTES = 2**20
"""Of one message of the tail, unless a single event is larger."""
MAX_BATCH_BYTES = 16 * 2**20
"""Of the profiles in one answer: below what gRPC sends, 20 MiB."""


def profile_response(answer: ProfileAnswer) -> profile_service_pb2.GetProfileResponse:
    return profile_service_pb2.GetProfileResponse(
        profile=profile_message(answer.profile),
        advisories=answer.advisories,
        consistency_token=_token(answer.token),
        held_identities=answer.held,
    )


async def batch_response(
    answers: Iterable[ProfileAnswer | TandemError],
) -> profile_service_pb2.BatchGetProfilesResponse:
    """Profiles that one answer has no room for are RESULT_TOO_LARGE, each by itself."""
    response, size, pace = profile_service_pb2.BatchGetProfilesResponse(), 0, Pace()
    for answer in answers:
        item = _batch_item(answer)
        if size + item.ByteSize() > MAX_BATCH_BYTES:
            item = _batch_item(_no_room())
        size += item.ByteSize()
        response.items.append(item)
        await pace.give_way()
    return response


def _batch_item(answer: ProfileAnswer | TandemError) -> profile_service_pb2.BatchGetProfilesResponse.Item:
    if isinstance(answer, TandemError):
        return profile_service_pb2.BatchGetProfilesResponse.Item(error=to_status(answer))
    return profile_service_pb2.BatchGetProfilesResponse.Item(result=profile_response(answer))


def _no_room() -> ResourceExhausted:
    message = "one answer does not hold it beside the ones before: ask for fewer profiles at once"
    return ResourceExhausted("RESULT_TOO_LARGE", message, metadata={"max_bytes": str(MAX_BATCH_BYTES)})


def written_response(answer: Written) -> profile_service_pb2.UpsertTraitsResponse:
    return profile_service_pb2.UpsertTraitsResponse(
        profile_id=answer.profile_id,
        consistency_token=_token(answer.token),
        advisories=answer.advisories,
        trait_statuses=map(int, answer.statuses),  # type: ignore[arg-type]
    )


def events_response(answer: EventsRecorded) -> profile_service_pb2.RecordEventsResponse:
    return profile_service_pb2.RecordEventsResponse(
        results=map(_result, answer.results), consistency_token=_token(answer.token)
    )


def tail_responses(page: Sequence[LoggedEvent]) -> Iterator[profile_service_pb2.TailEventsResponse]:
    """The page in messages of bounded size."""
    response, size_bytes = profile_service_pb2.TailEventsResponse(), 0
    for logged in page:
        recorded = _recorded_event(logged)
        size_bytes += recorded.ByteSize()
        if response.events and size_bytes > MAX_TAIL_BYTES:
            yield response
            response, size_bytes = profile_service_pb2.TailEventsResponse(), recorded.ByteSize()
        response.events.append(recorded)
        response.position = recorded.position
    yield response


def log_responses(page: LogPage) -> Iterator[profile_service_pb2.TailEventsResponse]:
    """The page in messages of bounded size, or the one message that says where the log ends."""
    if page.events:
        yield from tail_responses(page.events)
    else:
        yield profile_service_pb2.TailEventsResponse(position=str(page.position))


def consent_response(answer: ConsentRecorded) -> profile_service_pb2.SetConsentResponse:
    return profile_service_pb2.SetConsentResponse(
        profile_id=answer.profile_id,
        consent=_consent(answer.consent),
        consistency_token=_token(answer.token),
        advisories=answer.advisories,
    )


def signals_response(answer: SignalsRecorded) -> profile_service_pb2.RecordConsentSignalsResponse:
    return profile_service_pb2.RecordConsentSignalsResponse(
        profile_id=answer.profile_id,
        consents=map(_consent, answer.consents),
        consistency_token=_token(answer.token),
        advisories=answer.advisories,
    )


def consents_response(page: ConsentPage) -> profile_service_pb2.ListConsentsResponse:
    return profile_service_pb2.ListConsentsResponse(
        consents=map(_consent, page.consents), next_page_token=page.next_page_token
    )


def schema_response(answer: SchemaPublished) -> profile_service_pb2.PublishTraitSchemaResponse:
    return profile_service_pb2.PublishTraitSchemaResponse(schema_version=answer.schema_version)


def profile_message(view: ProfileView) -> profile_pb2.Profile:
    profile = profile_pb2.Profile(
        profile_id=view.profile_id,
        identities=map(_identity, view.identities),
        known=view.known,
        consents=map(_consent, view.consents),
        create_time=timestamp_proto(view.created_ms),
        update_time=timestamp_proto(view.updated_ms),
        merged_profile_ids=view.merged,
        contacts=(entry_proto(contact, view.read_ms) for contact in view.contacts),
        contact_limits=map(status_proto, view.limit_statuses),
    )
    for name, observation in view.traits.items():
        trait, feature = profile.traits[name], view.features[name]
        trait.name = name
        set_value(trait.value, feature.value)
        trait.source = int(observation.source)  # type: ignore[assignment]
        set_time(trait.observed_time, observation.observed_ms)
        trait.status = int(feature.status)  # type: ignore[assignment]
    for name, feature in view.features.items():
        profile.feature_statuses[name] = int(feature.status)  # type: ignore[assignment]
        if name in view.aggregates:
            aggregate = profile.aggregates[name]
            aggregate.status = int(feature.status)  # type: ignore[assignment]
            if feature.value is not None:
                set_value(aggregate.value, feature.value)
    return profile


def _consent(consent: Consent) -> consent_pb2.Consent:
    return consent_pb2.Consent(
        identity=_identity(consent.identity),
        purpose=consent.purpose,
        channel=consent.channel,
        status=int(consent.status),  # type: ignore[arg-type]
        legal_basis=int(consent.legal_basis),  # type: ignore[arg-type]
        jurisdiction=consent.jurisdiction,
        collection_point=consent.collection_point,
        policy_version=consent.policy_version,
        granted_time=timestamp_proto(consent.granted_ms),
        expire_time=None if consent.expire_ms is None else timestamp_proto(consent.expire_ms),
        proof=consent.proof,
        confirmed_time=None if consent.confirmed_ms is None else timestamp_proto(consent.confirmed_ms),
        similar_groups=consent.similar_groups,
        signalled=consent.signalled,
    )


def _recorded_event(logged: LoggedEvent) -> event_pb2.RecordedEvent:
    event = logged.event
    return event_pb2.RecordedEvent(
        position=str(logged.position),
        profile_id=logged.profile_id,
        event=event_pb2.Event(
            event_id=event.event_id,
            subject=subject_pb2.Subject(identities=map(_identity, event.identities)),
            type=event.type,
            event_time=timestamp_proto(event.event_ms),
            properties={name: value_to_proto(value) for name, value in event.properties.items()},
            is_machine=event.is_machine,
        ),
        recorded_time=timestamp_proto(event.recorded_ms),
    )


def _result(result: EventResult) -> profile_service_pb2.RecordEventsResponse.Result:
    return profile_service_pb2.RecordEventsResponse.Result(
        event_id=result.event_id,
        profile_id=result.profile_id,
        duplicate=result.duplicate,
        advisories=result.advisories,
        status=int(result.status),  # type: ignore[arg-type]
    )


def _identity(key: str) -> subject_pb2.Identity:
    identity = identity_of(key)
    return subject_pb2.Identity(namespace=identity.namespace, value=identity.value)


def _token(token: str) -> subject_pb2.ConsistencyToken:
    return subject_pb2.ConsistencyToken(value=token)
