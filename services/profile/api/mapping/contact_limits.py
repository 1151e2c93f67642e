"""Contact limits from the wire."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.profile.v1 import contact_pb2

from services.profile.api.mapping import fields
from services.profile.domain.ledger.contacts import MARKETING, ContactEvent, ContactResponse
from services.profile.domain.ledger.limits import CalendarUnit, ContactLimit, LimitScope


def contact_limit(declared: contact_pb2.ContactLimit, path: str) -> ContactLimit:
    return ContactLimit(
        limit_id=declared.limit_id,
        max=declared.max,
        window_ms=fields.period_ms(declared, "window", f"{path}."),
        calendar=fields.enum(CalendarUnit, declared.calendar, f"{path}.calendar") if declared.calendar else None,
        counts=fields.enum(ContactEvent, declared.counts, f"{path}.counts", ContactEvent.RESERVED),
        channels=_set_of(channel.strip().upper() for channel in declared.channels),
        direction=declared.direction.strip().upper(),
        message_class=declared.message_class.strip().upper() or MARKETING,
        issues=_set_of(declared.issues),
        groups=_set_of(declared.groups),
        actions=_set_of(declared.actions),
        campaigns=_set_of(declared.campaigns),
        scope=fields.enum(LimitScope, declared.scope, f"{path}.scope", LimitScope.ALL),
        responses=tuple(
            sorted({fields.enum(ContactResponse, each, f"{path}.responses") for each in declared.responses})
        ),
        pause_ms=fields.period_ms(declared, "pause", f"{path}."),
    )


def _set_of(names: Iterable[str]) -> tuple[str, ...]:
    """Equal ones are one version, in whatever order they are written."""
    return tuple(sorted(set(names)))
