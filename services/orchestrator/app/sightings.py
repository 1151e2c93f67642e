"""What outcomes say of contacts: that they were made and seen, and whether somebody responded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.orchestrator.app.active_policies import ActivePolicies, PolicyUnreadable
from services.orchestrator.app.contact_history import Contact
from services.orchestrator.app.contact_reports import contact_reports
from services.orchestrator.app.outcome_store import CapturedOutcome, Implied, OutcomeItem, Sighting, implied_key
from services.orchestrator.app.presentations import Presented
from services.orchestrator.domain.currency import millionths_of
from services.orchestrator.domain.outcome import Effect, Outcome
from services.orchestrator.domain.response import Answering, is_contact, is_response
from shared.errors import NotFound

ResponseWindows = Mapping[str, Mapping[str, int]]
"""Of treatments that have one of their own, by policy version."""


async def response_windows(presented: Iterable[Presented], policies: ActivePolicies) -> ResponseWindows:
    """A policy that cannot be read here leaves the windows of objectives, which stand in the records."""
    windows: dict[str, Mapping[str, int]] = {}
    for version in {each.record.policy_version for each in presented}:
        try:
            windows[version] = (await policies.get(version)).compiled.response_windows
        except (NotFound, PolicyUnreadable):
            windows[version] = {}
    return windows


def sighting_of(presented: Presented, outcome: CapturedOutcome, windows: ResponseWindows) -> Sighting | None:
    """None where the outcome shows no contact."""
    item, record = outcome.item, presented.record
    if not is_contact(item.outcome):
        return None
    contact = contact_of(presented, is_shown=outcome.effect is not Effect.NOTHING)
    window_ms = windows.get(record.policy_version, {}).get(presented.treatment, presented.arbitrated.window_ms)
    sighting = Sighting(item.idempotency_key, contact)
    if window_ms is None:
        return sighting
    due_ms = record.decision_time_ms + window_ms
    is_answer = is_response(item.outcome, presented.arbitrated.outcomes, is_machine=item.is_machine)
    if is_answer and outcome.outcome_time_ms <= due_ms:
        return replace(sighting, answering=Answering.ANSWERED)
    if not contact.is_shown:
        return sighting
    return replace(sighting, answering=Answering.WAITING, due_ms=due_ms, implied=_implied(presented, outcome, due_ms))


def contact_of(presented: Presented, *, is_shown: bool) -> Contact:
    record = presented.record
    return Contact(
        presented.reward_key,
        record.decision_id,
        record.profile_id,
        record.decision_time_ms,
        presented.channel,
        presented.action,
        record.command.campaign_id,
        millionths_of(presented.cost),
        is_shown,
        _matching_ms(presented),
    )


def _implied(presented: Presented, seen: CapturedOutcome, due_ms: int) -> Implied:
    """It teaches nothing that having been seen did not teach."""
    shown = seen.item
    item = OutcomeItem(
        implied_key(seen.reward_key),
        Outcome.IGNORED,
        shown.proposition_id,
        shown.tracking_token,
        shown.off_policy,
        outcome_time_ms=due_ms,
    )
    outcome = CapturedOutcome(item, seen.decision_id, seen.reward_key, Effect.SHOWN, due_ms, due_ms, 0)
    return Implied(outcome, contact_reports(presented, item, due_ms))


def _matching_ms(presented: Presented) -> int | None:
    """Until when a conversion may be the success of it by some objective."""
    windows = [each.window_ms for each in presented.objectives if each.conversions is not None]
    longest = max((each for each in windows if each is not None), default=None)
    return None if longest is None else presented.record.decision_time_ms + longest
