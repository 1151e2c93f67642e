"""Everything that working through triggers needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.rules.app.trigger_ports import ProfilePorts
from services.rules.app.trigger_store import TriggerStores
from services.rules.app.triggers.bell import Bell
from services.rules.app.triggers.programs import Programs
from services.rules.app.triggers.telemetry import TriggerTelemetry
from services.rules.domain.matching import Matcher
from shared.clock import MS_PER_DAY, Clock


@dataclass(frozen=True, slots=True)
class TriggerOptions:
    """`batch`: events in one step."""

    lease_ms: int = 10_000
    retention_ms: int = 30 * MS_PER_DAY
    batch: int = 500


USUAL_OPTIONS = TriggerOptions()


@dataclass(frozen=True, slots=True)
class TriggerWorld:
    """`bell` rings when something fired, and when something came into the inbox."""

    stores: TriggerStores
    profile: ProfilePorts
    programs: Programs
    matcher: Matcher
    telemetry: TriggerTelemetry
    clock: Clock
    options: TriggerOptions = USUAL_OPTIONS
    bell: Bell = field(default_factory=Bell)
