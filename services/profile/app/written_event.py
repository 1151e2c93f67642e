"""Events as they arrive, checked and in the form they are kept in."""

from __future__ import annotations

from dataclasses import replace

from services.profile.app.requests import EventWrite, Subject
from services.profile.domain.events import Event, check_event
from services.profile.domain.identities import Namespaces, normalise_subject
from services.profile.domain.machines import is_machine_agent


def checked_event(write: EventWrite, path: str, now_ms: int, namespaces: Namespaces) -> EventWrite:
    """With its subject in normal form, and by a machine where its user agent says so. Raises InvalidArgument."""
    subject = normalise_subject(write.subject, f"{path}.subject", namespaces)
    check_event(event_of(write, subject, now_ms), path, now_ms)
    is_machine = write.is_machine or is_machine_agent(write.user_agent)
    return replace(write, subject=subject, is_machine=is_machine)


def event_of(write: EventWrite, subject: Subject, arrival_ms: int) -> Event:
    """As it is kept."""
    return Event(
        event_id=write.event_id,
        type=write.type,
        event_ms=arrival_ms if write.event_ms is None else write.event_ms,
        recorded_ms=arrival_ms,
        identities=tuple(identity.key for identity in subject),
        properties=write.properties,
        is_machine=write.is_machine,
    )
