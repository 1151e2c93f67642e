"""What an outcome tells the contact ledger: how far the contact got, and what the person made of it."""

from __future__ import annotations

from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.presentations import Presented
from services.orchestrator.domain.contact_steps import Reach, answer_of, step_of


def contact_reports(presented: Presented, item: OutcomeItem, time_ms: int) -> tuple[ContactReport, ...]:
    """One thing, or nothing."""
    if not presented.reservation_id:
        return ()
    step = step_of(item.outcome, presented.reached_at_once, is_machine=item.is_machine)
    answer = answer_of(item.outcome, is_machine=item.is_machine, counts_all=presented.counts_answers)
    if step is None and answer is None:
        return ()
    reach = Reach.RESERVED if step is None else step
    return (ContactReport.of(presented.reservation_id, reach, time_ms, int(answer or 0)),)
