"""A sample of logged decisions, made again by policies: each twice, by what was recorded, which is what values are
estimated from, and by the state that the policy itself would have brought about, which is what is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.active_policies import ActivePolicy, PolicyUnreadable
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.comparable import attributes_read, hindrance
from services.orchestrator.app.diff.logged_slot import FirstSlot, first_slot, success_of
from services.orchestrator.app.diff.replay_state import ReplayState
from services.orchestrator.app.diff.rerun import Rerun, rerun
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


class _LeftOut(Exception):
    """Why a decision cannot be made again by all policies."""


class Replayer:
    def __init__(self, world: Surroundings, policies: Sequence[ActivePolicy]) -> None:
        self._world = world
        self._policies = tuple(policies)
        self._read = [attributes_read(policy) for policy in policies]
        self._states = [ReplayState(policy) for policy in policies]
        self._sides = tuple(Side(policy) for policy in policies)
        self._left_out: Counter[str] = Counter()

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
        return Replay(self._policies, self._sides, tuple(replayed), len(records), self._left_out)

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
        try:
            once = [await rerun(self._world, record, logged, each, ReplayState(each)) for each in self._policies]
            again = [
                await rerun(self._world, record, logged, policy, state) if state.differs(person) else by_record
                for policy, state, by_record in zip(self._policies, self._states, once, strict=True)
            ]
        except InvalidArgument as fault:
            raise _LeftOut(f"the request makes no sense any more: {fault.message}") from fault
        for side, state, made in zip(self._sides, self._states, again, strict=True):
            side.tell(person or record.decision_id, made.record)
            state.tell(person, record, made.record)
        return await self._with_success(record, logged, once, again)

    async def _with_success(
        self, record: DecisionRecord, logged: ActivePolicy, once: Sequence[Rerun], again: Sequence[Rerun]
    ) -> ReplayedDecision:
        first = first_slot(record, logged)
        slots = tuple(first_slot(each.record, policy) for each, policy in zip(once, self._policies, strict=True))
        if _is_in_gap(record) and not all(_is_in_gap(each.record) for each in once):
            first = None
        success = 0.0
        if first is not None and first.drawn is not None:
            outcomes = await self._world.outcomes.list_by_decision(record.decision_id)
            success = success_of(record, first, outcomes)
        person = record.profile_id or record.decision_id
        made = tuple(each.record for each in again)
        return ReplayedDecision(record, person, first, slots, made, again[-1].segments, success)


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
