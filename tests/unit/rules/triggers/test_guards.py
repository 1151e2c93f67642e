"""Triggers that the engine cannot hold are refused when they are published, where they are written."""

from __future__ import annotations

from collections.abc import Sequence

from services.rules.app.triggers.guards import TriggerGuards
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.matching import MessageRules, Refusal
from services.rules.domain.rule_set import EventTypeDeclaration, RuleSet
from services.rules.domain.triggers.declaration import Emit, EventMatch, Pattern, PatternKind, Trigger
from services.rules.domain.written import SourcePosition
from shared.values import AttributeType

AT = SourcePosition("triggers.yaml", 3, 7)
MATCH = EventMatch("view", where="event.n > 1")
TRIGGER = Trigger("seen", Pattern(PatternKind.ANY, (MATCH,)), (Emit("seen"),), position=AT)
RULE_SET = RuleSet(event_types=(EventTypeDeclaration("view", {"n": AttributeType.INT}),), triggers=(TRIGGER,))


def refuse_all(rules: MessageRules) -> Sequence[Refusal]:
    return [Refusal(rule.rule_id, "too much") for rule in rules.rules]


def test_refusals_are_findings_where_the_trigger_is_written() -> None:
    guards = TriggerGuards(IndexedEngine(), refuse_all)
    findings = guards.check(RULE_SET)
    assert findings
    assert {(each.code, each.position, each.message) for each in findings} == {("ENGINE_GUARD", AT, "too much")}
    compilation = guards.compile(RULE_SET)
    assert compilation.policy is None
    assert compilation.findings == findings


def test_what_the_engine_holds_and_rule_sets_without_triggers_pass() -> None:
    assert TriggerGuards(IndexedEngine(), lambda _: ()).compile(RULE_SET).policy is not None
    assert TriggerGuards(IndexedEngine(), refuse_all).check(RuleSet()) == ()
