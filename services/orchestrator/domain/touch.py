"""A contact that Tandem did not decide: an advertisement, a search, another tool's mail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Touch:
    """`cost` in millionths of the policy's currency; `platform` in upper case, as channels are."""

    touch_id: str
    profile_id: str
    platform: str
    campaign_ref: str
    occurred_time_ms: int
    record_time_ms: int
    cost: int = 0
