"""Names of what follows from a cause: the same cause has the same name, whatever crashes in between."""

from __future__ import annotations

from services.rules.domain.triggers.program import TriggerPlan
from shared.ids import content_id


def firing_id(trigger_id: str, profile_id: str, join: str, cause: str, effect: int) -> str:
    """`cause`: the id of the completing event or of the timer, or the moment of the schedule."""
    return content_id("fir", (trigger_id, profile_id, join, cause, effect))


def timer_id(trigger: TriggerPlan, profile_id: str, join: str, event_id: str) -> str:
    """Differs, too, between rule sets that declare the trigger differently."""
    return content_id("tim", (trigger.key, profile_id, join, event_id))
