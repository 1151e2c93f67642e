"""What the service tells operators about itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.pressure.estimate import PressureEstimate
from services.orchestrator.domain.trouble import Trouble
from services.orchestrator.domain.volume.account import Account


class Telemetry(Protocol):
    """Called once for what happened once: never for an answer given again, never for a simulation."""

    def decided(self, record: DecisionRecord, log_ns: int) -> None:
        """`log_ns`: how long recording the decision took."""
        ...

    def did_without(self, troubles: Collection[Trouble]) -> None:
        """Who did not answer an executed decision, whatever became of it."""
        ...

    def captured(self, outcome: Outcome) -> None:
        """An outcome was taken for the first time."""
        ...

    def rewards_withheld(self, count: int) -> None:
        """Rewards that are not learnt from, because there is no basis for it."""
        ...

    def decisions_erased(self, count: int) -> None:
        """Decisions of people who were erased, gone with all that hung on them."""
        ...

    def replayed(self, *, is_identical: bool) -> None:
        """A decision was made again from its record."""
        ...

    def decisions_pruned(self, count: int) -> None:
        """Decisions older than they are kept, gone with their outcomes."""
        ...

    def rewards_pending(self, count: int) -> None:
        """How many rewards wait for the scoring service."""
        ...

    def conversions_unmatched(self, count: int) -> None:
        """How many conversions wait to be matched with what their persons were shown."""
        ...

    def contact_reports_pending(self, count: int) -> None:
        """How many outcomes wait for the contact ledger."""
        ...

    def contact_report_refused(self, reason: str) -> None:
        """The ledger would not have an outcome."""
        ...

    def volume(self, account: Account) -> None:
        """How a resource stands in the running period."""
        ...

    def pressure_waiting(self, count: int) -> None:
        """How many decisions wait until their contacts can teach pressure."""
        ...

    def pressure_learnt(self, learnt: int, withheld: int) -> None:
        """Contacts that pressure was learnt from, and those that there was no basis for."""
        ...

    def pressure(self, estimate: PressureEstimate, time_ms: int) -> None:
        """What this replica decides with from then on."""
        ...
