"""The flow of one decision: ask, choose, record, answer."""

from __future__ import annotations

from dataclasses import replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.answer import closed_answer, settled_answer
from services.orchestrator.app.decide.brief import Brief, brief_of
from services.orchestrator.app.decide.budget import Budget
from services.orchestrator.app.decide.choose import choose
from services.orchestrator.app.decide.compete import compete
from services.orchestrator.app.decide.gather import Known, gather
from services.orchestrator.app.decide.judge import judge
from services.orchestrator.app.decide.placements import Settled
from services.orchestrator.app.decide.record import record_of
from services.orchestrator.app.decide.score import score
from services.orchestrator.app.decide.stopwatch import Stopwatch
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.ports import PolicyVerdict
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.decision import Answer, Mode
from shared.errors import FailedPrecondition, request_id_reused


class Decide:
    """Answers one request. An executed decision is durable before it is answered."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, command: DecideCommand, deadline_ms: int | None = None) -> Answer:
        """Raises InvalidArgument, AlreadyExists, FailedPrecondition (NO_ACTIVE_POLICY); Unavailable when the decision
        could not be recorded. A service that does not answer degrades the answer instead."""
        if command.mode is Mode.SIMULATE:
            return (await self._decide(command, deadline_ms)).answer
        earlier = await self._world.log.get_by_request(command.request_id)
        if earlier is not None:
            return _same_again(earlier, command)
        return await self._keep(await self._decide(command, deadline_ms))

    async def _decide(self, command: DecideCommand, deadline_ms: int | None) -> DecisionRecord:
        world, watch = self._world, Stopwatch(self._world.ticks_ns)
        budget = Budget.starting_now(deadline_ms, world.budget_ms, world.clock)
        brief = brief_of(command, await self._active_policy(), world.clock())
        known = await gather(brief, world.profiles, budget)
        watch.lap("profile")
        verdict = await judge(brief, known, world.rules, budget) if known.is_complete else None
        watch.lap("rules")
        if verdict is None:
            answer = closed_answer(brief, known, world.new_decision_id())
            return record_of(brief, known, None, replace(answer, timing=watch.timing()), world.clock())
        return await self._settle(brief, known, verdict, budget, watch)

    async def _settle(
        self, brief: Brief, known: Known, verdict: PolicyVerdict, budget: Budget, watch: Stopwatch
    ) -> DecisionRecord:
        world, decision_id = self._world, self._world.new_decision_id()
        competition = compete(brief, known, verdict)
        watch.lap("arbitration")
        scored = await score(brief, known, competition.contest, world.scorer, budget)
        watch.lap("scoring")
        choice = await choose(brief, competition.contest, scored, decision_id)
        answer = settled_answer(Settled(decision_id, brief, known, verdict, competition, choice), world.signer)
        watch.lap("arbitration")
        return record_of(brief, known, choice, replace(answer, timing=watch.timing()), world.clock())

    async def _keep(self, record: DecisionRecord) -> Answer:
        """The answer that is in the log: ours, or that of the same request which was faster."""
        watch = Stopwatch(self._world.ticks_ns)
        if await self._world.log.append(record):
            self._world.telemetry.decided(record, watch.timing().total_ns)
            return record.answer
        earlier = await self._world.log.get_by_request(record.request_id)
        assert earlier is not None, "a request id is only taken by a decision"
        return _same_again(earlier, record.command)

    async def _active_policy(self) -> ActivePolicy:
        policy = await self._world.policies.current()
        if policy is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        return policy


def _same_again(earlier: DecisionRecord, command: DecideCommand) -> Answer:
    if earlier.body_hash != command.body_hash:
        raise request_id_reused(command.request_id)
    return earlier.answer
