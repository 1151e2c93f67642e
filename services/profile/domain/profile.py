"""The profile as it is stored: everything a decision needs, in one record and so in one read."""

from __future__ import annotations

import msgspec

from services.profile.domain.aggregates.states import State
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.traits import Observation

MAX_EVENT_TYPES = 1_000
ANY_TYPE = "*"
"""Stands in `event_types` for all the types that found no place in it."""


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """A msgspec Struct, because every decision decodes one. New fields go to the end, with a default.

    A state of `states` holds every event of its type in the log of this profile, but those in `ahead`.
    """

    profile_id: str
    version: int
    """Counts the changes; 0 is not stored yet."""
    created_ms: int
    updated_ms: int
    """Never decreases, also where the clocks of two replicas disagree."""
    identities: tuple[str, ...] = ()
    """Keys, oldest first."""
    traits: dict[str, Observation] = {}
    states: dict[str, State] = {}
    """By formula key."""
    event_types: tuple[str, ...] = ()
    """The types of the events in its log: a type that is not here needs no look into the log."""
    ahead: tuple[Event, ...] = ()
    """Events whose time had not come when they arrived (callers' clocks may be ahead), not in the states yet."""
    consents: tuple[Consent, ...] = ()
    """The statements in force."""

    def has_seen(self, event_type: str) -> bool:
        """Whether the log may hold events of the type."""
        return event_type in self.event_types or ANY_TYPE in self.event_types

    @property
    def token(self) -> str:
        """A consistency token: the time of the last change."""
        return str(self.updated_ms)


def with_event_types(known: tuple[str, ...], types: set[str]) -> tuple[str, ...]:
    """The types of the log after events of `types`, bounded."""
    fresh = sorted(types.difference(known))
    if not fresh or ANY_TYPE in known:
        return known
    return (*known, *fresh) if len(known) + len(fresh) <= MAX_EVENT_TYPES else (*known, ANY_TYPE)
