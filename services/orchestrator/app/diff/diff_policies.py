"""DiffPolicies and SimulatePolicy: what a policy would have done, and what that would have been worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.diff.changes import changes_of
from services.orchestrator.app.diff.groups import Grouped, group_name, groups_of
from services.orchestrator.app.diff.profile_diff import ProfileDiff
from services.orchestrator.app.diff.profile_sample import ProfileSample
from services.orchestrator.app.diff.replay import UNTOLD, Replay, ReplayedDecision, Replayer
from services.orchestrator.app.diff.report import DiffReport, GroupReport, PolicyValue, SideReport
from services.orchestrator.app.diff.side import HARDLY, Side, winners
from services.orchestrator.app.diff.values import Columns, columns_of, moved, valued
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.diff.arm_changes import arm_change
from services.orchestrator.domain.diff.off_policy import Column, Interval, Rows
from services.orchestrator.domain.diff.verdict import Finding, Verdict, compared, refusal, selected, with_reason
from shared.errors import FailedPrecondition, InvalidArgument
from shared.values import AttributeType

MAX_UNTRIED = 0.05
GROUPABLE = (AttributeType.BOOL, AttributeType.STRING)


@dataclass(frozen=True, slots=True)
class DiffQuestion:
    """`baseline` empty: the active policy. `by`: attributes whose values are compared; `max_untried` a share."""

    candidate: str
    baseline: str = ""
    count: int = 1_000
    seed: int = 0
    by: tuple[str, ...] = ()
    max_untried: float = MAX_UNTRIED
    profiles: ProfileSample | None = None
    """Persons in place of logged decisions: without count, seed and max_untried."""


class DiffPolicies:
    """Asks the rules and, of what competes newly, the scoring service, as simulations do. Leaves no trace."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, question: DiffQuestion) -> DiffReport:
        """Raises NotFound (POLICY_NOT_FOUND), FailedPrecondition (NO_ACTIVE_POLICY, NO_DECISIONS, NO_PROFILES,
        POLICIES_NOT_COMPARABLE), InvalidArgument, Unavailable."""
        if question.profiles is None:
            return _report(question, await self.replay(question))
        return await ProfileDiff(self._world, await self._policies(question))(question.profiles, question.by)

    async def replay(self, question: DiffQuestion) -> Replay:
        """What is reported on, decision by decision. Raises the same."""
        return await Replayer(self._world, await self._policies(question))(question.count, question.seed)

    async def _policies(self, question: DiffQuestion) -> tuple[ActivePolicy, ActivePolicy]:
        baseline = await self._baseline(question.baseline)
        candidate = await self._world.policies.get(question.candidate)
        if baseline.settings.currency != candidate.settings.currency:
            raise FailedPrecondition(
                "POLICIES_NOT_COMPARABLE",
                f"the baseline counts in {baseline.settings.currency}, the candidate in {candidate.settings.currency}",
                metadata={"because": "currency"},
            )
        _check_groups(question.by, (baseline, candidate))
        return baseline, candidate

    async def simulate(self, question: DiffQuestion) -> DiffReport:
        """One policy alone. Raises the same."""
        policy = await self._world.policies.get(question.candidate)
        _check_groups(question.by, (policy,))
        if question.profiles is not None:
            return await ProfileDiff(self._world, (policy,))(question.profiles, question.by)
        return _report(question, await Replayer(self._world, (policy,))(question.count, question.seed))

    async def _baseline(self, version: str) -> ActivePolicy:
        if version:
            return await self._world.policies.get(version)
        active = await self._world.policies.current()
        if active is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        return active


def _check_groups(names: Sequence[str], policies: Sequence[ActivePolicy]) -> None:
    for index, name in enumerate(names):
        for policy in policies:
            attribute = policy.attributes.get(name)
            if attribute is None or attribute.type not in GROUPABLE:
                version = policy.versions.policy
                raise InvalidArgument.field(
                    f"group_by[{index}]", f'"{name}" must be an attribute of type bool or string in policy {version}'
                )


def _report(question: DiffQuestion, replay: Replay) -> DiffReport:
    telling = valued(replay.decisions)
    columns = columns_of([replay.decisions[index] for index in telling]) if telling else None
    sides = [_side(question, replay, columns, index) for index in range(len(replay.policies))]
    candidate, baseline = sides[-1], sides[0] if len(sides) == 2 else None
    verdict, difference = _verdict(columns, baseline, candidate, replay.policies[-1].settings.currency)
    report = DiffReport(
        currency=replay.policies[-1].settings.currency,
        sampled=replay.sampled,
        left_out=dict(replay.left_out + replay.unvalued),
        decisions=len(replay.decisions),
        persons=len(candidate.side.by_person),
        valued=len(telling),
        candidate=candidate,
        baseline=baseline,
        difference=difference,
        verdict=verdict,
        groups=_groups(question.by, replay, telling, columns, is_valued=difference is not None),
    )
    return report if baseline is None else _with_changes(report, replay, telling, baseline.side, candidate.side)


def _groups(
    by: Sequence[str], replay: Replay, telling: Sequence[int], columns: Columns | None, *, is_valued: bool
) -> tuple[GroupReport, ...]:
    """Of the decisions that say something."""
    if columns is None:
        return ()
    told = [replay.decisions[index] for index in telling]

    def worth(rows: Rows) -> Interval | None:
        return columns.take(rows).difference().money_dr if is_valued else None

    return groups_of(
        Grouped(
            columns.person,
            [_reached(told, policy) for policy in range(len(replay.policies))],
            {name: [group_name(each.record.features, name) for each in told] for name in by},
            [each.segments for each in told],
            worth,
        )
    )


def _reached(decisions: Sequence[ReplayedDecision], policy: int) -> Column:
    slots = [each.slots[policy] for each in decisions]
    return np.array([0.0 if slot is None else slot.reaches() for slot in slots])


def _side(question: DiffQuestion, replay: Replay, columns: Columns | None, index: int) -> SideReport:
    side, name = replay.sides[index], "candidate" if index == len(replay.policies) - 1 else "baseline"
    if columns is None:
        nothing = Verdict(Finding.CANNOT_TELL, "cannot tell: no first slot was drawn by chance or settled by worth")
        return SideReport(side, 0.0, 0.0, None, nothing)
    rows = columns.policies_money[index]
    refused = selected(replay.unvalued[UNTOLD], rows.weight.size) or refusal(
        rows, columns.persons, question.max_untried, name
    )
    value = None if refused is not None else columns.value(index)
    return SideReport(side, rows.untried_share, rows.effective_size, value, refused)


def _verdict(
    columns: Columns | None, baseline: SideReport | None, candidate: SideReport, currency: str
) -> tuple[Verdict | None, PolicyValue | None]:
    if baseline is None:
        return candidate.refusal, None
    refused = candidate.refusal or baseline.refusal
    if refused is not None or columns is None:
        return refused, None
    difference = columns.difference()
    return compared(difference.money_dr, currency), difference


def _with_changes(
    report: DiffReport, replay: Replay, telling: Sequence[int], baseline: Side, candidate: Side
) -> DiffReport:
    changed = [(winners(was), winners(now)) for was, now in (each.made for each in replay.decisions)]
    differing = [pair for pair in changed if pair[0] != pair[1]]
    reached = [name for name, contacts in baseline.by_person.items() if contacts >= HARDLY]
    arms = arm_change(baseline.policy.compiled.arms, candidate.policy.compiled.arms)
    verdict = report.verdict
    return replace(
        report,
        winners_changed=len(differing),
        changes=changes_of(differing),
        probability_moved=float(np.mean(moved([replay.decisions[index] for index in telling]))) if telling else 0.0,
        starved_persons=sum(candidate.by_person.get(name, 0.0) < HARDLY for name in reached),
        verdict=verdict if arms is None or verdict is None else with_reason(verdict, arms.text),
        arms=arms,
    )
