"""A sample of logged decisions, made again by policies: each twice, by what was recorded, which is what values are
estimated from, and by the state that the policy itself would have brought about, which is what is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicy, PolicyUnreadable
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.comparable import attributes_read, hindrance
from services.orchestrator.app.diff.logged_slot import (
    IMPOSSIBLE,
    FirstSlot,
    Option,
    chained,
    first_slot,
    refused_option,
    success_of,
)
from services.orchestrator.app.diff.refused_draws import Closed, closed_by, first_refusals
from services.orchestrator.app.diff.replay_state import ReplayState
from services.orchestrator.app.diff.rerun import draw_again, made_again
from services.orchestrator.app.diff.side import Side
from services.orchestrator.app.surroundings import Surroundings
from shared.errors import FailedPrecondition, InvalidArgument
from shared.ids import content_id


@dataclass(frozen=True, slots=True, eq=False)
class ReplayedDecision:
    """`slots` are what each policy would do first, by what was recorded; None with `logged` where the decision says
    nothing of values. `made` is what each did by its own state."""

    record: DecisionRecord
    person: str
    logged: FirstSlot | None
    slots: tuple[FirstSlot | None, ...]
    made: tuple[DecisionRecord, ...]
    segments: tuple[str, ...]
    """By the last policy."""
    success: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    policies: tuple[ActivePolicy, ...]
    sides: tuple[Side, ...]
    decisions: tuple[ReplayedDecision, ...]
    sampled: int
    left_out: Counter[str]
    unvalued: Counter[str]
    """Made again, and saying nothing of values: why, and how many."""


SERVED_AGAIN = "of values: what was shown before was served again"
HELD_BACK = "of values: it fell into a contact gap that not every policy keeps"
UNTOLD = "of values: drawn anew after a refusal that does not say what there was"


class _LeftOut(Exception):
    """Why a decision cannot be made again by all policies."""


class _SaysNothing(Exception):
    """Why a decision that was made again says nothing of values."""


class Replayer:
    def __init__(self, world: Surroundings, policies: Sequence[ActivePolicy]) -> None:
        self._world = world
        self._policies = tuple(policies)
        self._read = [attributes_read(policy) for policy in policies]
        self._states = [ReplayState(policy) for policy in policies]
        self._sides = tuple(Side(policy) for policy in policies)
        self._left_out: Counter[str] = Counter()
        self._unvalued: Counter[str] = Counter()

    async def __call__(self, count: int, seed: int) -> Replay:
        """Raises FailedPrecondition (POLICIES_NOT_COMPARABLE) where there is no decision that all policies can be asked
        about; Unavailable."""
        records = await self._sample(count, seed)
        replayed = []
        for record in records:
            try:
                replayed.append(await self._replayed(record))
            except _LeftOut as reason:
                self._left_out[str(reason)] += 1
            await asyncio.sleep(0)
        if not replayed:
            raise _nothing_to_compare(len(records), self._left_out)
        return Replay(self._policies, self._sides, tuple(replayed), len(records), self._left_out, self._unvalued)

    async def _sample(self, count: int, seed: int) -> list[DecisionRecord]:
        """In the order of their contacts."""
        found = await self._world.index.sample(content_id("d", ("sample", seed)), count)
        records = [await self._world.log.get(each.decision_id) for each in found]
        there = [record for record in records if record is not None]
        return sorted(there, key=lambda each: (each.acts_ms, each.decision_time_ms, each.decision_id))

    async def _replayed(self, record: DecisionRecord) -> ReplayedDecision:
        if record.fails_closed or record.scores is None:
            raise _LeftOut("nothing was decided on, or it was recorded before all was kept that this takes")
        try:
            logged = await self._world.policies.get(record.policy_version)
        except PolicyUnreadable as fault:
            raise _LeftOut("this version of Tandem cannot read the policy that decided") from fault
        for policy, read in zip(self._policies, self._read, strict=True):
            why = hindrance(record, logged, policy, read)
            if why:
                raise _LeftOut(why)
        person = record.profile_id
        pairs = list(zip(self._policies, self._states, strict=True))
        try:
            again = [await made_again(self._world, record, logged, policy, state) for policy, state in pairs]
            first, slots = await self._valued(record, logged, [each.record for each in again])
        except InvalidArgument as fault:
            raise _LeftOut(f"the request makes no sense any more: {fault.message}") from fault
        for side, state, made in zip(self._sides, self._states, again, strict=True):
            side.tell(person or record.decision_id, made.record)
            state.tell(person, record, made.record)
        success = 0.0
        if first is not None and first.settled.drawn is not None:
            success = success_of(record, first, await self._world.outcomes.list_by_decision(record.decision_id))
        records = tuple(each.record for each in again)
        return ReplayedDecision(
            record, person or record.decision_id, first, slots, records, again[-1].segments, success
        )

    async def _valued(
        self, record: DecisionRecord, logged: ActivePolicy, made: Sequence[DecisionRecord]
    ) -> tuple[FirstSlot | None, tuple[FirstSlot | None, ...]]:
        """Of the log, and of each policy; all None where they say nothing of values, and why is counted."""
        try:
            return await self._first_slots(record, logged, made)
        except _SaysNothing as reason:
            self._unvalued[str(reason)] += 1
            return None, (None,) * len(made)

    async def _first_slots(
        self, record: DecisionRecord, logged: ActivePolicy, made: Sequence[DecisionRecord]
    ) -> tuple[FirstSlot, tuple[FirstSlot, ...]]:
        """Raises _SaysNothing."""
        stood, refusals = first_slot(record, logged), first_refusals(record)
        if stood is None:
            raise _SaysNothing(SERVED_AGAIN)
        if refusals is None:
            raise _SaysNothing(UNTOLD)
        closings = [closed_by(record, logged, refusals[:met]) for met in range(len(refusals) + 1)]
        before = [
            _with_drawn(
                first_slot(await draw_again(self._world, record, logged, logged, ReplayState(logged), closed), logged),
                refused_option(record, logged, refusal.row),
            )
            for refusal, closed in zip(refusals, closings, strict=False)
        ]
        first = chained([*before, stood])
        draws = [
            await self._draws(record, logged, policy, state, own, closings)
            for policy, state, own in zip(self._policies, self._states, made, strict=True)
        ]
        if _is_in_gap(record) and not all(_is_in_gap(each[0]) for each in draws):
            raise _SaysNothing(HELD_BACK)
        slots = tuple(
            chained([first_slot(each, policy) for each in of_policy])
            for of_policy, policy in zip(draws, self._policies, strict=True)
        )
        told = tuple(each for each in slots if each is not None)
        if first is None or len(told) < len(slots):
            raise _SaysNothing(UNTOLD if refusals else SERVED_AGAIN)
        return first, told

    async def _draws(
        self,
        record: DecisionRecord,
        logged: ActivePolicy,
        policy: ActivePolicy,
        state: ReplayState,
        made: DecisionRecord,
        closings: Sequence[Closed],
    ) -> list[DecisionRecord]:
        """One by one, as refusals close more."""
        if len(closings) == 1 and not state.differs(record.profile_id) and not made.refusals:
            return [made]
        return [await draw_again(self._world, record, logged, policy, state, closed) for closed in closings]


def _with_drawn(slot: FirstSlot | None, drawn: Option) -> FirstSlot | None:
    """None where it could not have been drawn."""
    own = None if slot is None else slot.options.get(drawn)
    return None if slot is None or own is None or own.probability <= IMPOSSIBLE else replace(slot, drawn=drawn)


def _is_in_gap(record: DecisionRecord) -> bool:
    """What competed was held back, whatever it was worth. A gap begins by chance, so that the decisions outside speak
    for those within: who does something there is not told to do what the log never tried."""
    return record.pressure is not None and record.pressure.gap.is_open


def _nothing_to_compare(sampled: int, left_out: Counter[str]) -> FailedPrecondition:
    if not sampled:
        return FailedPrecondition("NO_DECISIONS", "there is no decision on record to go by")
    why = left_out.most_common(1)[0][0]
    named = {"attribute": why.split('"')[1]} if why.startswith("attribute ") else {}
    return FailedPrecondition(
        "POLICIES_NOT_COMPARABLE",
        f"none of {sampled} decisions can be made again by both policies: {why}",
        metadata={"because": why, **named},
    )
