"""What a decision asks of quotas. Of a decision that is made again, a record answers (`app/decide/recall.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.domain.volume.standing import ResourceUse, VolumeStanding


@dataclass(frozen=True, slots=True)
class Shortage:
    """The resource that had too little left: `room` in millionths. `unreachable`: why nobody could tell, a Cause."""

    resource_id: str
    room: int
    unreachable: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """Units that a decision has, and the leases they were drawn from."""

    uses: tuple[ResourceUse, ...]
    lease_ids: tuple[str, ...] = ()


class Quotas(Protocol):
    async def standing(self, policy: ActivePolicy, now_ms: int, *, deadline_ms: int) -> VolumeStanding | None:
        """What there is, and at which price; None where the policy declares no volume. Leaves no trace. Where an
        account must be read and cannot be until then, its resource has no room."""
        ...

    async def take(self, uses: tuple[ResourceUse, ...], place: int, slot: int, *, deadline_ms: int) -> Taken | Shortage:
        """All of them or none. What is taken is spent durably when this returns, whoever is killed then. A lease that
        has enough is drawn from without asking anybody."""
        ...

    def give_back(self, taken: Taken) -> None:
        """Only what is in no record."""
        ...

    def saw(self, standing: VolumeStanding, at_stake: Sequence[bool], bids: Mapping[str, float]) -> None:
        """That a decision was made which might have used resources, and what a unit brought of those it used."""
        ...
