"""Recording a decision before it is answered, and what comes after.

What was reserved for a decision that could not be recorded stays: whether a store that does not answer has it in the
end is not known, and what was released could then be shown without being counted. Another try of the same request is
the same decision, finds its reservations and uses them; without one they go on counting, fewer contacts than allowed
and never more. So that there are few of them, no decision is begun while none can be recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from services.orchestrator.app.campaign_decisions import person_of
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.decide.budget import LAST_WORD_MS
from services.orchestrator.app.decide.campaign import check_made_for_campaign, earlier_decision
from services.orchestrator.app.decide.reserve import Contacted
from services.orchestrator.app.decide.stick import remember_served
from services.orchestrator.app.decide.stopwatch import Stopwatch
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.app.volume.quotas import Taken
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.trouble import SKIPPED, Party, Trouble
from shared.deadline import until
from shared.errors import DeadlineExceeded, TandemError, Unavailable, request_id_reused

T = TypeVar("T")

AFTERWARDS_MS = 1_000
"""How long an answer that is recorded waits at most for what comes after."""

_log = logging.getLogger("tandem.orchestrator.decide")


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What is to be recorded, and what was reserved for it; `contacted` None: it failed closed.

    `is_recorded`: it is what a campaign has decided for the person before. `troubles`: who did not answer.
    """

    record: DecisionRecord
    contacted: Contacted | None = None
    is_recorded: bool = False
    troubles: tuple[Trouble, ...] = ()

    @property
    def taken(self) -> tuple[Taken, ...]:
        """Units of resources."""
        return () if self.contacted is None else tuple(self.contacted.taken.values())

    @property
    def held(self) -> set[str]:
        contacted = self.contacted
        return set() if contacted is None else {*contacted.reservations.values(), *contacted.unused}


class Keep:
    """Of one request, whose caller waits until `deadline_ms`."""

    def __init__(self, world: Surroundings, deadline_ms: int | None) -> None:
        self._world = world
        self._deadline_ms = deadline_ms

    async def earlier(self, command: DecideCommand) -> Answer | None:
        """What the same request was answered. Raises Unavailable where nobody can tell, or nothing can be recorded."""
        earlier = await self._in_time(self._world.log.get_by_request(command.request_id))
        if earlier is not None:
            return _same_again(earlier, command.body_hash)
        if not self._world.recording.admits():
            text = "no decision could be recorded lately: try again in a moment"
            failure = Unavailable("STORE_UNAVAILABLE", text, metadata={"store": "orchestrator", **SKIPPED})
            self._tell(failure)
            raise failure
        return None

    async def __call__(self, decided: Decided) -> Answer:
        """The answer that is in the log: ours, or that of the same request which was faster."""
        watch, record = Stopwatch(self._world.ticks_ns), decided.record
        if decided.is_recorded:
            return record.answer
        self._world.telemetry.did_without(decided.troubles)
        self._check_complete(decided)
        if await self._append(record):
            self._world.telemetry.decided(record, watch.timing().total_ns)
            await self._give_back(decided.held, record)
            await remember_served(record, self._world.sticky, self._world.clock, self._afterwards_ms())
            return record.answer
        self._give_back_units(decided)
        earlier = await self._world.log.get_by_request(record.request_id)
        if earlier is not None:
            await self._give_back(decided.held, earlier)
            return _same_again(earlier, record.body_hash)
        earlier = await self._earlier_of_campaign(record)
        await self._give_back(decided.held, earlier)
        return earlier.answer

    def _check_complete(self, decided: Decided) -> None:
        try:
            check_made_for_campaign(decided.record)
        except Unavailable:
            self._give_back_units(decided)
            raise

    async def _append(self, record: DecisionRecord) -> bool:
        """Whether it is ours. Raises Unavailable where it may be recorded or not."""
        try:
            is_ours = await self._in_time(self._world.log.append(record))
        except Unavailable:
            self._world.recording.failed()
            raise
        self._world.recording.answered()
        return is_ours

    async def _in_time(self, asked: Awaitable[T]) -> T:
        """Before the caller stops waiting, so that it hears why: it may try again."""
        if self._deadline_ms is None:
            return await self._counted(asked)
        clock = self._world.clock
        left_ms = max(0, self._deadline_ms - clock())
        try:
            async with until(clock() + max(left_ms - LAST_WORD_MS, left_ms // 2, 1), clock):
                return await self._counted(asked)
        except DeadlineExceeded as late:
            self._tell(late)
            text = "the decision could not be recorded in time: the same request, sent again, is the same decision"
            raise Unavailable("STORE_UNAVAILABLE", text, metadata={"store": "orchestrator"}) from late

    async def _counted(self, asked: Awaitable[T]) -> T:
        try:
            return await asked
        except Unavailable as failure:
            self._tell(failure)
            raise

    def _tell(self, failure: TandemError) -> None:
        self._world.telemetry.did_without([Trouble.of(Party.LOG, failure)])

    def _afterwards_ms(self) -> int:
        """Until when the answer may wait for what is not part of it."""
        now_ms = self._world.clock()
        if self._deadline_ms is None:
            return now_ms + AFTERWARDS_MS
        return now_ms + min(AFTERWARDS_MS, max(0, self._deadline_ms - now_ms) // 4)

    async def _earlier_of_campaign(self, record: DecisionRecord) -> DecisionRecord:
        person = person_of(record)
        assert person is not None, "what is refused and has no request before it belongs to a campaign"
        earlier = await earlier_decision(person, self._world.campaigns, self._world.log)
        assert earlier is not None, "a campaign refuses a person only for a decision of theirs"
        return earlier

    def _give_back_units(self, decided: Decided) -> None:
        for taken in decided.taken:
            self._world.quotas.give_back(taken)

    async def _give_back(self, held: set[str], recorded: DecisionRecord) -> None:
        """What was reserved for this decision and is not part of it as it was recorded, by another try maybe."""
        unused = held - {each.reservation_id for place in recorded.answer.placements for each in place.propositions}
        if not unused:
            return
        try:
            async with until(self._afterwards_ms(), self._world.clock):
                await self._world.outbox.queue([ContactReport.released(each) for each in sorted(unused)])
        except TandemError as failure:
            # It goes on counting: fewer contacts than allowed, never more.
            _log.warning("reservations stay", extra={"fields": {"cause": failure.message, "ids": sorted(unused)}})


def _same_again(earlier: DecisionRecord, body_hash: str) -> Answer:
    if earlier.body_hash != body_hash:
        raise request_id_reused(earlier.request_id)
    return earlier.answer
