"""The profile service in the same process."""

from __future__ import annotations

from collections.abc import Sequence

from services.local.deadline import until
from services.orchestrator.app.ports import ConsentStatement, Identity, SubjectEvent, SubjectQuery, SubjectView
from services.orchestrator.domain.policy_parts import AggregatePart, TraitPart, TraitSchemaPart
from services.profile.app import requests
from services.profile.app.application import ProfileApplication
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.consents import Consent
from services.profile.domain.identities import Identity as ProfileIdentity
from services.profile.domain.identities import identity_of
from services.profile.domain.schema import AggregateDeclaration, NamespaceDeclaration, TraitDeclaration, TraitSchema
from shared.clock import Clock
from shared.errors import NotFound


class LocalProfiles:
    """Implements ProfileReader and TraitSchemaPublisher."""

    def __init__(self, app: ProfileApplication, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView:
        asked = requests.ProfileQuery(
            subject=_subject(query.identities),
            read_ms=query.read_time_ms,
            schema_version=query.schema_version,
            overlay=tuple(_event(event) for event in query.overlay_events),
            token=query.consistency_token,
        )
        try:
            async with until(deadline_ms, self._clock):
                return _view(await self._app.get_profile(asked))
        except NotFound as nobody:
            if nobody.reason != "PROFILE_NOT_FOUND":
                raise
            return SubjectView(consistency_token=query.consistency_token)

    async def record_events(self, request_id: str, events: Sequence[SubjectEvent], *, deadline_ms: int) -> str:
        command = requests.RecordEvents(request_id, tuple(_event(event) for event in events))
        async with until(deadline_ms, self._clock):
            return (await self._app.record_events(command)).token

    async def publish_trait_schema(self, request_id: str, schema: TraitSchemaPart, *, activate: bool) -> str:
        command = requests.PublishTraitSchema(request_id, _schema(schema), activate)
        return (await self._app.publish_trait_schema(command)).schema_version


def _view(answer: requests.ProfileAnswer) -> SubjectView:
    profile = answer.profile
    statements = tuple(_statement(consent) for consent in profile.consents)
    return SubjectView(profile.profile_id, profile.features, statements, answer.advisories, answer.token)


def _statement(consent: Consent) -> ConsentStatement:
    identity = identity_of(consent.identity)
    return ConsentStatement(
        Identity(identity.namespace, identity.value),
        consent.purpose,
        consent.channel,
        consent.status.name,
        consent.legal_basis.name,
        consent.granted_ms,
        consent.expire_ms,
    )


def _subject(identities: Sequence[Identity]) -> requests.Subject:
    return tuple(ProfileIdentity(each.namespace, each.value, each.primary) for each in identities)


def _event(event: SubjectEvent) -> requests.EventWrite:
    return requests.EventWrite(
        event.event_id, _subject(event.identities), event.type, event.event_time_ms, event.properties
    )


def _schema(schema: TraitSchemaPart) -> TraitSchema:
    return TraitSchema(
        tuple(_trait(trait) for trait in schema.traits),
        tuple(_aggregate(aggregate) for aggregate in schema.aggregates),
        tuple(NamespaceDeclaration(name, known) for name, known in schema.namespaces.items()),
    )


def _trait(trait: TraitPart) -> TraitDeclaration:
    return TraitDeclaration(trait.name, trait.type, trait.allowed, trait.ttl_ms or 0, trait.immutable)


def _aggregate(aggregate: AggregatePart) -> AggregateDeclaration:
    measure = Measure[aggregate.measure]
    formula = Formula(
        measure=measure,
        event=aggregate.event,
        property_name=aggregate.property,
        window_ms=aggregate.window_ms or 0,
        half_life_ms=aggregate.half_life_ms or 0,
        type=aggregate.type if measure is Measure.LAST else None,
    )
    return AggregateDeclaration(aggregate.name, formula)
