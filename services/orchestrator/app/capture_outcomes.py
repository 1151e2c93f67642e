"""CaptureOutcomes: what became of propositions, each kept once, and learnt from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set
from dataclasses import dataclass

import msgspec

from services.orchestrator.app.capture_answer import CaptureAnswer, ItemFault, ItemResult
from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.courier import Courier
from services.orchestrator.app.lessons import Delays, check_revenue, delays_of, lessons_of, presentations_of, waits_of
from services.orchestrator.app.outcome_store import Capture, CapturedOutcome, OutcomeItem, Presentation, Wait
from services.orchestrator.app.presentations import PresentationFinder, Presented
from services.orchestrator.app.receipts import earlier_answer
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.contact_steps import step_of
from services.orchestrator.domain.outcome import effect_of
from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import InvalidArgument, NotFound
from shared.ids import content_hash

RPC = "CaptureOutcomes"
MAX_ITEMS = 1_000
INLINE_DELIVERY_MS = 1_000
"""How long a capture waits for the scoring service, and for the contact ledger, before it leaves what they should know
to the background."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """An item whose presentation was found."""

    item: OutcomeItem
    presented: Presented


class CaptureOutcomes:
    """Outcomes are durable when answered; the model has usually learnt from them, and the contact ledger heard of them,
    and will in any case."""

    def __init__(self, world: Surroundings, rewards: Courier, contacts: Courier) -> None:
        self._world = world
        self._rewards = rewards
        self._contacts = contacts

    async def __call__(self, request_id: str, items: Sequence[OutcomeItem | InvalidArgument]) -> CaptureAnswer:
        """`items` may hold what was wrong with an item already. Raises InvalidArgument, AlreadyExists, Unavailable."""
        if len(items) > MAX_ITEMS:
            raise InvalidArgument.field("items", f"must be at most {MAX_ITEMS}")
        body_hash = content_hash([str(item) if isinstance(item, InvalidArgument) else item for item in items])
        earlier = await earlier_answer(self._world.outcomes, RPC, request_id, body_hash, CaptureAnswer)
        if earlier is not None:
            return earlier
        found = await self._find_all(items)
        capture = self._capture(request_id, body_hash, found, await self._delays(found))
        receipt = await self._world.outcomes.append(capture)
        answer = msgspec.json.decode(receipt.response, type=CaptureAnswer)
        self._count(found, answer)
        await self._rewards.deliver_now(INLINE_DELIVERY_MS)
        if capture.reports:
            await self._contacts.deliver_now(INLINE_DELIVERY_MS)
        return answer

    async def _find_all(self, items: Sequence[OutcomeItem | InvalidArgument]) -> list[_Taken | ItemFault]:
        finder = PresentationFinder(self._world.log, self._world.signer, self._world.policies)
        found = []
        for index, item in enumerate(items):
            found.append(await self._find(finder, item, f"items[{index}]"))
            await asyncio.sleep(0)  # a thousand records to read must not hold up the loop
        return found

    async def _find(
        self, finder: PresentationFinder, item: OutcomeItem | InvalidArgument, path: str
    ) -> _Taken | ItemFault:
        if isinstance(item, InvalidArgument):
            return ItemFault.of(item)
        try:
            _check_time(item, path, self._world.clock())
            presented = await finder.find(item, path)
            check_revenue(presented, item, path)
            return _Taken(item, presented)
        except (InvalidArgument, NotFound) as fault:
            return ItemFault.of(fault)

    async def _delays(self, found: Sequence[_Taken | ItemFault]) -> Delays:
        """Of the objectives with a window that are learnt from these outcomes."""
        taken = [each for each in found if isinstance(each, _Taken)]
        return await delays_of((each.presented for each in taken), self._world.outcomes)

    def _capture(self, request_id: str, body_hash: str, found: Sequence[_Taken | ItemFault], delays: Delays) -> Capture:
        now_ms = self._world.clock()
        taken: dict[str, CapturedOutcome] = {}
        presentations: dict[str, Presentation] = {}
        waits: dict[str, Wait] = {}
        reports = []
        for position, each in enumerate(found):
            if isinstance(each, ItemFault) or each.item.idempotency_key in taken:
                continue
            outcome = _captured(each, position, now_ms)
            taken[each.item.idempotency_key] = outcome
            if outcome.lessons:
                presentations |= presentations_of(each.presented)
                waits |= waits_of(each.presented, delays, now_ms)
            reports += _reports(each, outcome)

        def response_of(new_keys: Set[str]) -> bytes:
            return msgspec.json.encode(_answer(found, new_keys))

        outcomes = tuple(taken.values())
        return Capture(RPC, request_id, body_hash, outcomes, presentations, response_of, tuple(reports), waits)

    def _count(self, found: Sequence[_Taken | ItemFault], answer: CaptureAnswer) -> None:
        for each, result in zip(found, answer.items, strict=True):
            if isinstance(each, _Taken) and not result.duplicate:
                self._world.telemetry.captured(each.item.outcome)


def _captured(taken: _Taken, position: int, now_ms: int) -> CapturedOutcome:
    item, presented = taken.item, taken.presented
    time_ms = now_ms if item.outcome_time_ms is None else item.outcome_time_ms
    return CapturedOutcome(
        item=item,
        decision_id=presented.record.decision_id,
        reward_key=presented.reward_key,
        effect=effect_of(item.outcome, presented.direction, is_machine=item.is_machine),
        outcome_time_ms=time_ms,
        capture_time_ms=now_ms,
        position=position,
        lessons=lessons_of(presented, item, time_ms),
    )


def _reports(taken: _Taken, outcome: CapturedOutcome) -> list[ContactReport]:
    """What the outcome tells the contact ledger: one thing, or nothing."""
    presented, item = taken.presented, taken.item
    step = step_of(item.outcome, presented.direction, is_machine=item.is_machine)
    if step is None or not presented.reservation_id:
        return []
    return [ContactReport.of(presented.reservation_id, step, outcome.outcome_time_ms)]


def _answer(found: Sequence[_Taken | ItemFault], new_keys: Set[str]) -> CaptureAnswer:
    """A key that comes twice in one call is new once."""
    fresh = set(new_keys)
    results = []
    for each in found:
        if isinstance(each, ItemFault):
            results.append(ItemResult("", fault=each))
            continue
        key = each.item.idempotency_key
        results.append(ItemResult(key, each.presented.record.decision_id, duplicate=key not in fresh))
        fresh.discard(key)
    return CaptureAnswer(tuple(results))


def _check_time(item: OutcomeItem, path: str, now_ms: int) -> None:
    time_ms = item.outcome_time_ms
    if time_ms is not None and not 0 <= time_ms <= now_ms + MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field(
            f"{path}.outcome_time", "must not be before 1970 or more than five minutes ahead of the server"
        )
