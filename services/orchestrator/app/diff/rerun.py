"""A logged decision, made by another policy: the flow itself, by what was recorded. It reaches nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import Budget
from services.orchestrator.app.decide.flow import Decide
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.press import may_weigh, pressed_by
from services.orchestrator.app.decide.quiet import quiet_standing
from services.orchestrator.app.decide.recall import recalled_brief, recalled_knowledge
from services.orchestrator.app.decide.stopwatch import Stopwatch
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.refused_draws import NOTHING_CLOSED, Closed, met_by
from services.orchestrator.app.diff.replay_state import ReplayState
from services.orchestrator.app.diff.replayed_holds import ReplayedLedger, ReplayedQuotas
from services.orchestrator.app.diff.replayed_scores import ReplayedScores
from services.orchestrator.app.ports import PolicyQuestion, PolicyVerdict, RuleEvaluator
from services.orchestrator.app.pressure.learning import learning_key
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.arms import Arm, ArmStanding
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.contact_pressure import PressureBasis
from services.orchestrator.domain.decision import Explain, Mode
from services.orchestrator.domain.volume.standing import VolumeStanding
from shared.errors import TandemError
from shared.values import NOT_FOUND

RERUN_MS = 10_000
"""How long one decision may take."""


@dataclass(frozen=True, slots=True, eq=False)
class Rerun:
    """What a policy makes of a decision, and the segments it saw the person in."""

    record: DecisionRecord
    segments: tuple[str, ...]


class _AskedRules:
    """Implements RuleEvaluator: asks, and keeps what was answered. Segments come with reasons, of which one action's
    will do: what the caps drop has reasons of this service's own."""

    def __init__(self, rules: RuleEvaluator) -> None:
        self._rules = rules
        self.segments: tuple[str, ...] = ()
        self.failure: TandemError | None = None

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        try:
            asked = replace(question, explain=Explain.FULL, explain_actions=tuple(question.action_index)[:1])
            verdict = await self._rules.evaluate(asked, deadline_ms=deadline_ms)
        except TandemError as failure:
            self.failure = failure
            raise
        self.segments = verdict.segments
        return verdict


async def made_again(
    world: Surroundings, record: DecisionRecord, logged: ActivePolicy, policy: ActivePolicy, state: ReplayState
) -> Rerun:
    """By the state that the policy itself brought about. What others took while the log decided is refused here, too.
    Raises InvalidArgument where the request makes no sense under the policy; Unavailable where the rules or the scores
    cannot be asked for: a degraded decision would say nothing of the policy."""
    brief = _brief(record, policy, record.command.mode)
    known = _pressed(world, record, logged, brief, _known(record, logged, brief, state), state)
    met = met_by(record, logged)
    rooms = state.rooms(record, logged.compiled.volume, brief.acts_ms, met.rooms)
    # What the log was refused of contacts says nothing of somebody who was sent something else before.
    recorded = replace(record, refusals=()) if state.differs_in_contacts(record.profile_id) else record
    there = replace(world, ledger=ReplayedLedger(recorded, brief), quotas=ReplayedQuotas(rooms, met))
    return await _concluded(there, record, logged, brief, known)


async def draw_again(
    world: Surroundings,
    record: DecisionRecord,
    logged: ActivePolicy,
    policy: ActivePolicy,
    state: ReplayState,
    closed: Closed = NOTHING_CLOSED,
) -> DecisionRecord:
    """One step: by what was recorded, without what is closed to this policy; nothing is refused. Raises the same."""
    brief = _brief(record, policy, Mode.SIMULATE)
    untold = ReplayState(policy)
    known = _known(record, logged, brief, untold)
    volume = state.volume(record, logged.compiled.volume, brief.acts_ms, by_record=True)
    beyond = state.granted_beyond(record, logged.compiled.volume, brief.acts_ms)
    known = replace(known, volume=_without(volume, closed, beyond), contact_counts=_full(brief, known, closed))
    known = _pressed(world, record, logged, brief, known, untold)
    return (await _concluded(world, record, logged, brief, known)).record


def _without(volume: VolumeStanding | None, closed: Closed, beyond: Mapping[str, int]) -> VolumeStanding | None:
    """`beyond`: what the policy has besides what was there for the one that decided."""
    if volume is None:
        return None
    rooms = {name: max(room + beyond.get(name, 0), 0) for name, room in closed.rooms.items()}
    left = [replace(each, room=min(each.room, rooms.get(each.resource_id, each.room))) for each in volume.resources]
    return replace(volume, resources=tuple(left))


def _full(brief: Brief, known: Known, closed: Closed) -> tuple[ContactCount, ...]:
    names = {limit.limit_id for limit in brief.policy.limits.limits}
    full = {(each.limit_id, each.counted): each for each in closed.counts if each.limit_id in names}
    kept = [each for each in known.contact_counts if (each.limit_id, each.counted) not in full]
    return (*kept, *full.values()) if brief.has_limits else known.contact_counts


async def _concluded(
    world: Surroundings, record: DecisionRecord, logged: ActivePolicy, brief: Brief, known: Known
) -> Rerun:
    rules = _AskedRules(world.rules)
    # An arm that goes without a model has the prior's propensities on record.
    has_scores = record.arm.arm is not Arm.RULES_ONLY
    same = has_scores and logged.compiled.arbitrated == brief.policy.compiled.arbitrated
    scores = ReplayedScores(record, logged, world.scorer, same_objective=same)
    then = replace(world, rules=rules, scorer=scores)
    budget = Budget.starting_now(None, RERUN_MS, world.clock)
    decided = await Decide(then).conclude(brief, known, budget, Stopwatch(world.ticks_ns))
    failure = rules.failure or scores.failure
    if failure is not None:
        raise failure
    return Rerun(decided.record, rules.segments)


def explain_of(policy: ActivePolicy) -> Explain:
    """As much as says what each cap dropped."""
    compiled = policy.compiled
    has_caps = bool(policy.limits.limits) or not compiled.volume.is_empty or policy.contact.quiet is not None
    has_caps = has_caps or compiled.pressure is not None
    return Explain.REASONS if has_caps else Explain.NONE


def _pressed(
    world: Surroundings, record: DecisionRecord, logged: ActivePolicy, brief: Brief, known: Known, state: ReplayState
) -> Known:
    """By the estimate of then, where the policy learns the same as the one that decided; else by that of now. Contacts
    of before the log kept them are not known."""
    known = replace(known, pressure=None, pressure_basis=None)
    if brief.pressure is None or not may_weigh(brief, known.view):
        return known
    basis = record.pressure_basis
    contacts = state.sent(record.profile_id, () if basis is None else basis.contacts)
    own = logged.compiled.pressure is not None and learning_key(logged) == learning_key(brief.policy)
    estimate = basis.estimate if own and basis is not None else world.pressure.current(brief.policy)
    return pressed_by(brief, known, PressureBasis(estimate, contacts))


def _brief(record: DecisionRecord, policy: ActivePolicy, mode: Mode) -> Brief:
    command = replace(record.command, mode=mode, explain=explain_of(policy))
    return recalled_brief(replace(record, command=command), policy)


def _known(record: DecisionRecord, logged: ActivePolicy, brief: Brief, state: ReplayState) -> Known:
    policy = brief.policy
    known = recalled_knowledge(replace(record, volume=()), brief)
    features = {name: record.features.get(name, NOT_FOUND) for name in policy.attributes} | dict(brief.context)
    counted = {limit.limit_id for limit in policy.limits.limits if not limit.aggregate}
    kept = [each for each in record.contact_counts if each.limit_id in counted]
    counts = state.counts(record.profile_id, brief.acts_ms, kept) if brief.has_limits else ()
    is_own = policy.versions.policy == record.policy_version
    return replace(
        known,
        features=features,
        contact_counts=counts + policy.limits.cooldowns(record.features) if brief.has_limits else (),
        quiet=record.quiet if is_own else quiet_standing(brief, known.view),
        volume=state.volume(record, logged.compiled.volume, brief.acts_ms),
        arm=_arm(record, logged, policy),
    )


def _arm(record: DecisionRecord, logged: ActivePolicy, policy: ActivePolicy) -> ArmStanding:
    """Drawn anew where the policy declares other arms than the one that decided."""
    arms = policy.compiled.arms
    return record.arm if arms == logged.compiled.arms else arms.standing_of(record.profile_id)
