"""The flow of one decision: ask, choose, record, answer."""

from __future__ import annotations

from dataclasses import replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.campaign_decisions import CampaignPerson
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.answer import closed_answer, settled_answer
from services.orchestrator.app.decide.arm import assign_arm
from services.orchestrator.app.decide.brief import Brief, brief_of, check_reachable, decision_id_of
from services.orchestrator.app.decide.budget import POLICY_SHARE, STORE_SHARE, Budget
from services.orchestrator.app.decide.campaign import (
    addressed,
    earlier_decision,
    of_campaign,
)
from services.orchestrator.app.decide.choose import choose
from services.orchestrator.app.decide.compete import Competition, compete
from services.orchestrator.app.decide.gather import Known, gather
from services.orchestrator.app.decide.hold import bids_of
from services.orchestrator.app.decide.judge import judge
from services.orchestrator.app.decide.keep import Decided, Keep
from services.orchestrator.app.decide.placements import Settled
from services.orchestrator.app.decide.press import weigh_pressure
from services.orchestrator.app.decide.record import closed_record, record_of
from services.orchestrator.app.decide.reserve import Contacted, reserve
from services.orchestrator.app.decide.score import score
from services.orchestrator.app.decide.stick import recall_served
from services.orchestrator.app.decide.stopwatch import Stopwatch
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.ports import PolicyVerdict
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.trouble import Cause, Party, Trouble
from services.orchestrator.domain.volume.standing import VolumeStanding
from shared.errors import DeadlineExceeded, FailedPrecondition, Unavailable


class Decide:
    """Answers one request. An executed decision is durable before it is answered."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(
        self, command: DecideCommand, deadline_ms: int | None = None, arrival_ms: int | None = None
    ) -> Answer:
        """`arrival_ms` None: now. Raises InvalidArgument, AlreadyExists, FailedPrecondition (NO_ACTIVE_POLICY);
        NotFound (PROFILE_NOT_FOUND) for the id of a profile that is none; Unavailable when the decision could not be
        recorded. A service that does not answer degrades the answer instead.
        For a campaign NotFound for whoever is unknown, and Unavailable in place of a degraded answer."""
        if command.mode is Mode.SIMULATE:
            return (await self._decide(command, self._world.new_decision_id(), deadline_ms, arrival_ms)).record.answer
        keep = Keep(self._world, deadline_ms)
        if (earlier := await keep.earlier(command)) is not None:
            return earlier
        return await keep(await self._decide(command, decision_id_of(command), deadline_ms, arrival_ms))

    async def simulated(
        self, command: DecideCommand, policy: ActivePolicy, decision_id: str, arrival_ms: int
    ) -> Decided:
        """What any policy would decide; the command is one of SIMULATE. Who does not answer is in `troubles`. Raises
        InvalidArgument."""
        assert command.mode is Mode.SIMULATE, "it is recorded nowhere"
        return await self._decide(command, decision_id, None, arrival_ms, policy)

    async def _decide(
        self,
        command: DecideCommand,
        decision_id: str,
        deadline_ms: int | None,
        arrival_ms: int | None,
        chosen: ActivePolicy | None = None,
    ) -> Decided:
        """By the active policy, unless another one is chosen."""
        world, watch = self._world, Stopwatch(self._world.ticks_ns)
        budget = Budget.starting_now(deadline_ms, world.budget_ms, world.clock)
        policy = await self._active_policy(budget) if chosen is None else chosen
        check_reachable(command)
        brief = brief_of(command, policy, world.clock() if arrival_ms is None else arrival_ms, decision_id)
        known = await gather(brief, world.profiles, budget)
        person = addressed(brief, known)
        if person is not None and (earlier := await self._earlier(person, budget)) is not None:
            return Decided(earlier, is_recorded=True)
        known = weigh_pressure(brief, assign_arm(brief, known), world.pressure)
        known = await recall_served(brief, known, world.sticky, budget)
        standing = await world.quotas.standing(policy, brief.consent_ms, deadline_ms=budget.share(STORE_SHARE))
        known = _with_volume(known, standing)
        watch.lap("profile")
        decided = await self.conclude(brief, known, budget, watch)
        return replace(decided, record=of_campaign(decided.record, person))

    async def conclude(self, brief: Brief, known: Known, budget: Budget, watch: Stopwatch) -> Decided:
        """What comes of what is known: asks the rules, the scorer and the ledger, and nobody else. A recorded decision
        is made again by this, with what they said then."""
        world = self._world
        verdict = await judge(brief, known, world.rules, budget) if known.is_complete else None
        watch.lap("rules")
        if verdict is None or isinstance(verdict, Trouble):
            answer = replace(closed_answer(brief, known), timing=watch.timing())
            troubles = known.troubles if verdict is None else (*known.troubles, verdict)
            return Decided(closed_record(brief, known, answer, world.clock()), troubles=troubles)
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
        troubles = (*known.troubles, *filter(None, (scored.trouble,)), *contacted.troubles)
        return Decided(record_of(settled, answer, world.clock()), contacted, troubles=troubles)

    def _tell_quotas(self, brief: Brief, known: Known, competition: Competition, contacted: Contacted) -> None:
        if known.volume is None or competition.at_stake is None or brief.command.mode is Mode.SIMULATE:
            return
        if known.arm.arm is not Arm.DECISIONING:
            return  # what a unit brings there is no price for the others
        bids = bids_of(contacted.choice, contacted.taken, brief.policy.settings.reserve)
        self._world.quotas.saw(known.volume, competition.at_stake.tolist(), bids)

    async def _earlier(self, person: CampaignPerson, budget: Budget) -> DecisionRecord | None:
        """What the campaign has decided for them. Raises Unavailable: who may have one gets no other."""
        try:
            async with budget.within(STORE_SHARE):
                return await earlier_decision(person, self._world.campaigns, self._world.log)
        except DeadlineExceeded as late:
            text = "the campaign's decisions cannot be read in time"
            raise Unavailable("STORE_UNAVAILABLE", text, metadata={"store": "orchestrator"}) from late

    async def _active_policy(self, budget: Budget) -> ActivePolicy:
        """The last known one where the store takes too long: it says itself which version it is."""
        policies = self._world.policies
        try:
            async with budget.within(POLICY_SHARE):
                policy = await policies.current()
        except DeadlineExceeded as late:
            policy = policies.last_known
            if policy is None:
                text = "the active policy cannot be read in time"
                raise Unavailable("STORE_UNAVAILABLE", text, metadata={"store": "orchestrator"}) from late
        if policy is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        return policy


def _with_volume(known: Known, standing: VolumeStanding | None) -> Known:
    if standing is None:
        return known
    causes = {Cause(each.unreachable) for each in standing.resources if each.unreachable}
    troubles = tuple(Trouble(Party.VOLUME, cause) for cause in sorted(causes))
    return replace(known, volume=standing, troubles=(*known.troubles, *troubles))
