"""Which decision a person got of a campaign. A person is a profile and those that were merged into it.

Written with the decision (DecisionLog.append), one row for each of the person's profiles. Whoever decides for them
after a merge finds a row of either; two who decide at once, before and after it, share a row: the second is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.app.decision_record import DecisionRecord


@dataclass(frozen=True, slots=True)
class CampaignPerson:
    campaign_id: str
    profile_ids: tuple[str, ...]


class CampaignDecisions(Protocol):
    """Raises Unavailable (STORE_UNAVAILABLE) when the store does not answer."""

    async def find(self, people: Sequence[CampaignPerson]) -> Sequence[str | None]:
        """For each the decision that the campaign has for one of the profiles; None where it has none. Of several, that
        of the first profile which has one."""
        ...


def person_of(record: DecisionRecord) -> CampaignPerson | None:
    """Whose decision it is; None where it belongs to no campaign."""
    if not record.campaign_profile_ids:
        return None
    return CampaignPerson(record.command.campaign_id, record.campaign_profile_ids)
