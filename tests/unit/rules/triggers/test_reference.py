"""Whatever the triggers and whatever the log, what fires is what a slow reading of the contract says."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings

from services.rules.domain.finding_log import FindingLog
from services.rules.domain.rule_set import RuleSet
from services.rules.domain.triggers.check import check_triggers
from services.rules.domain.triggers.outcome import Firing
from shared.values import Feature, present
from tests.support.promises import strength
from tests.support.random_triggers import MEANINGS, START_MS, facts, feature_value, logs, rule_sets, waiting_rule_sets
from tests.support.trigger_reference import Circular, Fired, Reference
from tests.support.trigger_run import COURIER_MS, Step, TriggerRun, program_of

Known = dict[str, dict[str, Any]]
EXAMPLES = strength(reduced=60, full=3_000)


def features(known: Known) -> dict[str, dict[str, Feature]]:
    return {
        person: {name: present(feature_value(name, value)) for name, value in own.items()}
        for person, own in known.items()
    }


def run_of(rule_set: RuleSet, known: Known) -> TriggerRun:
    return TriggerRun(program_of(rule_set), features(known), START_MS)


def referred(rule_set: RuleSet, known: Known, log: list[Step]) -> list[Fired]:
    reference = Reference(rule_set.triggers, MEANINGS, known, START_MS, COURIER_MS)
    for step in log:
        if step.happening is None:
            reference.end_of_log(step.now_ms)
        else:
            reference.event(step.happening, step.now_ms)
    return reference.fired


def told(firings: list[Firing]) -> list[Fired]:
    return [
        Fired(
            each.trigger_id,
            each.profile_id,
            each.name or each.trait,
            tuple(sorted(each.payload.items())),
            each.cause_event_id,
            each.fired_ms,
        )
        for each in firings
    ]


@given(rule_set=rule_sets(), known=facts(), log=logs())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_fires_is_what_the_contract_says(rule_set: RuleSet, known: Known, log: list[Step]) -> None:
    try:
        expected = referred(rule_set, known, log)
    except Circular:
        found = FindingLog()
        check_triggers(rule_set, found)
        assert [each.code for each in found.findings] == ["TRIGGER_CYCLE"]
        return
    check(rule_set, known, log, expected)


@given(rule_set=waiting_rule_sets(), log=logs(types="aabcc"))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_events_about_things_reach_whom_the_contract_says(rule_set: RuleSet, log: list[Step]) -> None:
    check(rule_set, {}, log, referred(rule_set, {}, log))


def check(rule_set: RuleSet, known: Known, log: list[Step], expected: list[Fired]) -> None:
    run = run_of(rule_set, known)
    assert told(run.run(log)) == expected
    assert len({each.firing_id for each in run.firings}) == len(run.firings)
