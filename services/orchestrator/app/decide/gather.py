"""What is known of the person: one read, after the events of the call."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import PROFILE_SHARE, Budget
from services.orchestrator.app.ports import ProfileReader, SubjectEvent, SubjectQuery, SubjectView
from services.orchestrator.domain.consent import may_profile
from services.orchestrator.domain.decision import Mode
from shared.errors import AlreadyExists, InvalidArgument, TandemError, Violation
from shared.ids import content_id
from shared.values import NOT_FOUND, Feature

PROFILE_UNAVAILABLE = "PROFILE_UNAVAILABLE"
PROFILING_BASIS_MISSING = "PROFILING_BASIS_MISSING"

_log = logging.getLogger("tandem.orchestrator.decide")
_OVERLAY = "overlay_events["


@dataclass(frozen=True, slots=True)
class Known:
    """All a decision goes by. `features` has every declared attribute, those of the request's context included."""

    view: SubjectView
    features: Mapping[str, Feature]
    advisories: tuple[str, ...] = ()
    is_complete: bool = True
    """False when the profile could not be read: nothing may be decided then."""


async def gather(brief: Brief, profiles: ProfileReader, budget: Budget) -> Known:
    """Records the events of the call (or overlays them, in a simulation) and reads the person.

    Raises what the caller got wrong about the subject or the events.
    """
    deadline_ms = budget.share(PROFILE_SHARE)
    events = _dated(brief)
    try:
        token = await _record(brief, events, profiles, deadline_ms)
        query = _query(brief, events, token, budget)
        view = (
            await profiles.get(query, deadline_ms=deadline_ms)
            if query.identities
            else SubjectView(consistency_token=token)
        )
    except InvalidArgument as fault:
        raise _in_words_of_the_request(fault) from fault
    except AlreadyExists:
        raise
    except TandemError as failure:
        _log.warning("no profile", extra={"fields": {"cause": failure.message, "reason": failure.reason}})
        return Known(SubjectView(), _features(brief, {}), (PROFILE_UNAVAILABLE,), is_complete=False)
    return _known(brief, view)


def _dated(brief: Brief) -> tuple[SubjectEvent, ...]:
    """The events at the moment decided for, where they do not say when they happened."""
    return tuple(
        event if event.event_time_ms is not None else replace(event, event_time_ms=brief.now_ms)
        for event in brief.command.events
    )


async def _record(brief: Brief, events: tuple[SubjectEvent, ...], profiles: ProfileReader, deadline_ms: int) -> str:
    """The token of a state that has the events."""
    if not events or brief.command.mode is Mode.SIMULATE:
        return brief.command.consistency_token
    # With the events in it: the same decide request, tried again, dates events anew that carry no time of their own.
    request_id = content_id("decide", (brief.command.request_id, events))
    return await profiles.record_events(request_id, events, deadline_ms=deadline_ms)


def _query(brief: Brief, events: tuple[SubjectEvent, ...], token: str, budget: Budget) -> SubjectQuery:
    """Read at the moment decided for, or later: events of a caller whose clock is ahead are known, and those that a
    faster try of the same request recorded."""
    command = brief.command
    moments = [brief.now_ms, *(event.event_time_ms or 0 for event in events)]
    if command.decision_time_ms is None:
        moments.append(budget.clock())
    overlay = events if command.mode is Mode.SIMULATE else ()
    return SubjectQuery(command.identities, brief.policy.versions.trait_schema, max(moments), token, overlay)


def _known(brief: Brief, view: SubjectView) -> Known:
    direction = brief.command.places.direction
    basis = brief.policy.settings.profiling_basis
    is_somebody = bool(view.profile_id or brief.command.events)
    if is_somebody and not may_profile(direction, basis, view.consents, brief.consent_ms):
        return Known(view, _features(brief, {}), (*view.advisories, PROFILING_BASIS_MISSING))
    return Known(view, _features(brief, view.features), view.advisories)


def _features(brief: Brief, of_person: Mapping[str, Feature]) -> dict[str, Feature]:
    declared = {name: of_person.get(name, NOT_FOUND) for name in brief.policy.attributes}
    return declared | dict(brief.context)


def _in_words_of_the_request(fault: InvalidArgument) -> InvalidArgument:
    """A simulation reads the events as an overlay; the caller knows them as events."""

    def renamed(text: str) -> str:
        return text.replace(_OVERLAY, "events[")

    return InvalidArgument(
        fault.reason,
        renamed(fault.message),
        metadata={key: renamed(value) for key, value in fault.metadata.items()},
        violations=[Violation(renamed(each.field), each.description) for each in fault.violations],
    )
