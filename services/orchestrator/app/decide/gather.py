"""What is known of the person: one read, after the events of the call."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import PROFILE_SHARE, Budget
from services.orchestrator.app.decide.quiet import quiet_standing
from services.orchestrator.app.persons import PROFILE
from services.orchestrator.app.ports import (
    NO_SIGNALS,
    ConsentSignals,
    ContactCount,
    ProfileReader,
    SubjectEvent,
    SubjectQuery,
    SubjectView,
)
from services.orchestrator.domain.arms import NO_STANDING, ArmStanding
from services.orchestrator.domain.contact_pressure import PressureBasis
from services.orchestrator.domain.decision import Mode
from services.orchestrator.domain.past_contacts import past_contacts
from services.orchestrator.domain.pressure.price import PressureStanding
from services.orchestrator.domain.purposes import PROFILING, Use, may_profile, purpose_of
from services.orchestrator.domain.quiet_table import QuietStanding
from services.orchestrator.domain.sticky import StickyProposition
from services.orchestrator.domain.trouble import Party, Trouble
from services.orchestrator.domain.volume.standing import VolumeStanding
from shared.errors import AlreadyExists, FailedPrecondition, Internal, InvalidArgument, NotFound, TandemError, Violation
from shared.ids import content_id
from shared.values import NOT_FOUND, Feature

PROFILE_UNAVAILABLE = Party.PROFILE.advisory
PROFILING_BASIS_MISSING = "PROFILING_BASIS_MISSING"

_log = logging.getLogger("tandem.orchestrator.decide")
_OVERLAY = "overlay_events["
_SIGNALS = re.compile(r"\b(overlay_signals\.)?tcf_string\b")


@dataclass(frozen=True, slots=True)
class Known:
    """All a decision goes by. `features` has every declared attribute, those of the request's context included."""

    view: SubjectView
    features: Mapping[str, Feature]
    advisories: tuple[str, ...] = ()
    contact_counts: tuple[ContactCount, ...] = ()
    """What is used of the contact limits, but for what an earlier try of this very decision reserved."""
    is_complete: bool = True
    """False when the profile could not be read: nothing may be decided then."""
    sticky: tuple[StickyProposition, ...] = ()
    """What the person was served under the same key, and may be served again."""
    quiet: QuietStanding | None = None
    """None where no hour can be quiet."""
    volume: VolumeStanding | None = None
    """What is left of resources; None where the policy declares none."""
    arm: ArmStanding = NO_STANDING
    past_contacts: Feature | None = None
    """None where no model asks for them."""
    keeps_contacts: bool = False
    """Whether what is shown now is recorded in the ledger: it counts in limits, as pressure, or models ask for it."""
    pressure: PressureStanding | None = None
    """None where the policy declares none, or nothing may be made of the person's contacts."""
    pressure_basis: PressureBasis | None = None
    """Where it comes from."""
    troubles: tuple[Trouble, ...] = ()
    """Who did not answer so far. Told to operators; the advisories say it to the caller."""

    def without(self, trouble: Trouble) -> Known:
        """The same, and somebody less to ask."""
        advisories, troubles = (*self.advisories, trouble.party.advisory), (*self.troubles, trouble)
        return replace(self, advisories=advisories, troubles=troubles)


async def gather(brief: Brief, profiles: ProfileReader, budget: Budget) -> Known:
    """Records the signals and the events of the call (or overlays them, in a simulation) and reads the person.

    Raises what the caller got wrong about the subject, the signals or the events; NotFound (PROFILE_NOT_FOUND) for
    the id of a profile that is none.
    """
    deadline_ms = budget.share(PROFILE_SHARE)
    events = _dated(brief)
    try:
        token, unrecorded = await _record_signals(brief, profiles, deadline_ms)
        token = await _record(brief, events, token, profiles, deadline_ms)
        query = replace(_query(brief, events, token, budget), overlay_signals=unrecorded)
        view = (
            await profiles.get(query, deadline_ms=deadline_ms)
            if query.identities
            else SubjectView(consistency_token=token)
        )
        _check_sound(view, query)
        today = await _today(brief, view, query, profiles, deadline_ms)
    except InvalidArgument as fault:
        raise _in_words_of_the_request(fault) from fault
    except AlreadyExists:
        raise
    except NotFound as nobody:
        if nobody.reason != "PROFILE_NOT_FOUND":
            return _unread(brief, nobody)
        raise
    except TandemError as failure:
        return _unread(brief, failure)
    _check_somebody(brief, view)
    return _known(brief, view, today)


def _unread(brief: Brief, failure: TandemError) -> Known:
    _log.warning("no profile", extra={"fields": {"cause": failure.message, "reason": failure.reason}})
    nothing = Known(SubjectView(), _features(brief, {}), is_complete=False)
    return nothing.without(Trouble.of(Party.PROFILE, failure))


def _check_somebody(brief: Brief, view: SubjectView) -> None:
    """Raises NotFound where the id of a profile names nobody: it is no newcomer, who would be decided for unknown."""
    for place, identity in enumerate(brief.command.identities):
        if not view.profile_id and identity.namespace.strip().lower() == PROFILE:
            path = f"subject.identities[{place}]"
            text = f"{path}: no profile has the id {identity.value!r}"
            raise NotFound("PROFILE_NOT_FOUND", text, metadata={"field": path})


async def _today(
    brief: Brief, view: SubjectView, query: SubjectQuery, profiles: ProfileReader, deadline_ms: int
) -> SubjectView:
    """What limits count, what is held, and what pressure is made of: at the moment of the contact, which is another one
    where the past is decided for."""
    if not (brief.has_limits or brief.pressure is not None) or brief.acts_ms <= brief.now_ms:
        return view
    today = await profiles.get(replace(query, read_time_ms=brief.acts_ms, is_now=True), deadline_ms=deadline_ms)
    _check_sound(today, query)
    return today


def _check_sound(view: SubjectView, query: SubjectQuery) -> None:
    """Raises Internal for an answer about somebody else than was asked for."""
    if any(not 0 <= place < len(query.identities) for place in view.held_identities):
        raise Internal("INTERNAL", "the profile service answered identities that were not asked for")


def _dated(brief: Brief) -> tuple[SubjectEvent, ...]:
    """The events at the moment decided for, where they do not say when they happened."""
    return tuple(
        event if event.event_time_ms is not None else replace(event, event_time_ms=brief.now_ms)
        for event in brief.command.events
    )


async def _record_signals(brief: Brief, profiles: ProfileReader, deadline_ms: int) -> tuple[str, ConsentSignals]:
    """The token of a state that has what the browser signals, and the signals that it has not."""
    command, token = brief.command, brief.command.consistency_token
    if command.consent_signals == NO_SIGNALS or not command.identities or command.mode is Mode.SIMULATE:
        return token, command.consent_signals
    request_id = content_id("decide", (command.request_id, token, command.consent_signals))
    try:
        token = await profiles.record_signals(
            request_id, command.identities, command.consent_signals, deadline_ms=deadline_ms
        )
    except FailedPrecondition as refusal:
        if refusal.reason != "SUBJECT_ERASED":
            raise
        return token, command.consent_signals  # they hold for this decision all the same
    return token, NO_SIGNALS


async def _record(
    brief: Brief, events: tuple[SubjectEvent, ...], token: str, profiles: ProfileReader, deadline_ms: int
) -> str:
    """The token of a state that has the events, and all that `token` stands for."""
    if not events or brief.command.mode is Mode.SIMULATE:
        return token
    # With the events in it: the same decide request, tried again, dates events anew that carry no time of their own.
    # And with the caller's token: what answers a try with a newer one is written after that, so its token says no less.
    request_id = content_id("decide", (brief.command.request_id, brief.command.consistency_token, events))
    return await profiles.record_events(request_id, events, deadline_ms=deadline_ms)


def _query(brief: Brief, events: tuple[SubjectEvent, ...], token: str, budget: Budget) -> SubjectQuery:
    """Read at the moment decided for, or later: events of a caller whose clock is ahead are known, those that a faster
    try of the same request recorded, and all that a profile service whose clock is ahead has acknowledged."""
    command = brief.command
    moments = [brief.now_ms, *(event.event_time_ms or 0 for event in events)]
    is_now = command.decision_time_ms is None
    if is_now:
        moments.append(budget.clock())
    overlay = events if command.mode is Mode.SIMULATE else ()
    contacts_ms = brief.read_contacts_ms
    keeps = brief.has_limits or contacts_ms > 0
    reference = f"{brief.decision_id}." if keeps and command.mode is not Mode.SIMULATE else ""
    version = brief.policy.versions.trait_schema
    return SubjectQuery(
        command.identities, version, max(moments), token, overlay, is_now, reference, contacts_ms=contacts_ms
    )


def _known(brief: Brief, view: SubjectView, today: SubjectView) -> Known:
    command, may = brief.command, may_use_profile(brief, view)
    counts = _contact_counts(brief, today) if brief.has_limits else ()
    is_hidden = bool(view.profile_id or command.events) and not may
    return Known(
        replace(view, held=today.held, contacts=today.contacts),
        _features(brief, {} if is_hidden else view.features),
        (*view.advisories, PROFILING_BASIS_MISSING) if is_hidden else view.advisories,
        counts,
        quiet=quiet_standing(brief, view),
        past_contacts=_past_contacts(brief, view, may=may),
        keeps_contacts=keeps_contacts(brief, view),
    )


def keeps_contacts(brief: Brief, view: SubjectView) -> bool:
    """Whether what is shown now is recorded in the contact ledger."""
    return brief.has_limits or (brief.read_contacts_ms > 0 and may_use_profile(brief, view))


def may_use_profile(brief: Brief, view: SubjectView) -> bool:
    command = brief.command
    declared = purpose_of(brief.policy.compiled.trait_schema.purposes, PROFILING)
    purpose = replace(declared, basis=brief.policy.settings.profiling_basis)
    use = Use.of(command.identities, view.consents, brief.consent_ms)
    return may_profile(command.places.direction, purpose, use)


def _past_contacts(brief: Brief, view: SubjectView, *, may: bool) -> Feature | None:
    """None where no model asks for them."""
    if not brief.contacts_ms:
        return None
    if not view.profile_id or not may:
        return NOT_FOUND
    return past_contacts(view.contacts, brief.now_ms, brief.contacts_ms, brief.decision_id)


def _contact_counts(brief: Brief, view: SubjectView) -> tuple[ContactCount, ...]:
    """What counts against this decision. That what it holds itself is left out can do no harm: the ledger, which is
    asked for every contact, counts for itself."""
    held = brief.limits.counts_of(brief.catalogue, [(each.channel, each.action) for each in view.held])
    left = ((each, each.used - held.get((each.limit_id, each.counted), 0)) for each in view.contact_counts)
    counts = tuple(replace(each, used=used) for each, used in left if used > 0)
    return counts + brief.limits.cooldowns(view.features)


def _features(brief: Brief, of_person: Mapping[str, Feature]) -> dict[str, Feature]:
    declared = {name: of_person.get(name, NOT_FOUND) for name in brief.policy.attributes}
    return declared | dict(brief.context) | dict(brief.override)


def _in_words_of_the_request(fault: InvalidArgument) -> InvalidArgument:
    """What the profile service calls an overlay, or a field of its own, has another name in the request."""

    def renamed(text: str) -> str:
        return _SIGNALS.sub("consent_signals.tcf_string", text.replace(_OVERLAY, "events["))

    return InvalidArgument(
        fault.reason,
        renamed(fault.message),
        metadata={key: renamed(value) for key, value in fault.metadata.items()},
        violations=[Violation(renamed(each.field), each.description) for each in fault.violations],
    )
