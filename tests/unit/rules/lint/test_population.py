"""What rules do to a sample of people, by what is known of them and by what is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.lint.population import PopulationReport, RuleShare, population_report
from services.rules.domain.rule_set import Rule, RuleSet, Segment, Stage
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.values import AttributeType, Feature, Value, present
from tests.support.rules import BRANCH, NOW_MS, declarations, offer

TYPES = {"age": AttributeType.INT, "vip": AttributeType.BOOL, "owned": AttributeType.STRING_LIST}
AT = SourcePosition("rules.yaml", 3, 7)


def report(rules: Iterable[Rule], people: Iterable[Mapping[str, Value]], *segments: Segment) -> PopulationReport:
    content = RuleSet(declarations(TYPES), segments, (*BRANCH, offer("offer", rules), offer("shoes")))
    cache = CompileCache()
    findings, checked = cache.checked(content)
    assert checked is not None, findings
    policy = IndexedEngine(cache).compile(content).policy
    assert policy is not None
    known = cache.known(checked.environment.variables, [each.segment_id for each in segments])
    sample: list[Mapping[str, Feature]] = [{name: present(value) for name, value in each.items()} for each in people]
    return population_report(checked, known, policy, sample, NOW_MS)


def share(rule: Rule, people: Iterable[Mapping[str, Value]], *segments: Segment) -> tuple[int, int, int]:
    found: RuleShare
    (found,) = report([rule], people, *segments).rules
    return found.asked, found.by_known, found.by_unknown


AGES: list[Mapping[str, Value]] = [{"age": 12}, {"age": 17}, {"age": 18}, {"age": 40}, {}, {"age": None}]


def test_what_is_false_and_what_is_unknown_are_told_apart() -> None:
    assert share(Rule("r", Stage.ELIGIBILITY, "age >= 18"), AGES) == (6, 2, 2)


def test_a_rule_that_passes_unknown_drops_by_what_is_known_only() -> None:
    assert share(Rule("r", Stage.ELIGIBILITY, "age >= 18", OnUnknown.PASS), AGES) == (6, 2, 0)


def test_what_a_default_decides_is_unknown() -> None:
    assert share(Rule("r", Stage.ELIGIBILITY, "age >= 18", OnUnknown.DEFAULT, 0), AGES) == (6, 2, 2)


def test_what_a_segment_decides_of_the_unknown_is_unknown() -> None:
    rule = Rule("r", Stage.ELIGIBILITY, 'in_segment("adult")')
    assert share(rule, AGES, Segment("adult", "age >= 18")) == (6, 2, 2)


def test_a_suppression_drops_what_is_true() -> None:
    assert share(Rule("r", Stage.SUPPRESSION, "age >= 18"), AGES) == (6, 2, 2)


def test_a_rule_about_constants_reads_those_of_its_action() -> None:
    rule = Rule("r", Stage.SUPPRESSION, "action.id in owned")
    assert share(rule, [{"owned": ("offer",)}, {"owned": ("shoes",)}, {}]) == (3, 1, 1)


def test_a_rule_that_drops_nearly_all_and_an_action_that_nobody_gets_are_findings() -> None:
    found = report([Rule("r", Stage.ELIGIBILITY, "age > 90", position=AT)], AGES)
    assert [(each.code, each.position) for each in found.findings] == [("STARVING_RULE", AT), ("UNREACHED_ACTION", AT)]
    assert found.findings[0].message.startswith("rule 'r' drops 100 % of the 6 people")
    assert found.reached == {"offer": 0, "shoes": 6}


def test_more_people_than_are_asked_at_once_are_all_counted() -> None:
    ages = [number % 40 for number in range(1_234)]
    found = report([Rule("r", Stage.ELIGIBILITY, "age >= 20")], [{"age": age} for age in ages])
    young = sum(age < 20 for age in ages)
    assert (found.rules[0].asked, found.rules[0].by_known) == (1_234, young)
    assert found.reached["offer"] == 1_234 - young
