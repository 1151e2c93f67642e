"""A sample of the persons in a segment: those whose salted hash is smallest. Chance decides, and the same each time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import nsmallest
from itertools import chain

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.audience import Audience
from services.orchestrator.domain.places import PlaceRequest
from services.orchestrator.domain.policy_parts import OnUnknown
from shared.clock import Clock
from shared.errors import FailedPrecondition, InvalidArgument
from shared.values import Value

SEARCH_MS = 60_000
"""For one page of persons."""


@dataclass(frozen=True, slots=True)
class ProfileSample:
    """Who is drawn, and what each of them is decided for."""

    segment: str
    """The name of one that the policy declares, else a condition."""
    places: PlaceRequest
    limit: int = 1_000
    seed: int = 0
    context: Mapping[str, Value] = field(default_factory=dict)
    locale: str = ""
    decision_time_ms: int | None = None
    """None: now."""


@dataclass(frozen=True, slots=True)
class DrawnPersons:
    """`profile_ids` in the order of their hashes: chance decides who comes first where something is scarce."""

    condition: str
    profile_ids: tuple[str, ...]
    audience: int
    """Persons in the segment."""

    @property
    def weight(self) -> float:
        """How many of them a person of the sample stands for."""
        return self.audience / len(self.profile_ids)


async def drawn(audience: Audience, sample: ProfileSample, policy: ActivePolicy, clock: Clock) -> DrawnPersons:
    """The segment, and the attributes of its condition, are those of the policy. Raises FailedPrecondition
    (NO_PROFILES), InvalidArgument, Unavailable."""
    condition = _condition(sample.segment, policy)
    kept: list[str] = []
    found, after, is_end = 0, "", False
    while not is_end:
        try:
            page = await audience.members(
                condition, policy.versions.trait_schema, after, deadline_ms=clock() + SEARCH_MS
            )
        except InvalidArgument as fault:
            found_wrong = "; ".join(each.description for each in fault.violations) or fault.message
            raise InvalidArgument.field("profiles.segment", found_wrong) from fault
        found += len(page.profile_ids)
        kept = await asyncio.to_thread(_smallest, sample, chain(kept, page.profile_ids))
        after, is_end = page.through, not page.through
    if not kept:
        text = f"nobody is in the segment: {condition}"
        raise FailedPrecondition("NO_PROFILES", text, metadata={"condition": condition})
    return DrawnPersons(condition, tuple(kept), found)


def _condition(segment: str, policy: ActivePolicy) -> str:
    declared = next((each for each in policy.compiled.rule_set.segments if each.segment_id == segment), None)
    if declared is None:
        return segment
    if declared.on_unknown != OnUnknown():
        text = f'"{segment}" says what holds where it is unknown, which no search does: write a condition in its place'
        raise InvalidArgument.field("profiles.segment", text)
    return declared.when


def _smallest(sample: ProfileSample, profile_ids: Iterable[str]) -> list[str]:
    return nsmallest(sample.limit, profile_ids, key=lambda each: _hash(sample.seed, each))


def _hash(seed: int, profile_id: str) -> bytes:
    return blake2b(f"{seed}\0{profile_id}".encode(), digest_size=16).digest()
