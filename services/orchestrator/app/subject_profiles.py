"""Under which profiles decisions for a person were recorded."""

from __future__ import annotations

from services.orchestrator.app.ports import Identity, SubjectQuery
from services.orchestrator.app.surroundings import Surroundings
from shared.errors import FailedPrecondition

READ_MS = 2_000


async def profiles_of(world: Surroundings, identities: tuple[Identity, ...]) -> tuple[str, ...]:
    """The profile of the person and those merged into it; none for somebody nobody has recorded. Raises
    InvalidArgument, Unavailable, FailedPrecondition (NO_ACTIVE_POLICY)."""
    policy = await world.policies.current()
    if policy is None:
        raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
    now_ms = world.clock()
    query = SubjectQuery(identities, policy.versions.trait_schema, now_ms, is_now=True)
    view = await world.profiles.get(query, deadline_ms=now_ms + READ_MS)
    return (view.profile_id, *view.merged_profile_ids) if view.profile_id else ()
