"""Refuses, when a rule set is published, triggers that the engine they are matched by cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from services.rules.domain.evaluation import Compilation, RuleEngine
from services.rules.domain.matching import MessageRules, Refusal
from services.rules.domain.rule_set import Finding, RuleSet
from services.rules.domain.triggers.compile import compile_triggers
from services.rules.domain.triggers.program import TriggerProgram
from services.rules.domain.written import NOWHERE, SourcePosition
from shared.cel.problems import Severity

Check = Callable[[MessageRules], Sequence[Refusal]]


class TriggerGuards:
    """Implements RuleEngine, for rule sets in which another engine finds no error."""

    def __init__(self, engine: RuleEngine, check: Check) -> None:
        self._engine = engine
        self._check = check

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        findings = self._engine.check(rule_set)
        return findings if _has_error(findings) else (*findings, *self._refusals(rule_set))

    def compile(self, rule_set: RuleSet) -> Compilation:
        compilation = self._engine.compile(rule_set)
        refusals = () if compilation.policy is None else tuple(self._refusals(rule_set))
        return Compilation((*compilation.findings, *refusals), None) if refusals else compilation

    def _refusals(self, rule_set: RuleSet) -> Iterator[Finding]:
        if not rule_set.triggers:
            return
        program = compile_triggers(rule_set, "")
        positions = _positions(rule_set, program)
        for refusal in self._check(program.message_rules):
            yield Finding(positions.get(refusal.rule_id, NOWHERE), "ENGINE_GUARD", refusal.reason)


def _positions(rule_set: RuleSet, program: TriggerProgram) -> Mapping[str, SourcePosition]:
    """By rule: where the trigger is written that it comes from."""
    written = {trigger.trigger_id: trigger.position for trigger in rule_set.triggers}
    leaves = {
        watch.leaf: written[watch.trigger.trigger_id] for event in program.events.values() for watch in event.watches
    }
    return leaves | {plan.rule_id: written[trigger_id] for trigger_id, plan in program.triggers.items()}


def _has_error(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)
