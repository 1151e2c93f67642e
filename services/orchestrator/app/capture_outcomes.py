"""CaptureOutcomes: what became of propositions, each kept once, and learnt from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

import msgspec

from services.orchestrator.app.capture_answer import CaptureAnswer, ItemFault, ItemResult
from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.contact_reports import contact_reports
from services.orchestrator.app.courier import Courier
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.lessons import (
    Delays,
    Revenue,
    delays_of,
    lessons_of,
    presentations_of,
    revenue_of,
    waits_of,
)
from services.orchestrator.app.outcome_store import (
    OWN_KEYS,
    Capture,
    CapturedOutcome,
    OutcomeItem,
    Presentation,
    Sighting,
    Wait,
)
from services.orchestrator.app.presentations import PresentationFinder, Presented
from services.orchestrator.app.receipts import earlier_answer
from services.orchestrator.app.sightings import ResponseWindows, response_windows, sighting_of
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.app.volume.bank import Settlement
from services.orchestrator.app.volume.settle import settlements_of
from services.orchestrator.domain.currency import Currencies
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
    revenue: Revenue


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
        capture = self._capture(request_id, body_hash, found, await self._delays(found), await self._windows(found))
        await self._forget_given_back(found)
        receipt = await self._world.outcomes.append(capture)
        answer = msgspec.json.decode(receipt.response, type=CaptureAnswer)
        self._count(found, answer)
        await self._rewards.deliver_now(INLINE_DELIVERY_MS)
        if any(capture.reports.values()):
            await self._contacts.deliver_now(INLINE_DELIVERY_MS)
        return answer

    async def _forget_given_back(self, found: Sequence[_Taken | ItemFault]) -> None:
        """A piece of stock that comes back is not served again. Before it does: then it is drawn, and taken, anew. A
        copy gives none back."""
        taken = [each for each in found if isinstance(each, _Taken) and each.presented.record.sticky_until_ms]
        lost = {
            each.presented.record.profile_id
            for each in taken
            if each.presented.first is None and any(not one.is_realised for one in _settlements(each))
        }
        if lost:
            await self._world.sticky.forget(sorted(lost))

    async def _find_all(self, items: Sequence[OutcomeItem | InvalidArgument]) -> list[_Taken | ItemFault]:
        finder = PresentationFinder(self._world.log, self._world.signer, self._world.policies)
        policy = await self._world.policies.current()
        currencies = None if policy is None else policy.settings.currencies
        found = []
        for index, item in enumerate(items):
            found.append(await self._find(finder, currencies, item, f"items[{index}]"))
            await asyncio.sleep(0)  # a thousand records to read must not hold up the loop
        return found

    async def _find(
        self,
        finder: PresentationFinder,
        currencies: Currencies | None,
        item: OutcomeItem | InvalidArgument,
        path: str,
    ) -> _Taken | ItemFault:
        if isinstance(item, InvalidArgument):
            return ItemFault.of(item)
        try:
            _check_time(item, path, self._world.clock())
            _check_key(item, path)
            presented = await finder.find(item, path)
            _check_not_before(presented.record, item, path)
            return _Taken(item, presented, revenue_of(presented, item, currencies, path))
        except InvalidArgument as fault:
            return ItemFault.of(fault)
        except NotFound as fault:
            return replace(ItemFault.of(fault), metadata={**fault.metadata, "field": f"{path}.{_reference(item)}"})

    async def _delays(self, found: Sequence[_Taken | ItemFault]) -> Delays:
        """Of the objectives with a window that are learnt from these outcomes."""
        taken = [each for each in found if isinstance(each, _Taken)]
        return await delays_of((each.presented for each in taken), self._world.outcomes)

    async def _windows(self, found: Sequence[_Taken | ItemFault]) -> ResponseWindows:
        return await response_windows(
            (each.presented for each in found if isinstance(each, _Taken)), self._world.policies
        )

    def _capture(
        self,
        request_id: str,
        body_hash: str,
        found: Sequence[_Taken | ItemFault],
        delays: Delays,
        windows: ResponseWindows,
    ) -> Capture:
        now_ms = self._world.clock()
        taken: dict[str, CapturedOutcome] = {}
        presentations: dict[str, Presentation] = {}
        waits: dict[str, Wait] = {}
        reports: dict[str, Sequence[ContactReport]] = {}
        settlements: dict[str, Sequence[Settlement]] = {}
        sightings: list[Sighting] = []
        for position, each in enumerate(found):
            if isinstance(each, ItemFault) or (key := each.item.idempotency_key) in taken:
                continue
            taken[key] = outcome = _captured(each, position, now_ms)
            if outcome.lessons:
                presentations |= presentations_of(each.presented)
                waits |= waits_of(each.presented, delays, now_ms)
            reports[key] = contact_reports(each.presented, each.item, outcome.outcome_time_ms)
            settlements[key] = _settlements(each)
            sightings += filter(None, [sighting_of(each.presented, outcome, windows)])

        def response_of(new_keys: Set[str]) -> bytes:
            return msgspec.json.encode(_answer(found, new_keys))

        outcomes = tuple(taken.values())
        return Capture(
            rpc=RPC,
            request_id=request_id,
            body_hash=body_hash,
            outcomes=outcomes,
            presentations=presentations,
            response_of=response_of,
            reports=reports,
            waits=waits,
            sightings=sightings,
            settlements=settlements,
        )

    def _count(self, found: Sequence[_Taken | ItemFault], answer: CaptureAnswer) -> None:
        for each, result in zip(found, answer.items, strict=True):
            if isinstance(each, _Taken) and not result.duplicate:
                self._world.telemetry.captured(each.item.outcome)


def _settlements(taken: _Taken) -> list[Settlement]:
    return settlements_of(taken.presented.proposition, taken.item.outcome, taken.presented.first)


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
        lessons=lessons_of(presented, item, time_ms, taken.revenue.learnt),
        revenue=taken.revenue.owed,
    )


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


def _check_not_before(record: DecisionRecord, item: OutcomeItem, path: str) -> None:
    """Of a decision for another moment than its own, the earlier of the two counts; a caller's clock may be behind."""
    begin_ms = min(record.decision_time_ms, record.record_time_ms) - MAX_CLOCK_SKEW_MS
    if item.outcome_time_ms is not None and item.outcome_time_ms < begin_ms:
        raise InvalidArgument.field(f"{path}.outcome_time", "must not be before the decision it is the outcome of")


def _reference(item: OutcomeItem) -> str:
    """The field that names what it is the outcome of."""
    if item.off_policy is not None:
        return "off_policy.decision_id"
    return "tracking_token" if item.tracking_token else "proposition_id"


def _check_key(item: OutcomeItem, path: str) -> None:
    if item.idempotency_key.startswith(OWN_KEYS):
        raise InvalidArgument.field(f"{path}.idempotency_key", f'must not begin with "{OWN_KEYS}": those are ours')
