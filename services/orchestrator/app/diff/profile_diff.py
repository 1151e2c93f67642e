"""What policies would do now for a sample of the persons in a segment, and what their own models expect of that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.batch.side_by_side import SIDE_BY_SIDE
from services.orchestrator.app.diff.changes import Winners, changes_of
from services.orchestrator.app.diff.expectation import Expectation, expectation
from services.orchestrator.app.diff.groups import Grouped, group_name, groups_of
from services.orchestrator.app.diff.option_pairs import OptionPairs
from services.orchestrator.app.diff.profile_run import PersonDecided, ProfileRun
from services.orchestrator.app.diff.profile_sample import DrawnPersons, ProfileSample, drawn
from services.orchestrator.app.diff.report import AudienceReport, DiffReport, ExpectedValue, SideReport
from services.orchestrator.app.diff.sampled_volume import SampledVolume
from services.orchestrator.app.diff.side import HARDLY, winners
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.diff.arm_changes import arm_change
from services.orchestrator.domain.diff.off_policy import Column, Interval, Linear, Rows, interval
from services.orchestrator.domain.diff.verdict import expected, with_reason
from shared.errors import FailedPrecondition

_DECIMALS = 12
"""Of money and successes of a person: what is left is how they were added up."""
GONE = "the person was gone when it was decided"


@dataclass(frozen=True, slots=True)
class _Person:
    by_policy: tuple[Expectation, ...]
    winners: tuple[Winners, ...]
    values: tuple[str, ...]
    """Of the attributes that are compared, as the last policy sees them; likewise the segments."""
    segments: tuple[str, ...]
    moved: float


class ProfileDiff:
    """Of one policy, or of a baseline and a candidate. Leaves no trace."""

    def __init__(self, world: Surroundings, policies: Sequence[ActivePolicy]) -> None:
        self._world = world
        self._policies = tuple(policies)
        self._pairs = OptionPairs(*self._policies) if len(self._policies) == 2 else None

    async def __call__(self, sample: ProfileSample, by: Sequence[str]) -> DiffReport:
        """Raises FailedPrecondition (NO_PROFILES), InvalidArgument, Unavailable."""
        world = self._world
        sampled = await drawn(world.audience, sample, self._policies[0], world.clock)
        now_ms = world.clock() if sample.decision_time_ms is None else sample.decision_time_ms
        runs = []
        for policy in self._policies:
            volume = await SampledVolume.of(policy, world.bank, now_ms, sampled.weight)
            runs.append(ProfileRun(world, policy, volume, sample, now_ms))
        persons = []
        for start in range(0, len(sampled.profile_ids), SIDE_BY_SIDE):
            part = sampled.profile_ids[start : start + SIDE_BY_SIDE]
            decided = [await run.decide(part) for run in runs]
            for each in _there(decided):
                persons.append(self._person(each, by))
                await asyncio.sleep(0)  # real decisions are waiting
        if not persons:
            raise FailedPrecondition("NO_PROFILES", GONE, metadata={"condition": sampled.condition})
        return self._report(runs, sampled, persons, by, now_ms)

    def _person(self, decided: Sequence[PersonDecided], by: Sequence[str]) -> _Person:
        records = [each.record for each in decided]
        if self._pairs is not None:
            self._pairs.tell(*records)
        return _Person(
            tuple(expectation(*each) for each in zip(records, self._policies, strict=True)),
            tuple(winners(each) for each in records),
            tuple(group_name(records[-1].features, name) for name in by),
            decided[-1].segments,
            0.0 if self._pairs is None else self._pairs.moved(*records),
        )

    def _report(
        self,
        runs: Sequence[ProfileRun],
        sampled: DrawnPersons,
        persons: Sequence[_Person],
        by: Sequence[str],
        now_ms: int,
    ) -> DiffReport:
        money = np.array([[each.money for each in person.by_policy] for person in persons]).T
        successes = np.array([[each.successes for each in person.by_policy] for person in persons]).T
        share = len(persons) / sampled.audience
        expected_of = [
            ExpectedValue(_mean(one, share), _mean(other, share)) for one, other in zip(successes, money, strict=True)
        ]
        sides = [SideReport(run.side, 0.0, 0.0, None, None, each) for run, each in zip(runs, expected_of, strict=True)]
        gone = len(sampled.profile_ids) - len(persons)
        report = DiffReport(
            currency=self._policies[-1].settings.currency,
            sampled=len(sampled.profile_ids),
            left_out={GONE: gone} if gone else {},
            decisions=len(persons),
            persons=len(persons),
            valued=0,
            candidate=sides[-1],
            groups=groups_of(_grouped(persons, by, money, share)),
            audience=AudienceReport(sampled.condition, sampled.audience, sampled.weight, now_ms),
        )
        if self._pairs is None:
            return report
        difference = _mean(money[1] - money[0], share)
        return self._with_baseline(report, sides[0], persons, difference, self._pairs)

    def _with_baseline(
        self,
        report: DiffReport,
        baseline: SideReport,
        persons: Sequence[_Person],
        difference: Interval,
        pairs: OptionPairs,
    ) -> DiffReport:
        changed = [(was, now) for was, now in (each.winners for each in persons) if was != now]
        candidate = report.candidate.side.by_person
        reached = [name for name, contacts in baseline.side.by_person.items() if contacts >= HARDLY]
        verdict = expected(difference, len(persons), report.currency, pairs.not_comparable)
        arms = arm_change(*(policy.compiled.arms for policy in self._policies))
        return replace(
            report,
            baseline=baseline,
            winners_changed=len(changed),
            changes=changes_of(changed),
            probability_moved=float(np.mean([each.moved for each in persons])),
            starved_persons=sum(candidate.get(name, 0.0) < HARDLY for name in reached),
            verdict=verdict if arms is None else with_reason(verdict, arms.text),
            expected_difference=difference,
            not_comparable=pairs.not_comparable,
            arms=arms,
        )


def _there(decided: Sequence[Sequence[PersonDecided | None]]) -> Iterator[list[PersonDecided]]:
    """Those whom every policy found."""
    for each in zip(*decided, strict=True):
        found = [one for one in each if one is not None]
        if len(found) == len(each):
            yield found


def _grouped(persons: Sequence[_Person], by: Sequence[str], money: Column, share: float) -> Grouped:
    def worth(rows: Rows) -> Interval | None:
        return _mean(money[1][rows] - money[0][rows], share) if len(money) == 2 else None

    return Grouped(
        np.arange(len(persons)),
        [np.array([each.by_policy[index].reached for each in persons]) for index in range(len(money))],
        {name: [each.values[index] for each in persons] for index, name in enumerate(by)},
        [each.segments for each in persons],
        worth,
        share,
    )


def _mean(column: Column, share: float) -> Interval:
    """Each row is a person of its own; `share` of all of the audience are here."""
    told = column.round(_DECIMALS)
    mean = float(told.mean())
    return interval(Linear(mean, told - mean), np.arange(told.size), share)
