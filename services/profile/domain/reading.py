"""What a profile says at one moment, under one trait schema. The hot path of every decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from services.profile.domain.aggregates.states import State
from services.profile.domain.compiled_schema import CompiledAggregate, CompiledSchema
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.identities import is_known
from services.profile.domain.ledger.allowances import Allowances, LimitStatus
from services.profile.domain.ledger.contacts import Contact
from services.profile.domain.ledger.retention import in_reach
from services.profile.domain.person_zone import zone_of_person
from services.profile.domain.profile import Profile
from services.profile.domain.recording import Log, by_type, of_types
from services.profile.domain.retention import without_past_traits
from services.profile.domain.traits import Observation, read_trait, read_trait_of_many
from shared.values import NOT_FOUND, Feature


@dataclass(frozen=True, slots=True)
class ProfileView:
    """All a decision needs to know of a person. `profile_id` is empty for a person nobody recorded yet."""

    profile_id: str
    identities: tuple[str, ...]
    """Identity keys."""
    known: bool
    read_ms: int
    schema_version: str
    features: Mapping[str, Feature]
    """Every declared trait and aggregate by name; NOT_FOUND ones included."""
    traits: Mapping[str, Observation]
    """The declared traits that somebody observed: where their values come from."""
    aggregates: frozenset[str]
    """Which of the features are aggregates."""
    consents: tuple[Consent, ...]
    """In force."""
    created_ms: int
    updated_ms: int
    contacts: tuple[Contact, ...] = ()
    """What the limits of the schema look at, or is asked for, as it was at `read_ms`."""
    limit_statuses: tuple[LimitStatus, ...] = ()
    """Of the contact limits of the schema that anything is used of."""
    merged: tuple[str, ...] = ()
    """Ids of the profiles that were merged into it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a reading is about: (…, read_ms], with `overlay` events as if the log held them."""

    read_ms: int
    overlay: Sequence[Event] = ()
    now_ms: int = 0
    """Of the reader: what is past its retention by then is not read, about whatever moment."""
    contacts_ms: int = 0
    """For so long before it contacts are answered, whatever limits look at."""


def read_aggregates(
    profile: Profile, schema: CompiledSchema, moment: Moment
) -> tuple[dict[str, Feature], list[CompiledAggregate]]:
    """The aggregates by name, and those that only the event log can answer (`read_states`)."""
    features: dict[str, Feature] = {}
    pending: list[CompiledAggregate] = []
    extra = _until((*profile.ahead, *moment.overlay), moment.read_ms)
    states, read_ms, zone = profile.states, moment.read_ms, _zone(profile, schema, moment.read_ms)
    for aggregate in schema.aggregates:
        state = states.get(aggregate.key)
        if state is None:
            if profile.has_seen_any(aggregate.events):
                pending.append(aggregate)
                continue
            state = aggregate.empty
        feature = _read(aggregate, state, extra, read_ms, zone)
        if feature is None:
            pending.append(aggregate)
        else:
            features[aggregate.name] = feature
    return features, pending


def read_states(
    profile: Profile,
    schema: CompiledSchema,
    pending: Sequence[CompiledAggregate],
    states: Mapping[str, State],
    moment: Moment,
) -> dict[str, Feature]:
    """The aggregates from states that were made for the moment: of all events in the log until then."""
    extra = _until(moment.overlay, moment.read_ms)
    zone = _zone(profile, schema, moment.read_ms)
    features = {}
    for aggregate in pending:
        feature = _read(aggregate, states[aggregate.key], extra, moment.read_ms, zone)
        assert feature is not None, "no event is newer than the moment"
        features[aggregate.name] = feature
    return features


def view(profile: Profile, schema: CompiledSchema, moment: Moment, aggregates: Mapping[str, Feature]) -> ProfileView:
    retained = without_past_traits(profile, schema.retained_traits, max(moment.read_ms, moment.now_ms))
    features, traits = _read_traits(retained, schema, moment.read_ms)
    contacts = in_reach(profile.contacts, schema.contact_limits, moment.read_ms, moment.contacts_ms)
    return ProfileView(
        profile_id=profile.profile_id,
        identities=profile.identities,
        known=is_known(profile.identities, schema.known_namespaces),
        read_ms=moment.read_ms,
        schema_version=schema.version,
        features={**features, **aggregates},
        traits=traits,
        aggregates=frozenset(aggregates),
        consents=profile.consents,
        created_ms=profile.created_ms,
        updated_ms=profile.updated_ms,
        merged=profile.merged,
        contacts=contacts,
        limit_statuses=_used(contacts, profile, schema, moment.read_ms),
    )


def _used(
    contacts: tuple[Contact, ...], profile: Profile, schema: CompiledSchema, read_ms: int
) -> tuple[LimitStatus, ...]:
    if not contacts or not schema.contact_limits.limits:
        return ()
    zone = zone_of_person(profile, schema, read_ms)
    return tuple(Allowances(schema.contact_limits, contacts, read_ms, zone).used())


def _read_traits(
    profile: Profile, schema: CompiledSchema, read_ms: int
) -> tuple[dict[str, Feature], dict[str, Observation]]:
    """Every declared trait as it is at the moment, and the observations behind those that were observed."""
    features: dict[str, Feature] = {}
    traits: dict[str, Observation] = {}
    observations = profile.traits
    for name, declaration in schema.traits.items():
        observation = observations.get(name)
        feature = None if observation is None else read_trait(observation, declaration, read_ms)
        if observation is None or feature is None:
            features[name] = NOT_FOUND
        else:
            features[name], traits[name] = feature, observation
    if profile.rivals:
        for name in profile.rivals.keys() & schema.traits.keys():
            every = (observations[name], *profile.rivals[name])
            answer = read_trait_of_many(every, schema.traits[name], read_ms)
            if answer is not None:
                features[name], traits[name] = answer
    return features, traits


def _read(aggregate: CompiledAggregate, state: State, extra: Log, read_ms: int, zone: tzinfo) -> Feature | None:
    events = of_types(extra, aggregate.events) if extra else None
    if events:
        state = aggregate.rule.fold(aggregate.formula, state, events)
    feature = aggregate.rule.read(aggregate.formula, state, read_ms, zone)
    return feature if aggregate.relation is None or feature is None else aggregate.relation.extended(feature)


def _zone(profile: Profile, schema: CompiledSchema, read_ms: int) -> tzinfo:
    """Of the person; looked up only where an aggregate goes by it."""
    if not schema.needs_zone:
        return UTC
    return zone_of_person(profile, schema, read_ms)


def _until(events: Sequence[Event], read_ms: int) -> dict[str, list[Event]]:
    """Those that had happened, by type."""
    return by_type(event for event in events if event.event_ms <= read_ms) if events else {}
