"""Decisions of campaigns: a person gets one of each, and it is made with all that a decision needs.

Whom a decision is for is known when the person was read: their profile, and those merged into it. All of them are
recorded with it, so two that are made at once for the profiles of one person exclude each other, whichever of them saw
the merge. Looking before deciding only saves the work of what would be refused.
"""

from __future__ import annotations

from dataclasses import replace

from services.orchestrator.app.campaign_decisions import CampaignDecisions, CampaignPerson
from services.orchestrator.app.decide.answer import VOLUME_UNAVAILABLE
from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.gather import PROFILE_UNAVAILABLE, Known
from services.orchestrator.app.decide.judge import RULES_UNAVAILABLE
from services.orchestrator.app.decide.reserve import LEDGER_UNAVAILABLE
from services.orchestrator.app.decision_log import DecisionLog
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.decision import Answer, Mode
from shared.errors import FailedPrecondition, NotFound, Unavailable

_NEEDED = {
    PROFILE_UNAVAILABLE: "profile",
    RULES_UNAVAILABLE: "rules",
    VOLUME_UNAVAILABLE: "orchestrator",
    LEDGER_UNAVAILABLE: "profile",
}
"""Which service did not answer, by advisory. Without scores the prior's decide, as in every decision."""


def addressed(brief: Brief, known: Known) -> CampaignPerson | None:
    """Who gets the campaign's decision; None where the decision belongs to none, or leaves no trace. Raises NotFound,
    or Unavailable where the person could not be read."""
    command = brief.command
    if not command.campaign_id or command.mode is Mode.SIMULATE:
        return None
    if not known.is_complete:
        raise _not_now("profile")
    if not known.view.profile_id:
        raise NotFound("PROFILE_NOT_FOUND", "a campaign decides for persons who are known: no profile answers")
    return CampaignPerson(command.campaign_id, (known.view.profile_id, *known.view.merged_profile_ids))


def check_made_for_campaign(record: DecisionRecord) -> None:
    """Raises Unavailable where somebody was not asked who must be: what was decided without them would be the person's
    only decision. What was reserved for it is found by the next try, which is the same decision."""
    missing = _missing(record.answer)
    if record.campaign_profile_ids and missing:
        raise _not_now(missing)


async def earlier_decision(
    person: CampaignPerson, campaigns: CampaignDecisions, log: DecisionLog
) -> DecisionRecord | None:
    """The one that the campaign has for them. Raises FailedPrecondition where it is not kept any more."""
    [decision_id] = await campaigns.find([person])
    if decision_id is None:
        return None
    record = await log.get(decision_id)
    if record is None:
        raise FailedPrecondition(
            "DECISION_PRUNED", "the campaign has decided for them", metadata={"decision_id": decision_id}
        )
    return record


def of_campaign(record: DecisionRecord, person: CampaignPerson | None) -> DecisionRecord:
    """With whom it is for."""
    return record if person is None else replace(record, campaign_profile_ids=person.profile_ids)


def _missing(answer: Answer) -> str:
    return next((_NEEDED[each] for each in answer.advisories if each in _NEEDED), "")


def _not_now(service: str) -> Unavailable:
    text = f"the {service} service does not answer, and a campaign decides once for a person"
    return Unavailable("DEPENDENCY_UNAVAILABLE", text, metadata={"service": service})
