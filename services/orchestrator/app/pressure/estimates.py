"""What a decision asks of what was learnt of pressure. Of a decision that is made again, its record answers."""

from __future__ import annotations

from typing import Protocol

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate


class PressureEstimates(Protocol):
    def current(self, policy: ActivePolicy) -> PressureEstimate:
        """From memory, at once: the one that was last computed for what the policy learns; NO_ESTIMATE where there is
        none. Leaves no trace."""
        ...


class NothingLearnt:
    """Implements PressureEstimates: of who learns nothing."""

    def current(self, policy: ActivePolicy) -> PressureEstimate:  # noqa: ARG002
        return NO_ESTIMATE
