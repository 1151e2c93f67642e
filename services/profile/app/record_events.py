"""RecordEvents: what people did, each event once, all of a call together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from services.profile.app.drafts import Drafts
from services.profile.app.fairness import give_way
from services.profile.app.ports import EventLog
from services.profile.app.requests import EventResult, EventsRecorded, EventWrite, RecordEvents, Subject
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.events import Event, check_event
from services.profile.domain.identities import normalise_subject
from services.profile.domain.limits import missing
from shared.clock import Clock
from shared.errors import InvalidArgument

MAX_EVENTS = 1_000


async def record_events(
    writer: Writer, log: EventLog, clock: Clock, on_recorded: Callable[[], None], command: RecordEvents
) -> EventsRecorded:
    if not command.events:
        raise missing("events")
    if len(command.events) > MAX_EVENTS:
        raise InvalidArgument.field("events", f"must be at most {MAX_EVENTS}")
    writes = [checked_event(event, f"events[{i}]", clock()) for i, event in enumerate(command.events)]
    keys = {identity.key for write in writes for identity in write.subject}

    async def edit(drafts: Drafts) -> EventsRecorded:
        recorded = dict(await log.recorded({write.event_id for write in writes}))
        results = []
        for index, write in enumerate(writes):
            results.append(_record(write, f"events[{index}].subject", recorded, drafts))
            recorded[write.event_id] = results[-1].profile_id
            await give_way(index)
        return EventsRecorded(tuple(results), drafts.token())

    answer = await writer.run(Mutation("RecordEvents", command, EventsRecorded, keys, edit))
    on_recorded()
    return answer


def checked_event(write: EventWrite, path: str, now_ms: int) -> EventWrite:
    """The event with its subject in normal form. Raises InvalidArgument."""
    subject = normalise_subject(write.subject, f"{path}.subject")
    check_event(event_of(write, subject, now_ms), path, now_ms)
    return replace(write, subject=subject)


def event_of(write: EventWrite, subject: Subject, arrival_ms: int) -> Event:
    """As it is kept."""
    return Event(
        event_id=write.event_id,
        type=write.type,
        event_ms=arrival_ms if write.event_ms is None else write.event_ms,
        recorded_ms=arrival_ms,
        identities=tuple(identity.key for identity in subject),
        properties=write.properties,
    )


def _record(write: EventWrite, path: str, recorded: dict[str, str], drafts: Drafts) -> EventResult:
    """`recorded` holds the events of before: in the log or earlier in this call."""
    if write.event_id in recorded:
        return EventResult(write.event_id, recorded[write.event_id], duplicate=True, advisories=())
    draft, advisories = drafts.resolve(write.subject, path)
    draft.events.append(event_of(write, write.subject, draft.arrival_ms))
    return EventResult(write.event_id, draft.profile.profile_id, duplicate=False, advisories=advisories)
