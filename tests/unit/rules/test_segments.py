"""Segments: the subject's memberships, and segments inside whatever CEL can say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from services.rules.domain.evaluation import Explain
from services.rules.domain.rule_set import Rule, RuleSet, Segment, Stage
from services.rules.domain.written import OnUnknown
from shared.values import AttributeType, Feature, present
from tests.support.rules import NOW_MS, compiled, declarations, evaluate, rule_set

TYPES = {"age": AttributeType.INT, "visits": AttributeType.INT, "brands": AttributeType.STRING_LIST}
SEGMENTS = (
    Segment("chosen", "in_segment('grown') ? visits > 3 : in_segment('loyal')"),
    Segment("grown", "age >= 18"),
    Segment("loyal", "brands.exists(b, b.startsWith('n')) && visits + 1 > 3", OnUnknown.PASS),
    Segment("young", "!in_segment('grown')"),
)


def memberships(**facts: int | tuple[str, ...]) -> tuple[str, ...]:
    known = {name: present(value) for name, value in facts.items()}
    return evaluate(RuleSet(declarations(TYPES), SEGMENTS), known).segments


def test_the_subject_is_in_the_segments_whose_conditions_hold() -> None:
    assert memberships(age=20, visits=4, brands=("nike",)) == ("chosen", "grown", "loyal")
    assert memberships(age=17, visits=9, brands=("nike",)) == ("chosen", "loyal", "young")
    assert memberships(age=17, visits=1, brands=("asics",)) == ("young",)


def test_each_segment_says_what_unknown_means() -> None:
    assert memberships() == ("chosen", "loyal", "young")


def test_a_rule_may_use_a_segment_anywhere() -> None:
    when = "(in_segment('grown') ? 2 : 1) + (in_segment('young') ? 20 : 10) == visits"
    content = rule_set([Rule("r", Stage.ELIGIBILITY, when)], TYPES, segments=SEGMENTS)
    for age, visits in ((20, 12), (10, 21)):
        assert evaluate(content, {"age": present(age), "visits": present(visits)}).eligible_actions == ["offer"]
        assert evaluate(content, {"age": present(age), "visits": present(0)}).eligible_actions == []


def test_a_compiled_rule_set_is_shared_by_threads() -> None:
    policy = compiled(rule_set([Rule("r", Stage.ELIGIBILITY, "in_segment('chosen')")], TYPES, segments=SEGMENTS))

    def is_kept(visits: int) -> bool:
        facts: dict[str, Feature] = {"age": present(20), "visits": present(visits)}
        return len(policy.evaluate(facts, NOW_MS, Explain.FULL).eligible) == 1

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(is_kept, [index % 8 for index in range(800)])) == [
            index % 8 > 3 for index in range(800)
        ]
