"""What a reading adds to a profile as if it had been recorded: signals of the browser, then events; never stored."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.app.ports import ConsentLog, EventLog
from services.profile.app.requests import EventWrite, ProfileQuery, Subject
from services.profile.app.signalling import Occurrence, news_of, statements_of
from services.profile.app.written_event import checked_event, event_of
from services.profile.domain.basis import COLLECTION, Arriving, has_basis
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.concerning import statements_concerning
from services.profile.domain.consents import Consent, all_in_force
from services.profile.domain.events import Event
from services.profile.domain.resolution import Resolution
from services.profile.domain.retention import is_event_past
from services.profile.domain.signals.browser import browser_of
from services.profile.domain.signals.statements import NO_SIGNALS, read_signals


class Overlay:
    """Answers what the write use cases would have made of it."""

    def __init__(self, events: EventLog, consents: ConsentLog) -> None:
        self._events = events
        self._consents = consents

    async def statements(
        self, query: ProfileQuery, subject: Subject, resolution: Resolution, schema: CompiledSchema, now_ms: int
    ) -> tuple[Consent, ...]:
        """In force on the person, after the signals of the query. Raises InvalidArgument."""
        held = statements_concerning(resolution)
        if query.overlay_signals == NO_SIGNALS:
            return held
        read = read_signals(query.overlay_signals, "overlay_signals.")
        browser = browser_of(subject, schema.identity_rules).key
        persons = [profile for profile in (resolution.chosen, *resolution.merged) if profile is not None]
        part_ids = [part_id for profile in persons for part_id in profile.part_ids]
        arrival_ms = max([now_ms, *(profile.updated_ms for profile in persons)])
        occurrence = Occurrence(browser, arrival_ms, arrival_ms)
        fresh = await news_of(self._consents, part_ids, held, browser, read)
        return all_in_force((*held, *(made for each in fresh for made in statements_of(each, occurrence, _nameless))))

    async def events(
        self, query: ProfileQuery, subject: Subject, statements: Sequence[Consent], schema: CompiledSchema, now_ms: int
    ) -> list[Event]:
        """The events that recording them would add: without repetitions, without those in the log, and without those
        that have no basis or are past their retention. Raises InvalidArgument.
        """
        if not query.overlay:
            return []
        checked = [
            checked_event(write, f"overlay_events[{i}]", now_ms, schema.namespaces)
            for i, write in enumerate(query.overlay)
        ]
        recorded = await self._events.recorded({write.event_id for write in checked})
        fresh = {write.event_id: write for write in reversed(checked) if write.event_id not in recorded}
        arriving = Arriving({identity.key for identity in subject}, statements, now_ms)
        arrival_ms = now_ms if query.read_ms is None else query.read_ms
        return [
            event_of(write, subject, arrival_ms)
            for write in fresh.values()
            if has_basis(_purposes(write, schema), schema.purposes, arriving)
            and not is_event_past(write.type, _moment(write, now_ms), schema.event_types, now_ms)
        ]


def _purposes(write: EventWrite, schema: CompiledSchema) -> tuple[str, ...]:
    declared = schema.event_types.get(write.type)
    return (COLLECTION, *(declared.purposes if declared else ()))


def _moment(write: EventWrite, now_ms: int) -> int:
    return now_ms if write.event_ms is None else write.event_ms


def _nameless() -> str:
    return ""
