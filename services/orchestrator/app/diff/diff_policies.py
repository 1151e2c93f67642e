"""DiffPolicies and SimulatePolicy: what a policy would have done, and what that would have been worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.diff.groups import groups_of
from services.orchestrator.app.diff.replay import Replay, ReplayedDecision, Replayer
from services.orchestrator.app.diff.report import Change, DiffReport, PolicyValue, SideReport
from services.orchestrator.app.diff.side import HARDLY, Side, winners
from services.orchestrator.app.diff.values import Columns, columns_of, moved, valued
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.diff.verdict import Finding, Verdict, compared, refusal
from shared.errors import FailedPrecondition, InvalidArgument
from shared.values import AttributeType

CHANGES_TOLD = 20
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


class DiffPolicies:
    """Asks the rules and, of what competes newly, the scoring service, as simulations do. Leaves no trace."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, question: DiffQuestion) -> DiffReport:
        """Raises NotFound (POLICY_NOT_FOUND), FailedPrecondition (NO_ACTIVE_POLICY, NO_DECISIONS,
        POLICIES_NOT_COMPARABLE), InvalidArgument, Unavailable."""
        return _report(question, await self.replay(question))

    async def replay(self, question: DiffQuestion) -> Replay:
        """What is reported on, decision by decision. Raises the same."""
        baseline = await self._baseline(question.baseline)
        candidate = await self._world.policies.get(question.candidate)
        if baseline.settings.currency != candidate.settings.currency:
            raise FailedPrecondition(
                "POLICIES_NOT_COMPARABLE",
                f"the baseline counts in {baseline.settings.currency}, the candidate in {candidate.settings.currency}",
                metadata={"because": "currency"},
            )
        _check_groups(question.by, (baseline, candidate))
        return await Replayer(self._world, (baseline, candidate))(question.count, question.seed)

    async def simulate(self, question: DiffQuestion) -> DiffReport:
        """One policy alone. Raises the same."""
        policy = await self._world.policies.get(question.candidate)
        _check_groups(question.by, (policy,))
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
        left_out=dict(replay.left_out),
        decisions=len(replay.decisions),
        persons=len(candidate.side.by_person),
        valued=len(telling),
        candidate=candidate,
        baseline=baseline,
        difference=difference,
        verdict=verdict,
        groups=groups_of(replay.decisions, telling, columns, question.by, is_valued=difference is not None),
    )
    return report if baseline is None else _with_changes(report, replay, telling, baseline.side, candidate.side)


def _side(question: DiffQuestion, replay: Replay, columns: Columns | None, index: int) -> SideReport:
    side, name = replay.sides[index], "candidate" if index == len(replay.policies) - 1 else "baseline"
    if columns is None:
        nothing = Verdict(Finding.CANNOT_TELL, "cannot tell: no first slot was drawn by chance or settled by worth")
        return SideReport(side, 0.0, 0.0, None, nothing)
    rows = columns.policies_money[index]
    refused = refusal(rows, columns.persons, question.max_untried, name)
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
    changed = [each for each in replay.decisions if winners(each.made[0]) != winners(each.made[1])]
    reached = [name for name, contacts in baseline.by_person.items() if contacts >= HARDLY]
    return replace(
        report,
        winners_changed=len(changed),
        changes=_changes(changed),
        probability_moved=float(np.mean(moved([replay.decisions[index] for index in telling]))) if telling else 0.0,
        starved_persons=sum(candidate.by_person.get(name, 0.0) < HARDLY for name in reached),
    )


def _changes(changed: Sequence[ReplayedDecision]) -> tuple[Change, ...]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for each in changed:
        before, after = ({place: action for place, action, _ in reversed(winners(made))} for made in each.made)
        counts.update(
            (place, before.get(place, ""), after.get(place, ""))
            for place in before.keys() | after.keys()
            if before.get(place, "") != after.get(place, "")
        )
    return tuple(Change(*names, count) for names, count in counts.most_common(CHANGES_TOLD))
