"""Tells the contact ledger what became of contacts.

A report waits in the outbox from the moment its outcome is durable until the ledger has taken or refused it: an
acknowledged outcome is never lost for the limits. Telling twice is harmless: the ledger knows the request by its id.
Reports of one contact go one after the other, those of different ones side by side.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from services.orchestrator.app.contact_ledger import ContactLedger
from services.orchestrator.app.contact_outbox import ContactOutbox, ContactReport
from services.orchestrator.app.courier import PASSING, Courier
from services.orchestrator.app.telemetry import Telemetry
from services.orchestrator.domain.contact_steps import RELEASED, Reach
from shared.clock import Clock
from shared.errors import InvalidArgument, TandemError

BATCH = 200
SIDE_BY_SIDE = 16

_log = logging.getLogger("tandem.orchestrator.contacts")


def contact_courier(outbox: ContactOutbox, ledger: ContactLedger, telemetry: Telemetry, clock: Clock) -> Courier:
    return Courier(_Contacts(outbox, ledger, telemetry), clock)


class _Contacts:
    """Implements Errand."""

    name = "contact reports"

    def __init__(self, outbox: ContactOutbox, ledger: ContactLedger, telemetry: Telemetry) -> None:
        self._outbox = outbox
        self._ledger = ledger
        self._telemetry = telemetry
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def deliver_all(self, deadline_ms: int) -> None:
        while reports := await self._outbox.waiting(BATCH):
            tellings = [self._tell_in_turn(each, deadline_ms) for each in _by_contact(reports)]
            told = await asyncio.gather(*tellings, return_exceptions=True)
            await self._outbox.done([report for each in told if not isinstance(each, BaseException) for report in each])
            for each in told:
                if isinstance(each, BaseException):
                    raise each

    async def count_waiting(self) -> int:
        return await self._outbox.count_waiting()

    def tell(self, waiting: int) -> None:
        self._telemetry.contact_reports_pending(waiting)

    async def _tell_in_turn(self, reports: Sequence[ContactReport], deadline_ms: int) -> Sequence[ContactReport]:
        async with self._places:
            for report in reports:
                await self._tell(report, deadline_ms)
        return reports

    async def _tell(self, report: ContactReport, deadline_ms: int) -> None:
        """One that is refused for good is given up: the contact has ended, got further already, or is forgotten."""
        try:
            if report.step == RELEASED:
                await self._ledger.release(report.key, report.reservation_id, deadline_ms=deadline_ms)
            else:
                await self._confirm(report, deadline_ms)
        except PASSING:
            raise
        except TandemError as refusal:
            self._telemetry.contact_report_refused(refusal.reason)
            _log.info("a report was refused", extra={"fields": {"cause": refusal.message, "reason": refusal.reason}})

    async def _confirm(self, report: ContactReport, deadline_ms: int) -> None:
        """Where the caller's clock says what the ledger's cannot believe, it happened when the ledger hears of it."""
        reached, contact = Reach(report.step), report.reservation_id
        try:
            await self._ledger.confirm(
                report.key, contact, reached, report.time_ms, deadline_ms=deadline_ms, answer=report.answer
            )
        except InvalidArgument:
            key = f"{report.key}/now"
            await self._ledger.confirm(key, contact, reached, None, deadline_ms=deadline_ms, answer=report.answer)


def _by_contact(reports: Iterable[ContactReport]) -> Sequence[Sequence[ContactReport]]:
    turns: dict[str, list[ContactReport]] = {}
    for report in reports:
        turns.setdefault(report.reservation_id, []).append(report)
    return list(turns.values())
