"""Traits: what was observed about a person, by whom and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from services.profile.domain.schema import TraitDeclaration
from services.profile.domain.stored import StoredValue
from services.profile.domain.trait_source import TraitSource, by_precedence
from shared.errors import InvalidArgument, Violation
from shared.values import AttributeType, Feature, FeatureStatus, Value, conform, present

if TYPE_CHECKING:
    from services.profile.domain.profile import Profile

_EXACT: Mapping[AttributeType, type] = {
    AttributeType.BOOL: bool,
    AttributeType.INT: int,
    AttributeType.DOUBLE: float,
    AttributeType.STRING: str,
    AttributeType.TIMESTAMP: datetime,
}
"""Values of these Python types need no check when they are read: they were checked when they were written."""


class Observation(msgspec.Struct, frozen=True, array_like=True):
    """A trait's value as somebody observed it; None: known to have none."""

    value: StoredValue
    source: TraitSource
    observed_ms: int


def newer(held: Observation | None, arrived: Observation) -> Observation:
    """The one that stays: the newer observation; of two at one moment the one that arrived later."""
    return arrived if held is None or arrived.observed_ms >= held.observed_ms else held


Traits = dict[str, Observation]
Rivals = dict[str, tuple[Observation, ...]]


def observed(traits: Traits, rivals: Rivals, arrived: Iterable[tuple[str, Observation]]) -> tuple[Traits, Rivals]:
    """The traits after more observations: one per source stays. The same objects where nothing changes."""
    changed: dict[str, dict[TraitSource, Observation]] = {}
    for name, observation in arrived:
        sources = changed.get(name) or _sources(traits, rivals, name)
        held = sources.get(observation.source)
        if newer(held, observation) != held:
            changed[name] = {**sources, observation.source: observation}
    return _with(traits, rivals, changed) if changed else (traits, rivals)


def combined_traits(parts: Sequence[Profile]) -> tuple[Traits, Rivals]:
    """The traits and the rivals of the parts together: of every source the newest observation."""
    by_name: dict[str, dict[TraitSource, Observation]] = {}
    for part in parts:
        for name in part.traits:
            sources = by_name.setdefault(name, {})
            for each in _sources(part.traits, part.rivals, name).values():
                sources[each.source] = newer(sources.get(each.source), each)
    return _with({}, {}, by_name)


def _sources(traits: Traits, rivals: Rivals, name: str) -> dict[TraitSource, Observation]:
    first = traits.get(name)
    return {} if first is None else {each.source: each for each in (first, *rivals.get(name, ()))}


def _with(
    traits: Traits, rivals: Rivals, by_name: Mapping[str, Mapping[TraitSource, Observation]]
) -> tuple[Traits, Rivals]:
    """In the usual order of precedence: the first observation is the trait, the others its rivals."""
    ordered = {name: [sources[source] for source in sorted(sources)] for name, sources in by_name.items()}
    others = {name: tuple(observations[1:]) for name, observations in ordered.items() if len(observations) > 1}
    return {**traits, **{name: observations[0] for name, observations in ordered.items()}}, {**rivals, **others}


def unknown_trait(name: str, path: str) -> InvalidArgument:
    text = f"{name!r} is not a trait of the active trait schema"
    return InvalidArgument(
        "UNKNOWN_TRAIT", f"{path}: {text}", metadata={"trait": name, "field": path}, violations=[Violation(path, text)]
    )


def check_value(value: Value, declaration: TraitDeclaration, path: str) -> Value:
    """The value as the declared type holds it. Raises InvalidArgument for another type or a value not allowed."""
    try:
        typed = conform(value, declaration.type)
    except ValueError as wrong:
        raise InvalidArgument.field(path, f"must be {wrong}") from None
    members = typed if isinstance(typed, tuple) else () if typed is None else (typed,)
    if declaration.allowed and not all(member in declaration.allowed for member in members):
        raise InvalidArgument.field(path, f"must be one of {', '.join(map(str, declaration.allowed))}")
    return typed


def read_trait(observation: Observation, declaration: TraitDeclaration, read_ms: int) -> Feature | None:
    """What the trait says at a moment; None where a schema of before let in what this one does not call the type."""
    value = observation.value
    if type(value) is not _EXACT.get(declaration.type):
        try:
            value = conform(value, declaration.type)
        except ValueError:
            return None
    if declaration.ttl_ms and read_ms - observation.observed_ms >= declaration.ttl_ms:
        return Feature(value, FeatureStatus.STALE)
    return present(value)


def read_trait_of_many(
    observations: Sequence[Observation], declaration: TraitDeclaration, read_ms: int
) -> tuple[Feature, Observation] | None:
    """What a trait says that several sources observed: the first in the order of precedence that is not stale, else the
    first stale one.
    """
    by_source = {each.source: each for each in observations}
    stale: tuple[Feature, Observation] | None = None
    for source in by_precedence(declaration.precedence):
        observation = by_source.get(source)
        feature = None if observation is None else read_trait(observation, declaration, read_ms)
        if observation is None or feature is None:
            continue
        if feature.status is not FeatureStatus.STALE:
            return feature, observation
        stale = stale or (feature, observation)
    return stale
