"""The contact ledger of the profile service in the same process."""

from __future__ import annotations

from collections.abc import Iterable

from services.orchestrator.app.contact_ledger import LedgerContact, ReservationRequest, Reserved
from services.orchestrator.app.ports import HeldContact
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.past_contacts import PastContact
from services.orchestrator.domain.policy_parts import ContactLimitPart
from services.profile.app import ledger_requests as requests
from services.profile.app.application import ProfileApplication
from services.profile.domain.identities import Identity
from services.profile.domain.ledger.allowances import LimitStatus
from services.profile.domain.ledger.contacts import Contact, ContactEvent, ContactResponse
from services.profile.domain.ledger.limits import CalendarUnit, ContactLimit, LimitScope
from shared.clock import Clock
from shared.deadline import until


class LocalContactLedger:
    """Implements ContactLedger."""

    def __init__(self, app: ProfileApplication, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        command = requests.ReserveContact(
            request.request_id,
            tuple(Identity(each.namespace, each.value, each.primary) for each in request.identities),
            tuple(_contact(each) for each in request.contacts),
            reached=ContactEvent(request.reached),
            schema_version=request.schema_version,
            create_profile=True,
            stop_at_refusal=True,
            ttl_ms=request.ttl_ms,
        )
        async with until(deadline_ms, self._clock):
            return _reserved(await self._app.reserve_contacts(command))

    async def confirm(
        self,
        request_id: str,
        reservation_id: str,
        reached: Reach,
        event_time_ms: int | None,
        *,
        deadline_ms: int,
        answer: int = 0,
    ) -> None:
        response = ContactResponse(answer) if answer else None
        command = requests.ConfirmContact(request_id, reservation_id, ContactEvent(reached), event_time_ms, response)
        async with until(deadline_ms, self._clock):
            await self._app.confirm_contact(command)

    async def release(self, request_id: str, reservation_id: str, *, deadline_ms: int) -> None:
        async with until(deadline_ms, self._clock):
            await self._app.release_contact(requests.ReleaseContact(request_id, reservation_id))


def contact_limit(limit: ContactLimitPart) -> ContactLimit:
    """For the trait schema. The order of names means nothing: equal limits are one version."""
    return ContactLimit(
        limit.limit_id,
        limit.max,
        window_ms=limit.window_ms or 0,
        calendar=CalendarUnit[limit.calendar] if limit.calendar else None,
        counts=ContactEvent[limit.counts],
        channels=_set_of(limit.channels),
        direction=limit.direction,
        message_class=limit.message_class,
        issues=_set_of(limit.issues),
        groups=_set_of(limit.groups),
        actions=_set_of(limit.actions),
        campaigns=_set_of(limit.campaigns),
        scope=LimitScope[limit.scope or "ALL"],
        responses=tuple(sorted(ContactResponse[each] for each in set(limit.outcomes))),
        pause_ms=limit.pause_ms or 0,
    )


def contact_count(status: LimitStatus) -> ContactCount:
    return ContactCount(status.limit_id, status.counted, status.used, status.next_slot_ms)


def held_contacts(contacts: Iterable[Contact], reference: str, read_ms: int) -> tuple[HeldContact, ...]:
    """Those that have not ended and whose reference begins so."""
    return tuple(
        HeldContact(each.reservation_id, each.reference, each.channel, each.action)
        for each in contacts
        if each.reference.startswith(reference) and each.end_ms(read_ms) is None
    )


def past_contacts(contacts: Iterable[Contact], read_ms: int) -> tuple[PastContact, ...]:
    """Those the person got."""
    times = ((each, each.shown_ms(read_ms)) for each in contacts)
    return tuple(_past(each, shown_ms) for each, shown_ms in times if shown_ms is not None)


def _past(contact: Contact, shown_ms: int) -> PastContact:
    """It went out when it was handed over, or was planned for after that; when it was shown, where nobody said so."""
    attempted_ms = shown_ms if contact.attempted_ms is None else contact.attempted_ms
    return PastContact(
        contact.action,
        shown_ms,
        contact.reference,
        contact.channel,
        contact.direction == Direction.OUTBOUND.name,
        min(max(attempted_ms, contact.planned_ms or 0), shown_ms),
    )


def _set_of(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _contact(contact: LedgerContact) -> requests.ContactWrite:
    return requests.ContactWrite(
        contact.channel,
        contact.direction,
        contact.message_class,
        contact.issue,
        contact.group,
        contact.action,
        contact.treatment,
        contact.campaign,
        reference=contact.reference,
        planned_ms=contact.planned_ms,
    )


def _reserved(answer: requests.ContactsReserved) -> Reserved:
    granted = [result.granted for result in answer.results]
    return Reserved(
        tuple(contact.reservation_id for contact in granted if contact is not None),
        tuple(contact_count(status) for result in answer.results for status in result.refused_by),
        answer.profile_id,
        answer.token,
    )
