"""What a decision that is made again finds of the ports that act: nothing happens to what is past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.volume.standing import VolumeStanding


class PastLedger:
    """A part of ContactLedger; who extends it says what is granted."""

    async def confirm(
        self,
        request_id: str,
        reservation_id: str,
        reached: Reach,
        event_time_ms: int | None,
        *,
        deadline_ms: int,
        answer: int = 0,
    ) -> None:
        """Nothing happens to a contact of the past."""

    async def release(self, request_id: str, reservation_id: str, *, deadline_ms: int) -> None:
        """Likewise."""


class PastQuotas:
    """A part of Quotas; who extends it says what is taken."""

    async def standing(
        self,
        policy: ActivePolicy,  # noqa: ARG002
        now_ms: int,  # noqa: ARG002
        *,
        deadline_ms: int,  # noqa: ARG002
    ) -> VolumeStanding | None:
        raise AssertionError("a decision that is made again goes by what it went by then")

    def saw(self, standing: VolumeStanding, at_stake: Sequence[bool], bids: Mapping[str, float]) -> None:
        """It was seen then."""
