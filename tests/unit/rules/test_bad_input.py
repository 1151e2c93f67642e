"""What would take the service down is refused when it is written: where it stands, with the limit it breaks."""

from __future__ import annotations

import time

import pytest

from services.rules.domain.evaluation import Explain
from services.rules.domain.rule_set import Rule, RuleSet, Scope, ScopeLevel, Segment, Stage
from services.rules.domain.written import SourcePosition
from shared.cel.problems import Severity
from shared.errors import ResourceExhausted
from shared.values import AttributeType, present
from tests.support.rules import BRANCH, NOW_MS, compiled, declarations, findings, offer, rule_set

TYPES = {
    "age": AttributeType.INT,
    "page": AttributeType.STRING,
    "pattern": AttributeType.STRING,
    "sizes": AttributeType.INT_LIST,
}
AT = SourcePosition("actions.yaml", 12, 20)
LARGE = "[" + ", ".join(map(str, range(100_000))) + "]"


@pytest.mark.parametrize(
    ("when", "code", "column", "part"),
    [
        ("page.matches('" + "(a{1000}){1000}" * 3 + "')", "LIMIT", 33, "10000 are allowed"),
        ("page.matches('((a{100}){100}){100}')", "LIMIT", 33, "10000 are allowed"),
        ("age > 1" + " || age > 1" * 100_000, "LIMIT", 20, "65536 are allowed"),
        ("age == 1 //" + "x" * 1_000_000, "LIMIT", 20, "65536 are allowed"),
        ("(" * 1_000 + "age > 1" + ")" * 1_000, "LIMIT", 20, "nested more than 32 deep"),
        ("!(" * 1_000 + "age > 1" + ")" * 1_000, "LIMIT", 20, "nested more than 32 deep"),
        ("size(" * 1_000 + "page" + ")" * 1_000 + " > 1", "LIMIT", 20, "nested more than 32 deep"),
        (f"age in {LARGE}", "LIMIT", 20, "65536 are allowed"),
        ("age in [" + "1," * 20_000 + "1]", "LIMIT", 27, "10000 are allowed"),
        ("age > 9223372036854775808", "CEL_SYNTAX", 26, "invalid int literal"),
        ("age > -9223372036854775809", "CEL_SYNTAX", 26, "invalid int literal"),
        ("sizes.all(a, sizes.all(b, sizes.all(c, a + b > c)))", "LIMIT", 20, "3 comprehensions"),
    ],
)
def test_a_hostile_condition_is_refused_where_it_stands(when: str, code: str, column: int, part: str) -> None:
    began = time.monotonic()
    (found,) = findings(rule_set([Rule("r", Stage.ELIGIBILITY, when, position=AT)], TYPES))
    assert (found.code, found.severity, found.position) == (code, Severity.ERROR, SourcePosition(AT.file, 12, column))
    assert part in found.message
    assert time.monotonic() - began < 20, "refusing takes no longer than accepting"


def test_an_overflow_of_constants_is_refused_and_one_of_facts_is_unknown() -> None:
    when = "age + 1 > 3 || 9223372036854775807 + 1 > 0"
    (found,) = findings(rule_set([Rule("r", Stage.ELIGIBILITY, when, position=AT)], TYPES))
    assert (found.code, found.severity, found.position.column) == ("ALWAYS_FAILS", Severity.ERROR, 59)
    policy = compiled(rule_set([Rule("r", Stage.ELIGIBILITY, "age + 1 > 0", position=AT)], TYPES))
    assert policy.evaluate({"age": present(2**63 - 1)}, NOW_MS, Explain.NONE).eligible_actions == []


def test_segments_in_a_circle_are_refused_at_the_one_that_closes_it() -> None:
    names = [f"s{place}" for place in range(6)]
    circle = [
        Segment(name, f"in_segment('{after}')", position=SourcePosition("segments.yaml", line, 9))
        for line, (name, after) in enumerate(zip(names, names[1:] + names[:1], strict=True), 1)
    ]
    (found,) = findings(RuleSet((), tuple(circle)))
    assert (found.code, found.position) == ("SEGMENT_CYCLE", SourcePosition("segments.yaml", 6, 9))


@pytest.mark.parametrize("name", ["", "a\nb", "\0", "x" * 129, "\u200b", "a\tb"])
@pytest.mark.parametrize("level", [ScopeLevel.ACTION, ScopeLevel.TREATMENT, ScopeLevel.CHANNEL])
def test_an_id_that_is_none_is_refused_where_its_rules_stand(level: ScopeLevel, name: str) -> None:
    rules = (Rule("r", Stage.ELIGIBILITY, "age > 3", position=AT),)
    parents = {ScopeLevel.ACTION: "win_back", ScopeLevel.TREATMENT: "one"}
    channel = "A" if level is ScopeLevel.TREATMENT else ""
    scope = Scope(level, name, parents.get(level, ""), rules, channel=channel)
    (found,) = findings(RuleSet(declarations(TYPES), (), (*BRANCH, offer("one"), scope)))
    assert (found.code, found.position) == ("BAD_NAME", AT)


def test_a_pattern_that_comes_with_the_facts_is_unknown_or_bounded() -> None:
    policy = compiled(rule_set([Rule("r", Stage.ELIGIBILITY, "page.matches(pattern)")], TYPES))
    began = time.process_time()
    for pattern in ("(a{1000}){1000}", "(a*)*b", "(" * 5_000, "((a{100}){100}){100}", "(x+x+)+y"):
        facts = {"page": present("a" * 5_000), "pattern": present(pattern)}
        try:
            assert policy.evaluate(facts, NOW_MS, Explain.NONE).eligible_actions == []
        except ResourceExhausted as refused:
            assert refused.reason == "EVALUATION_TOO_COSTLY"  # noqa: PT017 - both ends are good
    assert time.process_time() - began < 5
