"""Whose rewards, and whose contacts, may be learnt from: who has a basis for TRAINING, at the moment of learning.

Not at the moment of the decision or of the outcome: a reward may wait for the scoring service, and who withdraws
meanwhile must not be learnt from. The basis is that of the policy that is active now, for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.active_policies import ActivePolicies, PolicyUnreadable
from services.orchestrator.app.outcome_store import PendingReward
from services.orchestrator.app.ports import ConsentStatement, ProfileReader
from services.orchestrator.domain.policy_parts import PurposePart
from services.orchestrator.domain.purposes import TRAINING, Use, may_learn, purpose_of
from services.orchestrator.domain.subject import Identity
from shared.clock import Clock
from shared.errors import TandemError, Unavailable


@dataclass(frozen=True, slots=True)
class Learnt:
    """Whom something to learn is of: as the decision named them, and their profile then. Nobody: no identities; the
    profile is empty for somebody nobody had recorded."""

    identities: tuple[Identity, ...]
    profile_id: str


class LearningConsent:
    def __init__(self, profiles: ProfileReader, policies: ActivePolicies, clock: Clock) -> None:
        self._profiles = profiles
        self._policies = policies
        self._clock = clock

    async def permitted(self, rewards: Sequence[PendingReward], *, deadline_ms: int) -> list[bool]:
        """Of each reward. Raises Unavailable where nobody can tell: nothing is learnt then."""
        shown = (each.presentation for each in rewards)
        return await self.of([Learnt(each.identities, each.profile_id) for each in shown], deadline_ms=deadline_ms)

    async def of(self, learnt: Sequence[Learnt], *, deadline_ms: int) -> list[bool]:
        """Whether each of them may be learnt from. Raises Unavailable likewise."""
        subjects = list(dict.fromkeys(each.identities for each in learnt if each.identities))
        try:
            purpose = await self._purpose()
            found = await self._profiles.consents(subjects, deadline_ms=deadline_ms) if subjects else ()
        except (TandemError, PolicyUnreadable) as failure:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", f"who may be learnt from is unknown: {failure}") from failure
        said = dict(zip(subjects, found, strict=True))
        return [_may_learn(each, said.get(each.identities), purpose, self._clock()) for each in learnt]

    async def _purpose(self) -> PurposePart:
        policy = await self._policies.current()
        return purpose_of(policy.compiled.trait_schema.purposes if policy is not None else (), TRAINING)


def _may_learn(learnt: Learnt, said: tuple[ConsentStatement, ...] | None, purpose: PurposePart, now_ms: int) -> bool:
    if not learnt.identities:
        return True  # nobody's
    if said is None and learnt.profile_id:
        return False  # somebody was there when it was decided, and is not any more: erased
    return may_learn(purpose, Use.of(learnt.identities, said or (), now_ms))
