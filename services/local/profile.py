"""The profile service in the same process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing

from services.local.contact_ledger import contact_count, contact_limit, held_contacts, past_contacts
from services.orchestrator.app.audience import PAGE, PAGE_S, AudiencePage
from services.orchestrator.app.persons import Person
from services.orchestrator.app.ports import (
    ConsentSignals,
    ConsentStatement,
    Identity,
    SubjectEvent,
    SubjectQuery,
    SubjectView,
)
from services.orchestrator.domain.policy_parts import AggregatePart, NamespacePart, TraitPart, TraitSchemaPart
from services.profile.app import requests
from services.profile.app.application import ProfileApplication
from services.profile.app.search_profiles import SearchQuery
from services.profile.domain.aggregates.formula import Formula, Measure, settled
from services.profile.domain.consents import Consent, LegalBasis
from services.profile.domain.identities import Identity as ProfileIdentity
from services.profile.domain.identities import identity_of
from services.profile.domain.ledger.limits import CalendarUnit
from services.profile.domain.normalisation import Normalisation
from services.profile.domain.relations import RelationDeclaration
from services.profile.domain.schema import (
    AggregateDeclaration,
    EventTypeDeclaration,
    NamespaceDeclaration,
    PurposeDeclaration,
    TraitDeclaration,
    TraitSchema,
)
from services.profile.domain.signals.statements import Signals
from services.profile.domain.trait_source import TraitSource
from shared.clock import Clock
from shared.deadline import until
from shared.errors import InvalidArgument, NotFound, TandemError


class LocalProfiles:
    """Implements ProfileReader, ManyProfiles, PersonFinder, Audience and TraitSchemaPublisher."""

    def __init__(self, app: ProfileApplication, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView:
        try:
            async with until(deadline_ms, self._clock):
                return _view(await self._app.get_profile(_query(query)), query)
        except NotFound as nobody:
            if nobody.reason != "PROFILE_NOT_FOUND":
                raise
            return SubjectView(consistency_token=query.consistency_token)

    async def get_many(
        self, queries: Sequence[SubjectQuery], *, deadline_ms: int
    ) -> Sequence[SubjectView | TandemError]:
        async with until(deadline_ms, self._clock):
            answers = await self._app.batch_get_profiles([_query(query) for query in queries])
        return [_view_or_error(answer, query) for answer, query in zip(answers, queries, strict=True)]

    async def record_events(self, request_id: str, events: Sequence[SubjectEvent], *, deadline_ms: int) -> str:
        command = requests.RecordEvents(request_id, tuple(_event(event) for event in events))
        async with until(deadline_ms, self._clock):
            return (await self._app.record_events(command)).token

    async def record_signals(
        self, request_id: str, identities: Sequence[Identity], signals: ConsentSignals, *, deadline_ms: int
    ) -> str:
        command = requests.RecordConsentSignals(request_id, _subject(identities), _signals(signals))
        async with until(deadline_ms, self._clock):
            return (await self._app.record_consent_signals(command)).token

    async def consents(
        self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int
    ) -> Sequence[tuple[ConsentStatement, ...] | None]:
        queries = [requests.ProfileQuery(_subject(identities)) for identities in subjects]
        async with until(deadline_ms, self._clock):
            return [_consents(answer) for answer in await self._app.batch_get_profiles(queries)]

    async def persons(self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int) -> Sequence[Person | None]:
        queries = [requests.ProfileQuery(_subject(identities)) for identities in subjects]
        async with until(deadline_ms, self._clock):
            return [_person(answer) for answer in await self._app.batch_get_profiles(queries)]

    async def members(self, condition: str, schema_version: str, after: str, *, deadline_ms: int) -> AudiencePage:
        query = SearchQuery(condition, schema_version, page_size=PAGE, after=after)
        found: list[str] = []
        through, enough_s = "", time.monotonic() + PAGE_S
        async with until(deadline_ms, self._clock), aclosing(self._app.search_profiles(query)) as pages:
            async for page in pages:
                found += (each.profile.profile_id for each in page.found)
                through = page.through
                if len(found) >= PAGE or time.monotonic() > enough_s:
                    break
        return AudiencePage(tuple(found), through)

    async def publish_trait_schema(self, request_id: str, schema: TraitSchemaPart, *, activate: bool) -> str:
        command = requests.PublishTraitSchema(request_id, schema_of(schema), activate)
        return (await self._app.publish_trait_schema(command)).schema_version


def _query(query: SubjectQuery) -> requests.ProfileQuery:
    return requests.ProfileQuery(
        subject=_subject(query.identities),
        read_ms=None if query.is_now else query.read_time_ms,
        earliest_ms=query.read_time_ms,
        schema_version=query.schema_version,
        overlay=tuple(_event(event) for event in query.overlay_events),
        token=query.consistency_token,
        overlay_signals=_signals(query.overlay_signals),
        contacts_ms=query.contacts_ms,
    )


def _view_or_error(answer: requests.ProfileAnswer | TandemError, query: SubjectQuery) -> SubjectView | TandemError:
    if isinstance(answer, NotFound) and answer.reason == "PROFILE_NOT_FOUND":
        return SubjectView(consistency_token=query.consistency_token)
    return answer if isinstance(answer, TandemError) else _view(answer, query)


def _view(answer: requests.ProfileAnswer, query: SubjectQuery) -> SubjectView:
    profile, reference = answer.profile, query.reference
    statements = tuple(_statement(consent) for consent in profile.consents)
    return SubjectView(
        profile.profile_id,
        profile.features,
        statements,
        answer.advisories,
        answer.token,
        is_known=profile.known,
        contact_counts=tuple(contact_count(each) for each in profile.limit_statuses),
        held=held_contacts(profile.contacts, reference, profile.read_ms) if reference else (),
        held_identities=answer.held,
        contacts=past_contacts(profile.contacts, profile.read_ms) if query.contacts_ms else (),
        merged_profile_ids=profile.merged,
    )


def _consents(answer: requests.ProfileAnswer | TandemError) -> tuple[ConsentStatement, ...] | None:
    if isinstance(answer, (NotFound, InvalidArgument)):
        return None
    if isinstance(answer, TandemError):
        raise answer
    return tuple(map(_statement, answer.profile.consents))


def _person(answer: requests.ProfileAnswer | TandemError) -> Person | None:
    if isinstance(answer, (NotFound, InvalidArgument)):
        return None
    if isinstance(answer, TandemError):
        raise answer
    return Person(answer.profile.profile_id, answer.profile.merged)


def _signals(signals: ConsentSignals) -> Signals:
    return Signals(signals.tcf_string, signals.gpc)


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
        consent.confirmed_ms,
        consent.similar_groups,
        consent.signalled,
    )


def _subject(identities: Sequence[Identity]) -> requests.Subject:
    return tuple(ProfileIdentity(each.namespace, each.value, each.primary) for each in identities)


def _event(event: SubjectEvent) -> requests.EventWrite:
    return requests.EventWrite(
        event.event_id, _subject(event.identities), event.type, event.event_time_ms, event.properties
    )


def schema_of(schema: TraitSchemaPart) -> TraitSchema:
    return TraitSchema(
        tuple(_trait(trait) for trait in schema.traits),
        tuple(_aggregate(aggregate) for aggregate in schema.aggregates),
        tuple(_namespace(namespace) for namespace in schema.namespaces),
        tuple(PurposeDeclaration(each.name, LegalBasis[each.basis], each.double_opt_in) for each in schema.purposes),
        tuple(EventTypeDeclaration(each.type, each.retention_ms or 0, each.purposes) for each in schema.event_types),
        time_zone_trait=schema.time_zone_trait,
        default_time_zone=schema.default_time_zone or "UTC",
        relations=tuple(RelationDeclaration(each.name, each.pairs) for each in schema.relations),
        contact_limits=tuple(contact_limit(each) for each in schema.contact_limits),
    )


def _namespace(namespace: NamespacePart) -> NamespaceDeclaration:
    return NamespaceDeclaration(
        name=namespace.name,
        known=namespace.known,
        shared=namespace.shared,
        max_per_profile=namespace.max_per_profile,
        normalisation=Normalisation[namespace.normalisation or "UNSPECIFIED"],
        default_region=namespace.default_region,
    )


def _trait(trait: TraitPart) -> TraitDeclaration:
    return TraitDeclaration(
        trait.name,
        trait.type,
        trait.allowed,
        ttl_ms=trait.ttl_ms or 0,
        immutable=trait.immutable,
        precedence=tuple(TraitSource[source] for source in trait.precedence),
        retention_ms=trait.retention_ms or 0,
        purposes=trait.purposes,
        indexed=trait.indexed,
    )


def _aggregate(aggregate: AggregatePart) -> AggregateDeclaration:
    formula = Formula(
        measure=Measure[aggregate.measure],
        event=aggregate.event,
        property_name=aggregate.property,
        window_ms=aggregate.window_ms or 0,
        half_life_ms=aggregate.half_life_ms or 0,
        type=aggregate.type,
        calendar=CalendarUnit[aggregate.calendar] if aggregate.calendar else None,
        is_previous=aggregate.previous,
        k=aggregate.k,
        filter=aggregate.filter,
        condition=aggregate.condition,
        returned=aggregate.returned_event,
    )
    return AggregateDeclaration(aggregate.name, settled(formula, dict(aggregate.properties)), aggregate.relation)
