"""GetPerformance: what decisions brought, arm by arm.

The decisions of the period are read page by page from narrow rows beside them, with the outcomes there are of them now.
Totals that were kept as outcomes come in would have to be corrected whenever an implied one is withdrawn, a purchase
comes back, a decision is erased, or two customers turn out to be one; the work of a scan is bounded by its period.

Persons are compared from their first decision of the period on, whoever then got something or not: that is the last
moment at which their arm cannot have mattered yet. Who is more than one profile is left out, whatever the arms of those
were: of people who are two profiles an arm of share s would keep s, so a small arm would lose the merged, who are the
engaged ones, and a large one keep them. It is the small arm that says how sure one is, and it loses next to nothing by
that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from services.orchestrator.app.active_policies import ActivePolicies, ActivePolicy
from services.orchestrator.app.performance_book import Customer, rows_of, usual_baseline
from services.orchestrator.app.performance_reading import PerformanceReading, PerformanceSources
from services.orchestrator.app.performance_report import LeftOut, Performance, PerformanceKey, PerformanceQuestion
from services.orchestrator.app.persons import people
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.sample_ratio import SampleRatio, sample_ratio
from shared.clock import MS_PER_DAY, Clock
from shared.errors import FailedPrecondition, InvalidArgument

FIND_MS = 60_000
MAX_PERIOD_MS = 400 * MS_PER_DAY


class GetPerformance:
    def __init__(self, sources: PerformanceSources, policies: ActivePolicies, clock: Clock) -> None:
        self._sources = sources
        self._policies = policies
        self._clock = clock

    async def __call__(self, question: PerformanceQuestion) -> Performance:
        """Raises InvalidArgument, FailedPrecondition (NO_ACTIVE_POLICY), Unavailable."""
        active = await self._policies.current()
        if active is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        _check(question, active)
        reading = PerformanceReading(self._sources, self._policies, question)
        await reading.scan()
        _check_baseline(question, [active, *filter(None, reading.versions.values())])
        has_arms = bool(reading.compared.customers)
        book = reading.compared if has_arms else reading.undeclared
        await reading.enter_attributes(book.customers.values())
        await reading.enter_purchases(book)
        left_out = LeftOut(decisions=reading.of_nobody + (reading.without_arms if has_arms else 0))
        persons = await people(self._sources.persons, book.customers, deadline_ms=self._clock() + FIND_MS)

        def compared() -> Performance:
            customers = book.compared(persons, left_out)
            baseline = question.baseline or usual_baseline(each.arm for each in customers)
            return Performance(
                active.settings.currency,
                rows_of(customers, baseline, is_of_contacts=question.by.is_of_contacts),
                _ratio(book.singles(persons), reading.versions),
                left_out,
                reading.totals.results(active.compiled.targets, question.to_ms - question.from_ms),
                baseline if any(each.arm is baseline for each in customers) else None,
            )

        return await asyncio.to_thread(compared)  # of a million customers it takes seconds


def _ratio(customers: Iterable[Customer], versions: Mapping[str, ActivePolicy | None]) -> SampleRatio:
    """Arms by the first decision of each, against the shares of the policy that made it."""
    observed: dict[Arm, int] = {}
    expected: dict[Arm, float] = {}
    for each in customers:
        policy = versions[each.policy_version]
        if policy is None or not policy.compiled.arms.are_declared:
            continue
        arms = policy.compiled.arms
        observed[each.arm] = observed.get(each.arm, 0) + 1
        for arm in (Arm.DECISIONING, *arms.shares):
            expected[arm] = expected.get(arm, 0.0) + arms.share_of(arm)
    return sample_ratio(observed, expected)


def _check_baseline(question: PerformanceQuestion, policies: Sequence[ActivePolicy]) -> None:
    """An arm that nobody can have been in is no baseline of anything."""
    declared = {Arm.DECISIONING}.union(*(policy.compiled.arms.shares for policy in policies))
    if question.baseline is not None and question.baseline not in declared:
        names = ", ".join(arm.name for arm in sorted(declared))
        text = f"no policy of the period declares the arm {question.baseline.name}; there are {names}"
        raise InvalidArgument.field("baseline", text)


def _check(question: PerformanceQuestion, active: ActivePolicy) -> None:
    if not 0 <= question.from_ms < question.to_ms:
        raise InvalidArgument.field("to_time", "must be after from_time")
    if question.to_ms - question.from_ms > MAX_PERIOD_MS:
        raise InvalidArgument.field("to_time", "must be at most 400 days after from_time")
    name, by = question.attribute, question.by
    if by.has_attribute is not bool(name):
        text = "required: which one" if by.has_attribute else "only where by is ATTRIBUTE or ACTION_ATTRIBUTE"
        raise InvalidArgument.field("attribute", text)
    if by is PerformanceKey.ATTRIBUTE and name not in active.attributes:
        raise InvalidArgument.field("attribute", f"the active policy declares no attribute {name!r}")
    actions = active.compiled.feature_set.actions
    if by is PerformanceKey.ACTION_ATTRIBUTE and not any(name in action.attributes for action in actions):
        raise InvalidArgument.field("attribute", f"no action of the active policy has an attribute {name!r}")
