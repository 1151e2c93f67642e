"""What the profile service would know of a person who said and did this and that: its domain, without its store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.local.profile import schema_of
from services.orchestrator.domain.policy_parts import TraitSchemaPart
from services.profile.domain.compiled_schema import compile_schema
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile
from services.profile.domain.reading import Moment, read_aggregates, view
from services.profile.domain.trait_source import TraitSource
from services.profile.domain.traits import Observation, Rivals, Traits, observed
from shared.values import Feature, Value

_NOBODY = ("cookie:person",)


@dataclass(frozen=True, slots=True)
class Statement:
    """A trait as somebody observed it. `source`: EXPLICIT, IMPLICIT, COMPUTED, ..."""

    trait: str
    value: Value
    source: str
    observed_ms: int


@dataclass(frozen=True, slots=True)
class Deed:
    """An event of the person."""

    event_id: str
    type: str
    event_ms: int
    properties: Mapping[str, Value]


class PersonReader:
    """Reads persons under one trait schema."""

    def __init__(self, schema: TraitSchemaPart) -> None:
        self._schema = compile_schema(schema_of(schema), "")

    def features(self, statements: Iterable[Statement], deeds: Sequence[Deed], at_ms: int) -> Mapping[str, Feature]:
        """Every declared trait and aggregate at a moment; what happened later is not known yet."""
        traits, rivals = _traits(each for each in statements if each.observed_ms <= at_ms)
        profile = Profile("person", 1, at_ms, at_ms, _NOBODY, traits, rivals=rivals)
        events = [_event(deed) for deed in deeds if deed.event_ms <= at_ms]
        moment = Moment(at_ms, events, at_ms)
        aggregates, pending = read_aggregates(profile, self._schema, moment)
        assert not pending, "a profile without a log is read from its events alone"
        return view(profile, self._schema, moment, aggregates).features


def _traits(statements: Iterable[Statement]) -> tuple[Traits, Rivals]:
    seen = ((each.trait, Observation(each.value, TraitSource[each.source], each.observed_ms)) for each in statements)
    return observed({}, {}, seen)


def _event(deed: Deed) -> Event:
    return Event(deed.event_id, deed.type, deed.event_ms, deed.event_ms, _NOBODY, deed.properties)
