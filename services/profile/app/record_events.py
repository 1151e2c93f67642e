"""RecordEvents: what people did, each event once, all of a call together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.profile.app.basis import Bases
from services.profile.app.directory import Directory
from services.profile.app.drafts import Drafts, Occasion
from services.profile.app.fairness import give_way
from services.profile.app.link_tokens import (
    MACHINE_CLICK,
    Click,
    LinkTokens,
    follow,
    keys_of,
    refusal,
    with_recipient,
)
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.requests import EventResult, EventsRecorded, EventWrite, ItemStatus, RecordEvents
from services.profile.app.writing import Mutation, Writer
from services.profile.app.written_event import checked_event, event_of
from services.profile.domain.identities import Namespaces, identity_of, profile_key
from services.profile.domain.limits import missing
from services.profile.domain.retention import is_event_past
from shared.clock import Clock
from shared.errors import FailedPrecondition, InvalidArgument

MAX_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class EventDesk:
    """What recording events needs."""

    writer: Writer
    directory: Directory
    tokens: LinkTokens
    clock: Clock
    on_recorded: Callable[[], None]


async def record_events(desk: EventDesk, command: RecordEvents) -> EventsRecorded:
    if not command.events:
        raise missing("events")
    if len(command.events) > MAX_EVENTS:
        raise InvalidArgument.field("events", f"must be at most {MAX_EVENTS}")
    clicks = [await desk.tokens.click(event.link_token) for event in command.events]

    def plan(namespaces: Namespaces) -> Mutation[EventsRecorded]:
        writes = [
            checked_event(event, f"events[{i}]", desk.clock(), namespaces) for i, event in enumerate(command.events)
        ]
        keys = {identity.key for write in writes for identity in write.subject}
        keys.update(key for click in clicks for key in keys_of(click))

        async def edit(drafts: Drafts) -> EventsRecorded:
            recorded = await _recorded(desk, drafts)
            bases = Bases(drafts)
            results = []
            for index, (write, click) in enumerate(zip(writes, clicks, strict=True)):
                result = _record(write, click, f"events[{index}].subject", recorded, drafts, bases)
                results.append(result)
                if result.status is ItemStatus.RECORDED:
                    recorded[write.event_id] = result.profile_id
                await give_way(index)
            return EventsRecorded(tuple(results), PENDING_TOKEN)

        since_ms = min((write.event_ms for write in writes if write.event_ms is not None), default=None)
        event_ids = {write.event_id for write in writes}
        return Mutation("RecordEvents", command, EventsRecorded, keys, edit, since_ms=since_ms, event_ids=event_ids)

    answer = await desk.writer.run_planned(plan)
    desk.on_recorded()
    return answer


async def _recorded(desk: EventDesk, drafts: Drafts) -> dict[str, str]:
    """By event id whose the events are by now that the log holds."""
    found = drafts.recorded
    unknown = {profile_key(part_id) for part_id in found.values() if drafts.whole_of(part_id) is None}
    others = await desk.directory.find(unknown) if unknown else {}
    elsewhere = {identity_of(key).value: owner.profile_id for key, owner in others.items()}
    return {
        event_id: drafts.whole_of(part_id) or elsewhere.get(part_id, part_id) for event_id, part_id in found.items()
    }


def _record(
    write: EventWrite, click: Click | None, path: str, recorded: dict[str, str], drafts: Drafts, bases: Bases
) -> EventResult:
    """`recorded` holds the events of before: in the log or earlier in this call."""
    if write.event_id in recorded:
        return EventResult(write.event_id, recorded[write.event_id], True, (), ItemStatus.DUPLICATE)
    try:
        subject = drafts.admitted(write.subject, path, write.event_ms)
    except FailedPrecondition:
        return EventResult(write.event_id, "", False, (), ItemStatus.ERASED)
    occasion = Occasion(path, f"RecordEvents/{write.event_id}", write.event_ms, links=not write.is_machine)
    event_ms = drafts.now_ms if write.event_ms is None else write.event_ms  # kept no longer, it may be a repetition
    if is_event_past(write.type, event_ms, drafts.schema.event_types, drafts.now_ms):
        return EventResult(write.event_id, "", False, (), ItemStatus.PAST_RETENTION)
    link, advisories = _link(write, click, drafts)
    together = subject if link is None else with_recipient(subject, link)
    declared = drafts.schema.event_types.get(write.type)
    if not bases.permit(together, occasion, declared.purposes if declared else ()):
        return EventResult(write.event_id, "", False, (), ItemStatus.NO_BASIS)
    arrival = drafts.resolve(subject, occasion) if link is None else follow(subject, link, occasion, drafts)
    arrival.part.events.append(event_of(write, subject, arrival.draft.arrival_ms))
    return EventResult(write.event_id, arrival.draft.profile_id, False, (*arrival.advisories, *advisories))


def _link(write: EventWrite, click: Click | None, drafts: Drafts) -> tuple[Click | None, tuple[str, ...]]:
    """The click where it says whose the event is, and what to tell where it does not."""
    if write.is_machine:
        return None, (MACHINE_CLICK,) if click is not None or len(write.subject) > 1 else ()
    reason = "" if click is None else refusal(click, drafts)
    return (None, (reason,)) if reason else (click, ())
