"""Contact limits as decisions of campaigns meet them: those that name the campaign, or count campaigns apart, too."""

from __future__ import annotations

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import PER_CAMPAIGN, LimitTable, limit_table
from services.orchestrator.domain.policy_parts import ContactLimitPart

KEPT = 16
"""Tables of campaigns; each is made again when it is needed again."""


class CampaignLimits:
    """Of one policy version. `usual` is for what belongs to no campaign, and to none that a limit is about."""

    def __init__(self, catalogue: Catalogue, limits: tuple[ContactLimitPart, ...]) -> None:
        self.usual = limit_table(catalogue, limits)
        self._catalogue = catalogue
        self._limits = limits
        self._named = frozenset(campaign for limit in limits for campaign in limit.campaigns)
        self._counts_apart = any(limit.scope == PER_CAMPAIGN for limit in limits)
        self._tables: dict[str, LimitTable] = {}

    def of(self, campaign: str) -> LimitTable:
        """Of a decision; "" where it belongs to no campaign."""
        if not campaign or not (self._counts_apart or campaign in self._named):
            return self.usual
        table = self._tables.pop(campaign, None) or limit_table(self._catalogue, self._limits, campaign)
        self._tables[campaign] = table
        if len(self._tables) > KEPT:
            del self._tables[next(iter(self._tables))]
        return table
