"""What the contact policy says of the moment and the channel. Contact limits have a table of their own."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.channel_priority import ChannelPriority
from services.orchestrator.domain.quiet_hours import NOWHERE, Region
from services.orchestrator.domain.quiet_table import QuietTable
from shared.clock import MS_PER_SECOND

PREFETCH_MS = 15 * 60 * MS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Residence:
    """How to know where a person lives: by traits, else as the policy says."""

    zone: str = ""
    zone_trait: str = ""
    region: Region = NOWHERE
    country_trait: str = ""
    subdivision_trait: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ContactRules:
    quiet: QuietTable | None = None
    """None where no hour is quiet."""
    residence: Residence = Residence()
    priority: ChannelPriority | None = None
    """None where all channels are equals."""
    prefetch_ms: int = PREFETCH_MS
    """How long what is fetched ahead holds its reservation."""
