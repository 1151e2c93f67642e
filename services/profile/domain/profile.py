"""The profile as it is stored: everything a decision needs, in one record and so in one read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from services.profile.domain.aggregates.states import State
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.ledger.contacts import Contact
from services.profile.domain.traits import Observation

MAX_EVENT_TYPES = 1_000
ANY_TYPE = "*"
"""Stands in `event_types` for all the types that found no place in it."""


NO_PARTS = msgspec.Raw(b"\x90")
"""An empty list in msgpack: the profile was never merged with another."""


class Tenure(msgspec.Struct, frozen=True, array_like=True):
    """An anonymous identity was another person's until a moment."""

    identity: str
    """Key."""
    profile_id: str
    """Of the part that held it."""
    until_ms: int


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
    rivals: dict[str, tuple[Observation, ...]] = {}
    """What further sources say of a trait, one observation each; the first one is in `traits`."""
    contacts: tuple[Contact, ...] = ()
    """Those that a limit may still look at, in the order of their reservation."""
    merged: tuple[str, ...] = ()
    """Ids of the parts other than its own: of the profiles that were merged into this one."""
    parts: msgspec.Raw = NO_PARTS
    """Of a merged profile: its own part first, then those merged into it, as encoded `tuple[Profile, ...]`; raw: only
    writes need them. Everything above, but for version and times, is what they make together (parts.py).
    """
    merged_into: str = ""
    """Of a part that a merge brought: the profile it was merged into. The record of such a profile holds nothing else,
    and waits for it to return.
    """
    erased_ms: int = 0
    """Set when the person was erased: the record is empty and stays so."""
    apart: tuple[str, ...] = ()
    """Ids of parts that this one was un-merged from: they are not merged again without being asked for."""
    opposed: tuple[str, ...] = ()
    """Ids of the profiles it came together with in a conflict that was recorded."""
    tenures: tuple[Tenure, ...] = ()
    """Whose identities of this profile were before: what happened before `until_ms` is that part's."""
    merge_id: str = ""
    """Of the merge that `merged_into` is about."""
    logins: dict[str, int] = {}
    """By key of an anonymous identity: when it was last named together with a known one of this profile."""
    remembered: dict[str, State] = {}
    """By formula key: what a state holds of events that are in the log no longer (retention.py)."""
    indexed: tuple[str, ...] = ()
    """The traits that an index of the store is about, as far as this profile goes."""

    @property
    def part_ids(self) -> tuple[str, ...]:
        """What the logs name it by."""
        return (self.profile_id, *self.merged)

    def has_seen(self, event_type: str) -> bool:
        """Whether the log may hold events of the type."""
        return event_type in self.event_types or ANY_TYPE in self.event_types

    def has_seen_any(self, event_types: Iterable[str]) -> bool:
        """The same of several types."""
        for event_type in event_types:  # not any(): it is asked for every aggregate at every reading
            if event_type in self.event_types:
                return True
        return ANY_TYPE in self.event_types


def with_event_types(known: tuple[str, ...], types: set[str]) -> tuple[str, ...]:
    """The types of the log after events of `types`, bounded."""
    fresh = sorted(types.difference(known))
    if not fresh or ANY_TYPE in known:
        return known
    return (*known, *fresh) if len(known) + len(fresh) <= MAX_EVENT_TYPES else (*known, ANY_TYPE)
