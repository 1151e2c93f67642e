"""One policy over persons: the flow itself, in SIMULATE, side by side as in a batch.

Those who are decided for side by side see the same budgets. Where one of them leaves too little of a resource for an
option that had room before, those behind are decided for again, so all come out as if they had come one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.batch.side_by_side import SIDE_BY_SIDE, side_by_side
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.flow import Decide
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.profile_sample import ProfileSample
from services.orchestrator.app.diff.rerun import explain_of
from services.orchestrator.app.diff.sampled_volume import SampledVolume, lost
from services.orchestrator.app.diff.side import Side
from services.orchestrator.app.persons import PROFILE
from services.orchestrator.app.ports import PolicyQuestion, PolicyVerdict, RuleEvaluator
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.decision import Explain, Mode
from services.orchestrator.domain.subject import Identity
from services.orchestrator.domain.trouble import Party, Trouble
from shared.errors import InvalidArgument, TandemError, Unavailable, Violation
from shared.ids import content_id

RUN_MS = 30_000
"""How long the decisions of one round may take."""
HARDLY_LOST = 1e-9
"""Of a probability: not worth a decision."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonDecided:
    """What the policy does, less what budgets do not give; and the segments it sees the person in."""

    record: DecisionRecord
    segments: tuple[str, ...]


class ProfileRun:
    def __init__(
        self, world: Surroundings, policy: ActivePolicy, volume: SampledVolume, sample: ProfileSample, now_ms: int
    ) -> None:
        self._world = replace(world, quotas=volume, budget_ms=RUN_MS)
        self._policy = policy
        self._volume = volume
        self._sample = sample
        self._now_ms = now_ms
        self.side = Side(policy)

    async def decide(self, profile_ids: Sequence[str]) -> list[PersonDecided | None]:
        """In their order; None for somebody who is gone by now, or became part of somebody else. Raises InvalidArgument
        where the policy cannot be asked so; Unavailable where somebody does not answer: what was decided without them
        would say nothing of the policy."""
        found: list[PersonDecided | None] = []
        while len(found) < len(profile_ids):
            short = self._volume.short()
            behind = profile_ids[len(found) : len(found) + SIDE_BY_SIDE]
            for profile_id, decided in zip(behind, await self._side_by_side(behind), strict=True):
                if not np.array_equal(self._volume.short(), short):
                    break
                found.append(await self._settled(profile_id, decided))
                await asyncio.sleep(0)  # real decisions are waiting
        return found

    async def _side_by_side(self, profile_ids: Sequence[str]) -> list[PersonDecided]:
        commands = [self._command(each) for each in profile_ids]
        outcomes = await side_by_side(self._world, commands, self._decided)
        decided = [each for each in outcomes if not isinstance(each, TandemError)]
        for failure in outcomes:
            if isinstance(failure, InvalidArgument):
                raise _of_policy(failure, self._policy)
            if isinstance(failure, TandemError):
                raise failure
        return decided

    async def _decided(self, world: Surroundings, command: DecideCommand) -> PersonDecided:
        rules = _RulesWithSegments(world.rules)
        decide = Decide(replace(world, rules=rules))
        decided = await decide.simulated(command, self._policy, command.request_id, self._now_ms)
        if decided.troubles:
            raise _not_answered(decided.troubles[0])
        return PersonDecided(decided.record, rules.segments)

    async def _settled(self, profile_id: str, decided: PersonDecided) -> PersonDecided | None:
        if decided.record.profile_id != profile_id:
            return None
        before = self._volume.used.copy()
        record = self._volume.granted(decided.record)
        missing = lost(decided.record, record)
        if max(missing, default=0.0) > HARDLY_LOST:
            # What is short is gone by now: so this is what comes next.
            (instead,) = await self._side_by_side([profile_id])
            record = self._volume.filled(record, instead.record, missing)
        self.side.tell(profile_id, record, self._volume.used - before)
        return replace(decided, record=record)

    def _command(self, profile_id: str) -> DecideCommand:
        sample = self._sample
        return DecideCommand(
            # The draws go by it: the same for every policy, and each time.
            content_id("d", ("profile sample", sample.seed, profile_id)),
            (Identity(PROFILE, profile_id),),
            sample.places,
            context=sample.context,
            locale=sample.locale,
            decision_time_ms=sample.decision_time_ms,
            mode=Mode.SIMULATE,
            explain=explain_of(self._policy),
        )


class _RulesWithSegments:
    """Implements RuleEvaluator: asks for segments, too, and for no reasons. What caps drop has reasons of this
    service's own."""

    def __init__(self, rules: RuleEvaluator) -> None:
        self._rules = rules
        self.segments: tuple[str, ...] = ()

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        asked = replace(question, explain=Explain.NONE, with_segments=True)
        verdict = await self._rules.evaluate(asked, deadline_ms=deadline_ms)
        self.segments = verdict.segments
        return verdict


def _of_policy(fault: InvalidArgument, policy: ActivePolicy) -> InvalidArgument:
    """In the words of the request."""
    named = {"field": f"profiles.{fault.metadata['field']}"} if "field" in fault.metadata else {}
    return InvalidArgument(
        fault.reason,
        f"profiles.{fault.message}".replace("the active policy", f"policy {policy.versions.policy}"),
        metadata={**fault.metadata, **named},
        violations=[Violation(f"profiles.{each.field}", each.description) for each in fault.violations],
    )


def _not_answered(trouble: Trouble) -> Unavailable:
    service = "orchestrator" if trouble.party is Party.VOLUME else str(trouble.party)
    text = f"the {service} service did not answer for a person of the sample ({trouble.cause})"
    return Unavailable("DEPENDENCY_UNAVAILABLE", text, metadata={"service": service})
