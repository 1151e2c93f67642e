"""Which rewards may be learnt from: whose persons have a basis for TRAINING, at the moment of learning.

Not at the moment of the decision or of the outcome: a reward may wait for the scoring service, and who withdraws
meanwhile must not be learnt from. The basis is that of the policy that is active now, for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.orchestrator.app.active_policies import ActivePolicies, PolicyUnreadable
from services.orchestrator.app.outcome_store import PendingReward
from services.orchestrator.app.ports import ConsentStatement, ProfileReader
from services.orchestrator.domain.policy_parts import PurposePart
from services.orchestrator.domain.purposes import TRAINING, Use, may_learn, purpose_of
from shared.clock import Clock
from shared.errors import TandemError, Unavailable


class LearningConsent:
    def __init__(self, profiles: ProfileReader, policies: ActivePolicies, clock: Clock) -> None:
        self._profiles = profiles
        self._policies = policies
        self._clock = clock

    async def permitted(self, rewards: Sequence[PendingReward], *, deadline_ms: int) -> list[bool]:
        """Of each reward. Raises Unavailable where nobody can tell: nothing is learnt then."""
        subjects = list(dict.fromkeys(each.presentation.identities for each in rewards if each.presentation.identities))
        try:
            purpose = await self._purpose()
            found = await self._profiles.consents(subjects, deadline_ms=deadline_ms) if subjects else ()
        except (TandemError, PolicyUnreadable) as failure:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", f"who may be learnt from is unknown: {failure}") from failure
        said = dict(zip(subjects, found, strict=True))
        return [_may_learn(each, said.get(each.presentation.identities), purpose, self._clock()) for each in rewards]

    async def _purpose(self) -> PurposePart:
        policy = await self._policies.current()
        return purpose_of(policy.compiled.trait_schema.purposes if policy is not None else (), TRAINING)


def _may_learn(
    reward: PendingReward, said: tuple[ConsentStatement, ...] | None, purpose: PurposePart, now_ms: int
) -> bool:
    shown = reward.presentation
    if not shown.identities:
        return True  # nobody's
    if said is None and shown.profile_id:
        return False  # somebody was there when it was decided, and is not any more: erased
    return may_learn(purpose, Use.of(shown.identities, said or (), now_ms))
