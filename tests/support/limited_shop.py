"""Shops whose policy has contact limits, ledgers with something before them, and what one asks of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from services.orchestrator.app.contact_ledger import ContactLedger, ReservationRequest, Reserved
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.decision import Answer, Dropped
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.lineup import NoActionReason
from services.profile.app.ledger_requests import LedgerPage, LedgerQuery
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity as ProfileIdentity
from services.profile.domain.ledger.contacts import ContactState
from tests.support.shop import ADA, Shop, open_shop

MAIL_2 = "{id: mail_week, channel: email, max: 2, window: 7d}"
MAIL_1 = "{id: mail_week, channel: email, max: 1, window: 7d}"
SERVICE_ESPRESSO = {"  espresso:\n    group: coffee\n": "  espresso:\n    group: coffee\n    message_class: service\n"}


def limits(*written: str) -> Mapping[str, str]:
    lines = "".join(f"    - {limit}\n" for limit in written)
    return {"policy: corner_shop\n": f"policy: corner_shop\ncontact_policy:\n  limits:\n{lines}"}


@asynccontextmanager
async def ready(folder: Path, changes: Mapping[str, str]) -> AsyncIterator[Shop]:
    """A shop that may write to Ada."""
    async with open_shop(folder) as shop:
        await shop.publish(changes)
        await shop.knows(age=42)
        await shop.hears(ConsentStatus.GRANTED)
        yield shop


class Wrapped:
    """A ledger with something before it. Implements ContactLedger."""

    def __init__(self, ledger: ContactLedger) -> None:
        self._ledger = ledger

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        return await self._ledger.reserve(request, deadline_ms=deadline_ms)

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
        await self._ledger.confirm(
            request_id, reservation_id, reached, event_time_ms, deadline_ms=deadline_ms, answer=answer
        )

    async def release(self, request_id: str, reservation_id: str, *, deadline_ms: int) -> None:
        await self._ledger.release(request_id, reservation_id, deadline_ms=deadline_ms)


@asynccontextmanager
async def with_ledger(folder: Path, ledger: type[Wrapped], changes: Mapping[str, str]) -> AsyncIterator[Shop]:
    """The same, whose orchestrator finds another ledger before the real one."""
    async with ready(folder, changes) as whole, open_shop(folder, {"ledger": ledger(whole.others.ledger)}) as shop:
        yield shop


async def ledger_of(shop: Shop, who: str = ADA) -> LedgerPage:
    namespace, _, value = who.partition(":")
    return await shop.profile.get_contact_ledger(LedgerQuery((ProfileIdentity(namespace, value),)))


async def states(shop: Shop) -> list[str]:
    """Of Ada's contacts, oldest first."""
    page = await ledger_of(shop)
    return [ContactState(contact.state(page.read_ms)).name for contact in reversed(page.contacts)]


def channels(answer: Answer) -> list[str]:
    return [each.channel for place in answer.placements for each in place.propositions]


def reservations(answer: Answer) -> list[str]:
    return [each.reservation_id for place in answer.placements for each in place.propositions]


def reason(answer: Answer) -> NoActionReason | None:
    silence = answer.placements[0].no_action
    return None if silence is None else silence.reason


def of_limits(answer: Answer) -> list[Dropped]:
    return [each for each in answer.dropped if each.stage == Stage.CONTACT_POLICY]
