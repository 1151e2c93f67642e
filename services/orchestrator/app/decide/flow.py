"""The flow of one decision: ask, choose, record, answer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.campaign_decisions import person_of
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.decide.answer import closed_answer, settled_answer
from services.orchestrator.app.decide.arm import assign_arm
from services.orchestrator.app.decide.brief import Brief, brief_of, check_reachable, decision_id_of
from services.orchestrator.app.decide.budget import Budget
from services.orchestrator.app.decide.campaign import (
    addressed,
    check_made_for_campaign,
    earlier_decision,
    of_campaign,
)
from services.orchestrator.app.decide.choose import choose
from services.orchestrator.app.decide.compete import Competition, compete
from services.orchestrator.app.decide.gather import Known, gather
from services.orchestrator.app.decide.hold import bids_of
from services.orchestrator.app.decide.judge import judge
from services.orchestrator.app.decide.placements import Settled
from services.orchestrator.app.decide.record import closed_record, record_of
from services.orchestrator.app.decide.reserve import Contacted, reserve
from services.orchestrator.app.decide.score import score
from services.orchestrator.app.decide.stick import recall_served, remember_served
from services.orchestrator.app.decide.stopwatch import Stopwatch
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.ports import PolicyVerdict
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.app.volume.quotas import Taken
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.decision import Answer, Mode
from shared.errors import FailedPrecondition, TandemError, request_id_reused

_log = logging.getLogger("tandem.orchestrator.decide")


class Decide:
    """Answers one request. An executed decision is durable before it is answered."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(
        self, command: DecideCommand, deadline_ms: int | None = None, arrival_ms: int | None = None
    ) -> Answer:
        """`arrival_ms` None: now. Raises InvalidArgument, AlreadyExists, FailedPrecondition (NO_ACTIVE_POLICY);
        Unavailable when the decision could not be recorded. A service that does not answer degrades the answer instead.
        For a campaign also NotFound, and Unavailable in place of a degraded answer."""
        if command.mode is Mode.SIMULATE:
            return (await self._decide(command, self._world.new_decision_id(), deadline_ms, arrival_ms)).record.answer
        earlier = await self._world.log.get_by_request(command.request_id)
        if earlier is not None:
            return _same_again(earlier, command.body_hash)
        return await self._keep(await self._decide(command, decision_id_of(command), deadline_ms, arrival_ms))

    async def _decide(
        self, command: DecideCommand, decision_id: str, deadline_ms: int | None, arrival_ms: int | None
    ) -> Decided:
        world, watch = self._world, Stopwatch(self._world.ticks_ns)
        budget = Budget.starting_now(deadline_ms, world.budget_ms, world.clock)
        policy = await self._active_policy()
        check_reachable(command)
        brief = brief_of(command, policy, world.clock() if arrival_ms is None else arrival_ms, decision_id)
        known = await gather(brief, world.profiles, budget)
        person = addressed(brief, known)
        if person is not None and (earlier := await earlier_decision(person, world.campaigns, world.log)) is not None:
            return Decided(earlier, is_recorded=True)
        known = assign_arm(brief, known)
        known = await recall_served(brief, known, world.sticky)
        known = replace(known, volume=await world.quotas.standing(policy, brief.consent_ms))
        watch.lap("profile")
        decided = await self.conclude(brief, known, budget, watch)
        return replace(decided, record=of_campaign(decided.record, person))

    async def conclude(self, brief: Brief, known: Known, budget: Budget, watch: Stopwatch) -> Decided:
        """What comes of what is known: asks the rules, the scorer and the ledger, and nobody else. A recorded decision
        is made again by this, with what they said then."""
        world = self._world
        verdict = await judge(brief, known, world.rules, budget) if known.is_complete else None
        watch.lap("rules")
        if verdict is None:
            answer = replace(closed_answer(brief, known), timing=watch.timing())
            return Decided(closed_record(brief, known, answer, world.clock()))
        return await self._settle(brief, known, verdict, budget, watch)

    async def _settle(
        self, brief: Brief, known: Known, verdict: PolicyVerdict, budget: Budget, watch: Stopwatch
    ) -> Decided:
        world = self._world
        competition = compete(brief, known, verdict)
        watch.lap("arbitration")
        segments = verdict.segments if brief.policy.compiled.reads_segments else None
        scored = await score(brief, known, segments, competition.contest, world.scorer, budget)
        watch.lap("scoring")
        choice = await choose(brief, known, competition, scored)
        watch.lap("arbitration")
        contacted = await reserve(brief, known, choice, world.ledger, world.quotas, budget)
        self._tell_quotas(brief, known, competition, contacted)
        watch.lap("ledger" if known.keeps_contacts else "arbitration")
        settled = Settled(brief, known, verdict, competition, contacted)
        answer = settled_answer(settled, world.signer)
        watch.lap("arbitration")
        answer = replace(answer, timing=watch.timing())
        return Decided(record_of(settled, answer, world.clock()), contacted)

    def _tell_quotas(self, brief: Brief, known: Known, competition: Competition, contacted: Contacted) -> None:
        if known.volume is None or competition.at_stake is None or brief.command.mode is Mode.SIMULATE:
            return
        if known.arm.arm is not Arm.DECISIONING:
            return  # what a unit brings there is no price for the others
        bids = bids_of(contacted.choice, contacted.taken, brief.policy.settings.reserve)
        self._world.quotas.saw(known.volume, competition.at_stake.tolist(), bids)

    async def _keep(self, decided: Decided) -> Answer:
        """The answer that is in the log: ours, or that of the same request which was faster."""
        watch, record = Stopwatch(self._world.ticks_ns), decided.record
        if decided.is_recorded:
            return record.answer
        check_made_for_campaign(record)
        if await self._world.log.append(record):
            self._world.telemetry.decided(record, watch.timing().total_ns)
            await self._give_back(decided.held, record)
            await remember_served(record, self._world.sticky)
            return record.answer
        for taken in decided.taken:
            self._world.quotas.give_back(taken)
        earlier = await self._world.log.get_by_request(record.request_id)
        if earlier is not None:
            await self._give_back(decided.held, earlier)
            return _same_again(earlier, record.body_hash)
        earlier = await self._earlier_of_campaign(record)
        await self._give_back(decided.held, earlier)
        return earlier.answer

    async def _earlier_of_campaign(self, record: DecisionRecord) -> DecisionRecord:
        person = person_of(record)
        assert person is not None, "what is refused and has no request before it belongs to a campaign"
        earlier = await earlier_decision(person, self._world.campaigns, self._world.log)
        assert earlier is not None, "a campaign refuses a person only for a decision of theirs"
        return earlier

    async def _give_back(self, held: set[str], recorded: DecisionRecord) -> None:
        """What was reserved for this decision and is not part of it as it was recorded, by another try maybe."""
        unused = held - {each.reservation_id for place in recorded.answer.placements for each in place.propositions}
        if not unused:
            return
        try:
            await self._world.outbox.queue([ContactReport.released(each) for each in sorted(unused)])
        except TandemError as failure:
            # It goes on counting: fewer contacts than allowed, never more.
            _log.warning("reservations stay", extra={"fields": {"cause": failure.message, "ids": sorted(unused)}})

    async def _active_policy(self) -> ActivePolicy:
        policy = await self._world.policies.current()
        if policy is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        return policy


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What is to be recorded, and what was reserved for it; `contacted` None: it failed closed.

    `is_recorded`: it is what a campaign has decided for the person before.
    """

    record: DecisionRecord
    contacted: Contacted | None = None
    is_recorded: bool = False

    @property
    def taken(self) -> tuple[Taken, ...]:
        """Units of resources."""
        return () if self.contacted is None else tuple(self.contacted.taken.values())

    @property
    def held(self) -> set[str]:
        contacted = self.contacted
        return set() if contacted is None else {*contacted.reservations.values(), *contacted.unused}


def _same_again(earlier: DecisionRecord, body_hash: str) -> Answer:
    if earlier.body_hash != body_hash:
        raise request_id_reused(earlier.request_id)
    return earlier.answer
