"""ExportSubject: everything this service keeps of a person, as JSON Lines, the profile first."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from services.profile.app.get_profile import ProfileReader
from services.profile.app.ports import Stores
from services.profile.app.requests import Subject
from services.profile.domain.changes import ChangeRecord
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.identities import identity_of
from services.profile.domain.ledger.contacts import Contact
from services.profile.domain.merge_events import MergeEvent
from services.profile.domain.profile import Profile
from services.profile.domain.trait_source import TraitSource
from shared.clock import to_datetime

PAGE_SIZE = 500

Line = dict[str, Any]


async def export_subject(reader: ProfileReader, stores: Stores, subject: Subject) -> AsyncGenerator[Sequence[str]]:
    """Pages of lines, none of them empty. Raises NotFound."""
    profile = await reader.resolved(await reader.named(subject))
    yield _encoded([_profile(profile), *_traits(profile), *map(_contact, profile.contacts)])
    for part_id in profile.part_ids:
        async for events in _events(stores, part_id):
            yield _encoded(map(_event, events))
    async for statements in _statements(stores, profile):
        yield _encoded(map(_consent, statements))
    async for merge_events in _merge_events(stores, profile):
        yield _encoded(map(_merge_event, merge_events))
    async for changes in _changes(stores, profile):
        yield _encoded(map(_change, changes))


async def _events(stores: Stores, part_id: str) -> AsyncIterator[Sequence[Event]]:
    after = ("", "")
    while page := await stores.events.of_part(part_id, after, PAGE_SIZE):
        yield page
        after = (page[-1].type, page[-1].event_id)


async def _statements(stores: Stores, profile: Profile) -> AsyncIterator[Sequence[Consent]]:
    before = None
    while page := await stores.consents.statements(profile.part_ids, before, PAGE_SIZE):
        yield page
        before = page[-1].place


async def _merge_events(stores: Stores, profile: Profile) -> AsyncIterator[Sequence[MergeEvent]]:
    before = None
    while page := await stores.merges.merge_events(profile.part_ids, before, PAGE_SIZE):
        yield page
        before = page[-1].place


async def _changes(stores: Stores, profile: Profile) -> AsyncIterator[Sequence[ChangeRecord]]:
    before = None
    while page := await stores.changes.changes(profile.part_ids, before, PAGE_SIZE):
        yield page
        before = page[-1].place


def _encoded(lines: Iterable[Line]) -> list[str]:
    return [msgspec.json.encode(line).decode() for line in lines]


def _profile(profile: Profile) -> Line:
    return {
        "kind": "profile",
        "profile_id": profile.profile_id,
        "identities": _identities(profile.identities),
        "create_time": _time(profile.created_ms),
        "update_time": _time(profile.updated_ms),
        "merged_profile_ids": profile.merged,
        "former_holders": [
            {"identity": _identity(each.identity), "profile_id": each.profile_id, "until": _time(each.until_ms)}
            for each in profile.tenures
        ],
    }


def _traits(profile: Profile) -> Iterable[Line]:
    for name, observation in profile.traits.items():
        for each in (observation, *profile.rivals.get(name, ())):
            yield {
                "kind": "trait",
                "name": name,
                "value": each.value,
                "source": TraitSource(each.source).name,
                "observed_time": _time(each.observed_ms),
            }


def _contact(contact: Contact) -> Line:
    return _struct("contact", contact)


def _event(event: Event) -> Line:
    return {**_struct("event", event), "identities": _identities(event.identities)}


def _consent(consent: Consent) -> Line:
    names = {"status": consent.status.name, "legal_basis": consent.legal_basis.name}
    return {**_struct("consent", consent), "identity": _identity(consent.identity), **names}


def _merge_event(event: MergeEvent) -> Line:
    line = _struct("merge_event", event)
    return {**line, "event": event.kind.name, "identities": _identities(event.identities)}


def _change(change: ChangeRecord) -> Line:
    return _struct("change", change)


def _struct(kind: str, record: msgspec.Struct) -> Line:
    """Its fields, moments as ISO 8601 under the names the contracts give them; what is empty is left out."""
    held = {name: getattr(record, name) for name in record.__struct_fields__ if name != "kind"}
    return {
        "kind": kind,
        **{
            name.removesuffix("_ms") + "_time" * name.endswith("_ms"): _time(value) if name.endswith("_ms") else value
            for name, value in held.items()
            if value not in (None, "", ())
        },
    }


def _identities(keys: Iterable[str]) -> list[Mapping[str, str]]:
    return [_identity(key) for key in keys]


def _identity(key: str) -> Mapping[str, str]:
    identity = identity_of(key)
    return {"namespace": identity.namespace, "value": identity.value}


def _time(time_ms: int) -> str:
    return to_datetime(time_ms).isoformat().replace("+00:00", "Z")
