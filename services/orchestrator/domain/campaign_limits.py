"""Contact limits as decisions of campaigns meet them: those that name the campaign, or count campaigns apart, too.

A table takes a while to make, so each is made once: one for each campaign that a limit names, and one for all others,
of which there may be any number. Theirs differ in the names of the counters that count campaigns apart, nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import PER_CAMPAIGN, LimitTable, limit_table
from services.orchestrator.domain.policy_parts import ContactLimitPart

KEPT = 256
"""Campaigns that no limit names; each is named again when it is needed again."""


class CampaignLimits:
    """Of one policy version. `usual` is for what belongs to no campaign, and to none that a limit is about."""

    def __init__(self, catalogue: Catalogue, limits: tuple[ContactLimitPart, ...]) -> None:
        self.usual = limit_table(catalogue, limits)
        self._catalogue = catalogue
        self._limits = limits
        self._mentioned = frozenset(campaign for limit in limits for campaign in limit.campaigns)
        self._apart = frozenset(limit.limit_id for limit in limits if limit.scope == PER_CAMPAIGN)
        self._made: dict[str, LimitTable] = {}
        self._named: dict[str, LimitTable] = {}

    def of(self, campaign: str) -> LimitTable:
        """Of a decision; "" where it belongs to no campaign."""
        if not campaign or not (self._apart or campaign in self._mentioned):
            return self.usual
        if campaign in self._mentioned:
            return self._table(campaign, campaign)
        table = self._named.pop(campaign, None) or self._renamed(campaign)
        self._named[campaign] = table
        if len(self._named) > KEPT:
            del self._named[next(iter(self._named))]
        return table

    def _table(self, key: str, campaign: str) -> LimitTable:
        if key not in self._made:
            self._made[key] = limit_table(self._catalogue, self._limits, campaign)
        return self._made[key]

    def _renamed(self, campaign: str) -> LimitTable:
        table = self._table("", campaign)
        counters = {
            (limit_id, campaign if limit_id in self._apart else counted): index
            for (limit_id, counted), index in table.counters.items()
        }
        return replace(table, counters=counters)
