"""Every dropped action says what would have made it pass: the change does, and there is no smaller one.

Random rule sets over small finite domains, random subjects with missing, null and stale values. The engine evaluates
every change; a reference that evaluates every rule with the CEL library alone tries all changes there are.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping

from services.rules.domain.evaluation import DroppedAction, EngagementPolicy, Explain
from services.rules.domain.why.change import NoChange, SmallestChange
from shared.values import NOT_FOUND, Feature, present
from tests.support.promises import Promise
from tests.support.rules import NOW_MS, compiled
from tests.support.why import ATTRIBUTES, Reference, distance, random_facts, random_world

SUBJECTS = 10
"""Of one rule set."""
_EVERYTHING = [each.name for each in ATTRIBUTES]
_MUTABLE = [each.name for each in ATTRIBUTES if not each.immutable]


def test_the_smallest_change_makes_a_dropped_action_pass_and_none_is_smaller(promise: Promise) -> None:
    wanted = promise.strength(reduced=150, full=5_000)
    counts: Counter[str] = Counter()
    started = time.monotonic()
    explained = treatments = 0
    for seed in range(wanted):
        if explained >= wanted:
            break
        source = random.Random(seed)
        world = random_world(source)
        policy, reference = compiled(world.rule_set), Reference(world)
        for _ in range(SUBJECTS):
            facts = random_facts(source)
            for dropped in policy.evaluate(facts, NOW_MS, Explain.FULL).dropped:
                counts[check(policy, reference, facts, dropped)] += 1
                treatments += bool(dropped.treatment)
                explained += 1
    for outcome, count in sorted(counts.items()):
        promise.figure(f"dropped actions: {outcome}", count)
    promise.figure("dropped actions explained", explained)
    promise.figure("of them treatments that fell alone", treatments)
    promise.figure("explained and checked per second", round(explained / (time.monotonic() - started), 1))
    assert explained >= wanted
    assert treatments


def check(policy: EngagementPolicy, reference: Reference, facts: Mapping[str, Feature], dropped: DroppedAction) -> str:
    """Answers what was found."""
    change, name = dropped.smallest_change, dropped.treatment or dropped.action
    assert change is not None
    if change.changes:
        check_change(policy, facts, dropped, change)
        check_minimal(change, facts, reference.smallest(name, facts, _MUTABLE))
        return f"{len(change.changes)} attribute{'s' if len(change.changes) > 1 else ''}"
    assert change.none_because not in (None, NoChange.NOT_SEARCHED)
    assert reference.smallest(name, facts, _MUTABLE) is None, (name, facts, change)
    if change.none_because is NoChange.NEVER:
        assert reference.smallest(name, facts, _EVERYTHING) is None
    return f"none, {change.none_because.value}"


def check_change(
    policy: EngagementPolicy, facts: Mapping[str, Feature], dropped: DroppedAction, change: SmallestChange
) -> None:
    assert all(each.observed == facts[each.attribute] for each in change.changes)
    assert all(each.attribute in _MUTABLE for each in change.changes)
    changed = {each.attribute: NOT_FOUND if each.needed is None else present(each.needed) for each in change.changes}
    again = policy.evaluate({**facts, **changed}, NOW_MS, Explain.NONE)
    assert dropped.action in again.eligible_actions, (facts, change)
    assert dropped.treatment not in again.dropped_treatments, (facts, change)


def check_minimal(change: SmallestChange, facts: Mapping[str, Feature], least: tuple[int, float] | None) -> None:
    far = sum(distance(facts[each.attribute], each.needed) for each in change.changes)
    assert least is None or (len(change.changes), far) <= (least[0], least[1] + 1e-9), (facts, change, least)
