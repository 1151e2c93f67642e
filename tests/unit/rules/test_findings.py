"""Everything wrong with a rule set is found at once, each with its code and the place where it is written."""

from __future__ import annotations

import re

import pytest

from services.rules.domain.rule_set import (
    AttributeDeclaration,
    Finding,
    NumberExpression,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    Stage,
)
from services.rules.domain.why.change import NoChange
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.cel.problems import Severity
from shared.values import AttributeType
from tests.support.rules import BRANCH, declarations, findings, offer, rule_set
from tests.support.source import ROOT, python_files, strings

TYPES = {
    "age": AttributeType.INT,
    "loyalty_tier": AttributeType.STRING,
    "is_vip": AttributeType.BOOL,
    "brands": AttributeType.STRING_LIST,
    "last_purchase": AttributeType.TIMESTAMP,
    "context.weather": AttributeType.STRING,
    "context.is_open": AttributeType.BOOL,
}
AT = SourcePosition("actions.yaml", 7, 20)


def of_condition(when: str) -> tuple[Finding, ...]:
    return findings(rule_set([Rule("r", Stage.ELIGIBILITY, when, position=AT)], TYPES))


@pytest.mark.parametrize(
    ("when", "code", "column", "part"),
    [
        ("age >= ", "CEL_SYNTAX", 27, "mismatched input"),
        ("age >= 18 and is_vip", "CEL_SYNTAX", 30, "mismatched input 'and'"),
        ('age >= "x"', "CEL_TYPE", 24, "found no matching overload for '_>=_' applied to '(int, string)'"),
        ("age == 18.0", "CEL_TYPE", 24, "'(int, double)'"),
        ("loyalty_tier == null", "CEL_TYPE", 33, "null"),
        ("loyalti_tier == 'gold'", "UNKNOWN_ATTRIBUTE", 20, "did you mean 'loyalty_tier'?"),
        ("is_vip && context.wether == 'rain'", "UNKNOWN_ATTRIBUTE", 30, "did you mean 'context.weather'?"),
        ("zzz == 1", "UNKNOWN_ATTRIBUTE", 20, "undeclared reference to 'zzz'"),
        ("loyalty_tier.startWith('g')", "UNKNOWN_FUNCTION", 33, "did you mean 'startsWith'?"),
        ("days_since(age) > 3", "CEL_TYPE", 30, "'(int)'"),
        ("days_since(last_purchase, 1) > 3", "CEL_TYPE", 20, "no overload of 'days_since' takes these arguments"),
        ("age", "NOT_BOOL", 20, "not int"),
        ("{'a': 1}", "NOT_BOOL", 20, "not another type"),
        ("has(context.is_open)", "CEL_TYPE", 23, "has() cannot test context.is_open"),
        ("in_segment('gold')", "SEGMENT_UNKNOWN", 31, "there is no segment 'gold'"),
        ("in_segment(loyalty_tier)", "SEGMENT_UNKNOWN", 30, "literal name"),
        ("loyalty_tier.matches('(')", "INVALID_PATTERN", 41, "missing )"),
        ("age in [" + ", ".join(map(str, range(10_001))) + "]", "LIMIT", 27, "10001 elements"),
        ("age > 1" + " " * 65_536, "LIMIT", 20, "65536 are allowed"),
        ("(" * 33 + "is_vip" + ")" * 33, "LIMIT", 20, "nested more than 32 deep"),
        (
            "brands.all(a, brands.all(b, brands.all(c, a == b && b == c)))",
            "LIMIT",
            20,
            "3 comprehensions run inside one another",
        ),
    ],
)
def test_a_wrong_condition_is_found_where_it_is_wrong(when: str, code: str, column: int, part: str) -> None:
    (found,) = of_condition(when)
    assert (found.code, found.severity) == (code, Severity.ERROR)
    assert part in found.message
    assert "\n" not in found.message
    assert found.position == SourcePosition("actions.yaml", 7, column)


def test_all_problems_of_one_condition_are_found_on_their_own_lines() -> None:
    found = of_condition("agee > 1 &&\n  tier == 'x' ||\n is_vip")
    assert [(each.code, each.position.line, each.position.column) for each in found] == [
        ("UNKNOWN_ATTRIBUTE", 7, 20),
        ("UNKNOWN_ATTRIBUTE", 8, 3),
    ]


def test_columns_count_characters() -> None:
    (found,) = of_condition('"é😀" == zzz')
    assert found.position.column == 20 + 8


def test_one_text_is_found_wrong_at_every_place_that_has_it() -> None:
    places = [SourcePosition("a.yaml", line, 1) for line in (1, 2)]
    rules = [Rule(f"r{place.line}", Stage.ELIGIBILITY, "agee > 1", position=place) for place in places]
    assert [each.position for each in findings(rule_set(rules, TYPES))] == places


def test_of_hundreds_of_problems_the_first_are_shown() -> None:
    found = of_condition(" || ".join(f"z{index} > 1" for index in range(250)))
    assert [each.message for each in found[:2]] == ["undeclared reference to 'z0'", "undeclared reference to 'z1'"]
    assert 20 <= len(found) < 30
    assert (found[-1].code, found[-1].message) == ("LIMIT", "there are more problems; these are the first")


def test_a_part_that_always_fails_is_refused() -> None:
    (found,) = of_condition("is_vip || last_purchase > timestamp('tomorrow')")
    assert (found.code, found.severity, found.position.column) == ("ALWAYS_FAILS", Severity.ERROR, 55)
    assert "String to Timestamp conversion failed" in found.message


def test_what_always_fails_is_refused_in_rules_segments_and_numbers() -> None:
    overflow = "9223372036854775807 + 1"
    number = NumberExpression("business_value", f"{overflow} + age", AT)
    refused = (
        rule_set([Rule("r", Stage.SUPPRESSION, f"{overflow} > age", position=AT)], TYPES),
        RuleSet(declarations(TYPES), (Segment("s", f"age < {overflow}", position=AT),)),
        RuleSet(declarations(TYPES), (), (Scope(ScopeLevel.POLICY, numbers=(number,)),)),
    )
    found = [[(each.code, each.severity, each.position.line) for each in findings(content)] for content in refused]
    assert found == [[("ALWAYS_FAILS", Severity.ERROR, 7)]] * 3


def test_a_number_must_be_a_number() -> None:
    number = NumberExpression("business_value", "loyalty_tier", AT)
    content = RuleSet(declarations(TYPES), (), (Scope(ScopeLevel.POLICY, numbers=(number,)),))
    (found,) = findings(content)
    assert (found.code, found.position) == ("NOT_NUMBER", AT)


def test_a_number_is_declared_once_by_a_scope() -> None:
    numbers = (NumberExpression("business_value", "1.0"), NumberExpression("business_value", "2.0", AT))
    (found,) = findings(RuleSet((), (), (Scope(ScopeLevel.POLICY, numbers=numbers),)))
    assert (found.code, found.position) == ("DUPLICATE_NUMBER", AT)


@pytest.mark.parametrize(
    ("on_unknown", "default", "part"),
    [
        (OnUnknown.DEFAULT, None, "needs a default value"),
        (OnUnknown.DEFAULT, "x", "the default is of type string, but age is of type int"),
        (OnUnknown.DEFAULT, 1.5, "the default is of type double, but age is of type int"),
        (OnUnknown.PASS, 3, "has no meaning with on_unknown PASS"),
    ],
)
def test_a_default_must_fit_what_it_stands_in_for(on_unknown: OnUnknown, default: object, part: str) -> None:
    rule = Rule("r", Stage.ELIGIBILITY, "age > 3", on_unknown, default, AT)  # type: ignore[arg-type]
    (found,) = findings(rule_set([rule], TYPES))
    assert (found.code, found.position) == ("DEFAULT_TYPE", AT)
    assert part in found.message


def test_a_default_must_fit_every_attribute_the_rule_reads() -> None:
    rule = Rule("r", Stage.ELIGIBILITY, "age > 3 && is_vip", OnUnknown.DEFAULT, 3, AT)
    (found,) = findings(rule_set([rule], TYPES))
    assert "is_vip is of type bool" in found.message


def test_a_rule_id_is_unique_within_its_scope_and_stage() -> None:
    rules = [
        Rule("r", stage, "is_vip", position=AT) for stage in (Stage.ELIGIBILITY, Stage.SUITABILITY, Stage.ELIGIBILITY)
    ]
    (found,) = findings(rule_set(rules, TYPES))
    assert (found.code, found.position) == ("DUPLICATE_RULE", AT)
    assert "'r' is the id of another ELIGIBILITY rule of ACTION 'offer'" in found.message


@pytest.mark.parametrize(
    ("scopes", "code", "part"),
    [
        ((*BRANCH, offer("a"), offer("a")), "DUPLICATE_SCOPE", "2 ACTION 'a' scopes"),
        ((Scope(ScopeLevel.POLICY), Scope(ScopeLevel.POLICY)), "DUPLICATE_SCOPE", "2 POLICY scopes"),
        ((offer("a"),), "UNKNOWN_PARENT", "ACTION 'a' is declared below GROUP 'win_back', which does not exist"),
        ((Scope(ScopeLevel.ISSUE, "i", "x"),), "UNKNOWN_PARENT", "has the POLICY scope as parent"),
        ((Scope(ScopeLevel.POLICY, "p"),), "UNKNOWN_PARENT", "the empty id"),
        ((Scope(ScopeLevel.ISSUE, ""),), "BAD_NAME", "'' is no id"),
        ((Scope(ScopeLevel.ISSUE, "a\nb"),), "BAD_NAME", "is no id"),
        ((Scope(ScopeLevel.ISSUE, "i", attributes={"a": 1}),), "MISPLACED_ATTRIBUTES", "only an ACTION scope may"),
        ((*BRANCH, offer("a", constants={"A b": 1})), "BAD_NAME", "'action.A b'"),
        (
            (*BRANCH, offer("a", constants={"x": 1}), offer("b", constants={"x": "y"})),
            "CONSTANT_TYPE",
            "action.x has several types: int, string",
        ),
        (
            (*BRANCH, offer("a", constants={"x": ()}), offer("b", constants={"x": "y"})),
            "CONSTANT_TYPE",
            "list, string",
        ),
    ],
)
def test_a_tree_that_is_none_is_found(scopes: tuple[Scope, ...], code: str, part: str) -> None:
    (found,) = findings(RuleSet((), (), scopes))
    assert found.code == code
    assert part in found.message


def test_more_actions_than_allowed_are_refused() -> None:
    scopes = (*BRANCH, *(offer(f"a{index}") for index in range(10_001)))
    assert [each.code for each in findings(RuleSet((), (), scopes))] == ["LIMIT"]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["age", "age"], "DUPLICATE_ATTRIBUTE"),
        (["Age"], "BAD_NAME"),
        (["action.price"], "BAD_NAME"),
        (["context."], "BAD_NAME"),
        (["type"], "BAD_NAME"),
        (["in"], "BAD_NAME"),
    ],
)
def test_an_attribute_that_conditions_could_not_name_is_refused(names: list[str], code: str) -> None:
    attributes = tuple(AttributeDeclaration(name, AttributeType.INT) for name in names)
    assert [each.code for each in findings(RuleSet(attributes))] == [code]


def segment(name: str, when: str, line: int = 1) -> Segment:
    return Segment(name, when, position=SourcePosition("segments.yaml", line, 9))


def of_segments(*segments: Segment) -> tuple[Finding, ...]:
    return findings(RuleSet(declarations(TYPES), segments))


def test_segments_that_use_one_another_in_a_circle_are_found() -> None:
    found = of_segments(
        segment("a", "in_segment('b') && age > 1", 1),
        segment("b", "in_segment('c')", 2),
        segment("c", "in_segment('a') || is_vip", 3),
        segment("d", "in_segment('d')", 4),
    )
    assert [(each.code, each.position.line) for each in found] == [("SEGMENT_CYCLE", 3), ("SEGMENT_CYCLE", 4)]
    assert "a -> b -> c -> a" in found[0].message


def test_a_long_chain_of_segments_is_refused_whatever_its_order() -> None:
    chain = [segment("s0", "is_vip"), *(segment(f"s{n}", f"in_segment('s{n - 1}')") for n in range(1, 40))]
    assert {each.code for each in of_segments(*chain)} == {"LIMIT"}
    assert {each.code for each in of_segments(*reversed(chain))} == {"LIMIT"}
    assert of_segments(*chain[:32]) == ()


def test_a_segment_is_declared_once_and_has_a_name() -> None:
    found = of_segments(segment("a", "is_vip"), segment("a", "is_vip"), segment("A b", "is_vip"))
    assert [each.code for each in found] == ["DUPLICATE_SEGMENT", "BAD_NAME"]


def test_a_segment_reads_nothing_of_an_action() -> None:
    content = RuleSet(
        declarations(TYPES), (segment("a", "age > action.limit"),), (*BRANCH, offer("x", constants={"limit": 3}))
    )
    (found,) = findings(content)
    assert (found.code, found.position.column) == ("SEGMENT_READS_ACTION", 9 + 12)


def test_findings_of_every_kind_come_together() -> None:
    rules = [Rule("r", Stage.ELIGIBILITY, "agee > 1", position=AT), Rule("r", Stage.ELIGIBILITY, "age", position=AT)]
    content = rule_set(rules, TYPES, segments=[segment("a", "in_segment('a')")])
    assert {each.code for each in findings(content)} == {
        "UNKNOWN_ATTRIBUTE",
        "NOT_BOOL",
        "DUPLICATE_RULE",
        "SEGMENT_CYCLE",
    }


def test_a_sound_rule_set_has_no_findings() -> None:
    assert of_condition("age >= 18 && loyalty_tier in ['gold'] && days_since(last_purchase) > 30") == ()


def test_the_contract_lists_exactly_the_codes_there_are() -> None:
    code = re.compile(r"[A-Z]+_[A-Z_]+|LIMIT")
    sources = python_files("services/rules/domain", "shared/cel")
    written = {text for path in sources for text in strings(path) if code.fullmatch(text)}
    contract = (ROOT / "protos" / "tandem" / "rules" / "v1" / "rule_set.proto").read_text()
    comment = contract[contract.index("Stable and upper-case") : contract.index("string code")]
    others = {"EVALUATION_TOO_COSTLY", *(reason.value for reason in NoChange)}
    assert set(code.findall(comment)) == written - others
