"""WhyNot: why a person did not get an action at some time, decision by decision.

It knows no rule and no check by name: whatever a decision drops an action for has a reason in its explanation, and what
keeps a placement empty has one in its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_index import DecisionQuery, DecisionSummary
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.explain_decision import ExplainDecision
from services.orchestrator.app.ports import Identity
from services.orchestrator.app.subject_profiles import profiles_of
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.contact_pressure import PressureAccount
from services.orchestrator.domain.decision import Answer, Dropped, PlacementAnswer
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.places import places_of
from shared.errors import InvalidArgument


class Verdict(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.WhyNotVerdict."""

    PROPOSED = 1
    DROPPED = 2
    NOT_IN_POLICY = 3
    DEGRADED = 4
    EMPTY_PLACEMENT = 5


@dataclass(frozen=True, slots=True)
class EmptyPlacement:
    """A placement that got no proposition."""

    placement_id: str
    reason: NoActionReason


@dataclass(frozen=True, slots=True)
class DecisionWhyNot:
    """What one decision made of the action."""

    decision_id: str
    decision_time_ms: int
    policy_version: str
    verdict: Verdict
    reasons: tuple[Dropped, ...] = ()
    """Of DROPPED: one for all channels, or one for each."""
    placements: tuple[str, ...] = ()
    """Of PROPOSED: where."""
    empty: tuple[EmptyPlacement, ...] = ()
    """Placements that got no proposition at all, whatever the verdict."""
    advisories: tuple[str, ...] = ()
    asked_channels: tuple[str, ...] = ()
    """Those the decision was about."""
    action_channels: tuple[str, ...] = ()
    """Those the action has a treatment for, in the policy that decided."""
    pressure: PressureAccount | None = None


@dataclass(frozen=True, slots=True)
class WhyNotAnswer:
    """`decisions`: the newest first; none where nobody decided for the person then."""

    decisions: tuple[DecisionWhyNot, ...]
    is_person_known: bool
    is_action_declared: bool
    """By the policy that is active now."""
    earlier_ms: int | None = None
    """Of the last decision for the person before the time asked for; told where there is none within it."""
    latest_ms: int | None = None
    """Of the newest one after it, likewise."""


@dataclass(frozen=True, slots=True)
class WhyNotQuestion:
    identities: tuple[Identity, ...]
    action: str
    start_ms: int
    end_ms: int
    limit: int


class WhyNot:
    def __init__(self, world: Surroundings, explain: ExplainDecision) -> None:
        self._world = world
        self._explain = explain

    async def __call__(self, question: WhyNotQuestion) -> WhyNotAnswer:
        """Raises InvalidArgument, FailedPrecondition (NO_ACTIVE_POLICY), Unavailable."""
        if question.end_ms <= question.start_ms:
            raise InvalidArgument.field("end_time", "must be after start_time")
        profiles = await profiles_of(self._world, question.identities)
        within = DecisionQuery(profiles, start_ms=question.start_ms, end_ms=question.end_ms)
        found = (await self._world.index.find(within, question.limit)).decisions
        records = [await self._world.log.get(each.decision_id) for each in found]
        decisions = [await self._of(record, question.action) for record in records if record is not None]
        active = await self._world.policies.current()
        is_declared = active is not None and question.action in active.catalogue.action_index
        if decisions:
            return WhyNotAnswer(tuple(decisions), True, is_declared)
        before = await self._newest(DecisionQuery(profiles, end_ms=question.start_ms))
        after = await self._newest(DecisionQuery(profiles, start_ms=question.end_ms))
        return WhyNotAnswer((), bool(profiles), is_declared, _time(before), _time(after))

    async def _newest(self, query: DecisionQuery) -> DecisionSummary | None:
        decisions = (await self._world.index.find(query, 1)).decisions
        return decisions[0] if decisions else None

    async def _of(self, record: DecisionRecord, action: str) -> DecisionWhyNot:
        policy, answer = await self._world.policies.get(record.policy_version), record.answer
        placements = tuple(each.placement_id for each in answer.placements if _proposes(each, action))
        verdict, reasons = Verdict.PROPOSED, tuple[Dropped, ...]()
        if action not in policy.catalogue.action_index:
            verdict = Verdict.NOT_IN_POLICY
        elif record.fails_closed:
            verdict = Verdict.DEGRADED
        elif not placements:
            reasons = (await self._explain.explain(record, [action])).answer.dropped
            verdict = Verdict.DROPPED if reasons else Verdict.EMPTY_PLACEMENT
        return DecisionWhyNot(
            record.decision_id,
            record.decision_time_ms,
            record.policy_version,
            verdict,
            reasons,
            placements,
            _empty(answer),
            answer.advisories,
            _asked_channels(record, policy),
            _channels(policy, action),
            record.pressure_account,
        )


def _proposes(placement: PlacementAnswer, action: str) -> bool:
    return any(each.action == action for each in placement.propositions)


def _empty(answer: Answer) -> tuple[EmptyPlacement, ...]:
    reasons = ((each.placement_id, each.no_action or each.fallback) for each in answer.placements)
    return tuple(EmptyPlacement(name, result.reason) for name, result in reasons if result is not None)


def _asked_channels(record: DecisionRecord, policy: ActivePolicy) -> tuple[str, ...]:
    names = policy.catalogue.channel_names
    places = places_of(record.command.places, policy.catalogue)
    return tuple(name for index, name in enumerate(names) if any(place.has_channel[index] for place in places))


def _channels(policy: ActivePolicy, action: str) -> tuple[str, ...]:
    catalogue = policy.catalogue
    index = catalogue.action_index.get(action)
    return tuple(sorted({each.channel for each in catalogue.options if index is not None and each.action == index}))


def _time(decision: DecisionSummary | None) -> int | None:
    return None if decision is None else decision.decision_time_ms
