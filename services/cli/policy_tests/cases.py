"""Tests beside rules: what a case says, before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.orchestrator.domain.policy_parts import Place
from shared.values import FeatureStatus, Value


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of an attribute. `ago_ms`: the value is the moment so long before."""

    place: Place
    status: FeatureStatus = FeatureStatus.PRESENT
    value: Value = None
    ago_ms: int | None = None


Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Drop:
    """How something is expected to fall; what is empty or None is left open."""

    place: Place
    stage: str
    rule: str = ""
    attribute: str = ""
    status: str = ""
    change: Mapping[str, Value] | None = None
    """The smallest change, by attribute; {}: that there is none."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens `after_ms` after the start: an event, or facts that change.

    `of_thing`: an event that is not the person's.
    """

    after_ms: int
    place: Place
    event: str = ""
    properties: Mapping[str, Fact] = field(default_factory=dict)
    of_thing: bool = False
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fired:
    """A firing: `emit` with some of its `payload`, or a trait that is `set`."""

    after_ms: int
    trigger: str
    place: Place
    emit: str = ""
    payload: Mapping[str, Fact] | None = None
    trait: str = ""
    value: Value = None


@dataclass(frozen=True, slots=True)
class Expected:
    """None: nothing is said about it."""

    place: Place
    eligible: Mapping[str, Place] = field(default_factory=dict)
    only: Mapping[str, Place] | None = None
    dropped: Mapping[str, Drop] = field(default_factory=dict)
    dropped_treatments: Mapping[str, Drop] = field(default_factory=dict)
    segments: Mapping[str, Place] = field(default_factory=dict)
    not_segments: Mapping[str, Place] = field(default_factory=dict)
    fired: tuple[Fired, ...] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `persona` is a file of the policy folder; `until_ms` counts from the start."""

    name: str
    place: Place
    at_ms: int
    expected: Expected
    persona: str = ""
    persona_place: Place | None = None
    facts: Facts = field(default_factory=dict)
    context: Facts = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    until_ms: int = 0
    is_sound: bool = True
    """Otherwise something of it could not be read: it is checked and not run, as it would not show what it means to."""
