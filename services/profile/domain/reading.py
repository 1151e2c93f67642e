"""What a profile says at one moment, under one trait schema. The hot path of every decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.aggregates.states import State
from services.profile.domain.compiled_schema import CompiledAggregate, CompiledSchema
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.identities import is_known
from services.profile.domain.profile import Profile
from services.profile.domain.recording import Log, by_type
from services.profile.domain.traits import Observation, read_trait
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


@dataclass(frozen=True, slots=True)
class Moment:
    """What a reading is about: (…, read_ms], with `overlay` events as if the log held them."""

    read_ms: int
    overlay: Sequence[Event] = ()


def read_aggregates(
    profile: Profile, schema: CompiledSchema, moment: Moment
) -> tuple[dict[str, Feature], list[CompiledAggregate]]:
    """The aggregates by name, and those that only the event log can answer (`read_states`)."""
    features: dict[str, Feature] = {}
    pending: list[CompiledAggregate] = []
    extra = _until(by_type((*profile.ahead, *moment.overlay)), moment.read_ms)
    for aggregate in schema.aggregates:
        state = profile.states.get(aggregate.key)
        if state is None and profile.has_seen(aggregate.event):
            pending.append(aggregate)
            continue
        feature = _read(aggregate, aggregate.empty if state is None else state, extra, moment.read_ms)
        if feature is None:
            pending.append(aggregate)
        else:
            features[aggregate.name] = feature
    return features, pending


def read_states(
    pending: Sequence[CompiledAggregate], states: Mapping[str, State], moment: Moment
) -> dict[str, Feature]:
    """The aggregates from states that were made for the moment: of all events in the log until then."""
    extra = _until(by_type(moment.overlay), moment.read_ms)
    features = {}
    for aggregate in pending:
        feature = _read(aggregate, states[aggregate.key], extra, moment.read_ms)
        assert feature is not None, "no event is newer than the moment"
        features[aggregate.name] = feature
    return features


def view(profile: Profile, schema: CompiledSchema, moment: Moment, aggregates: Mapping[str, Feature]) -> ProfileView:
    features, traits = _read_traits(profile.traits, schema, moment.read_ms)
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
    )


def _read_traits(
    observations: Mapping[str, Observation], schema: CompiledSchema, read_ms: int
) -> tuple[dict[str, Feature], dict[str, Observation]]:
    """Every declared trait as it is at the moment, and the observations behind those that were observed."""
    features: dict[str, Feature] = {}
    traits: dict[str, Observation] = {}
    for name, declaration in schema.traits.items():
        observation = observations.get(name)
        feature = None if observation is None else read_trait(observation, declaration, read_ms)
        if observation is None or feature is None:
            features[name] = NOT_FOUND
        else:
            features[name], traits[name] = feature, observation
    return features, traits


def _read(aggregate: CompiledAggregate, state: State, extra: Log, read_ms: int) -> Feature | None:
    events = extra.get(aggregate.event) if extra else None
    if events:
        state = aggregate.rule.fold(aggregate.formula, state, events)
    return aggregate.rule.read(aggregate.formula, state, read_ms)


def _until(log: Log, read_ms: int) -> dict[str, list[Event]]:
    return {kind: [event for event in events if event.event_ms <= read_ms] for kind, events in log.items()}
