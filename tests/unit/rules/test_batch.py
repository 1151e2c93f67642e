"""Many subjects together get the answers that each of them gets alone, errors included."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rules.domain.evaluation import EngagementPolicy, Evaluation, Explain
from services.rules.domain.rule_set import NumberExpression, Rule, RuleSet, Scope, ScopeLevel, Segment, Stage
from services.rules.domain.written import OnUnknown
from shared.errors import InvalidArgument, ResourceExhausted, TandemError
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.rules import NOW_MS, NOW_TIME, compiled, declarations, rule_set

TYPES = {
    "age": AttributeType.INT,
    "margin": AttributeType.DOUBLE,
    "tier": AttributeType.STRING,
    "vip": AttributeType.BOOL,
    "seen": AttributeType.TIMESTAMP,
    "brands": AttributeType.STRING_LIST,
    "sizes": AttributeType.INT_LIST,
}
VALUES: dict[str, list[Value]] = {
    "age": [0, 1, 2, 3, 18],
    "margin": [-0.0, 0.0, 0.5, 2.5],
    "tier": ["", "a", "ab", "b"],
    "vip": [True, False],
    "seen": [NOW_TIME, NOW_TIME.replace(day=1), NOW_TIME.replace(month=1)],
    "brands": [(), ("a",), ("a", "b"), ("b", "c", "b")],
    "sizes": [(), (1, 2), (3,)],
}
CONDITIONS = [
    "age > 1",
    "age >= action.rank",
    "age == 3 || tier == 'a'",
    "!(age < 2 && margin > 0.0)",
    "margin in [0.0, 2.5]",
    "tier != 'b'",
    "tier.startsWith('a')",
    "tier.endsWith('b')",
    "tier.contains('b') || vip",
    "vip",
    "days_since(seen) > 10",
    "seen < now()",
    "now() > timestamp('2020-01-01T00:00:00Z')",
    "size(brands) == 2",
    "'b' in brands",
    "'a' in brands && !('c' in brands)",
    "sizes.exists(s, s == age)",
    "1 / age > 0",
    "in_segment('young')",
    "!in_segment('rich') || age + 1 > 3",
    "in_segment('young') == vip",
    "true",
]
RULES = st.builds(
    Rule,
    st.uuids().map(str),
    st.sampled_from(Stage),
    st.sampled_from(CONDITIONS),
    st.sampled_from([OnUnknown.FAIL, OnUnknown.PASS]),
)
DEFAULTS = st.builds(
    Rule,
    st.uuids().map(str),
    st.sampled_from(Stage),
    st.sampled_from(["age > 1", "age + 1 == 3", "age in [0, 3]"]),
    st.just(OnUnknown.DEFAULT),
    st.sampled_from([0, 3]),
)
RULE_LISTS = st.lists(st.one_of(RULES, RULES, DEFAULTS), max_size=4).map(tuple)
SEGMENTS = (
    Segment("young", "age < 3", OnUnknown.PASS),
    Segment("rich", "margin > 0.1 && in_segment('young')"),
)


def features(name: str) -> st.SearchStrategy[Feature]:
    known = st.sampled_from(VALUES[name]).map(present)
    stale = st.sampled_from(VALUES[name]).map(lambda value: Feature(value, FeatureStatus.STALE))
    return st.one_of(known, known, known, stale, st.sampled_from([NOT_FOUND, NULL, present("wrong")]))


SUBJECTS = st.lists(st.fixed_dictionaries({name: features(name) for name in TYPES}), min_size=4, max_size=20)


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    number = NumberExpression("value", draw(st.sampled_from(["margin * 2.0", "age + size(sizes)", "action.rank"])))
    actions = [
        Scope(ScopeLevel.ACTION, f"a{place}", "g", draw(RULE_LISTS), attributes={"rank": place % 3})
        for place in range(draw(st.integers(1, 5)))
    ]
    treatments = [
        Scope(ScopeLevel.TREATMENT, f"{action.scope_id}.{place}", action.scope_id, draw(RULE_LISTS), channel="WEB")
        for action in actions
        for place in range(draw(st.integers(0, 2)))
    ]
    top = [
        Scope(ScopeLevel.POLICY, rules=draw(RULE_LISTS), numbers=(number,)),
        Scope(ScopeLevel.ISSUE, "i"),
        Scope(ScopeLevel.GROUP, "g", "i", rules=draw(RULE_LISTS)),
        Scope(ScopeLevel.CHANNEL, "WEB", rules=draw(RULE_LISTS)),
    ]
    return RuleSet(declarations(TYPES), SEGMENTS, (*top, *actions, *treatments))


def alone(policy: EngagementPolicy, facts: dict[str, Feature]) -> Evaluation | TandemError:
    try:
        return policy.evaluate(facts, NOW_MS, Explain.NONE)
    except TandemError as refused:
        return refused


def assert_same(outcomes: Sequence[Evaluation | TandemError], expected: Sequence[Evaluation | TandemError]) -> None:
    assert [described(each) for each in outcomes] == [described(each) for each in expected]


def described(outcome: Evaluation | TandemError) -> object:
    if isinstance(outcome, TandemError):
        return type(outcome), outcome.reason, outcome.message, outcome.violations
    numbers = {name: values.tobytes() for name, values in outcome.numbers.items()}
    return outcome.eligible_actions, numbers, dict(outcome.dropped_by_stage), outcome.dropped_treatments


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(content=rule_sets(), subjects=SUBJECTS)
def test_together_as_alone(content: RuleSet, subjects: list[dict[str, Feature]]) -> None:
    policy = compiled(content)
    assert_same(policy.evaluate_batch(subjects, NOW_MS, Explain.NONE), [alone(policy, each) for each in subjects])


def test_reasons_come_with_a_batch_as_they_come_alone() -> None:
    policy = compiled(rule_set([Rule("adult", Stage.ELIGIBILITY, "age >= 18")], TYPES))
    outcomes = policy.evaluate_batch([{"age": present(age)} for age in range(15, 20)], NOW_MS, Explain.REASONS)
    observed = [[each.observed for each in outcome.dropped] for outcome in outcomes if isinstance(outcome, Evaluation)]
    assert observed == [[15], [16], [17], [], []]


def test_a_subject_that_is_refused_does_not_touch_the_others() -> None:
    policy = compiled(rule_set([Rule("costly", Stage.ELIGIBILITY, "sizes.exists(s, s + 1 in sizes)")], TYPES))
    few, many = {"sizes": present((1, 2))}, {"sizes": present(tuple(range(0, 8_000, 2)))}
    outcomes = policy.evaluate_batch([few, many, {"sizes": present("x")}, few, {}], NOW_MS, Explain.NONE)
    kinds = [each.eligible_actions if isinstance(each, Evaluation) else type(each) for each in outcomes]
    assert kinds == [["offer"], ResourceExhausted, InvalidArgument, ["offer"], []]


def test_many_subjects_keep_their_order() -> None:
    policy = compiled(rule_set([Rule("adult", Stage.ELIGIBILITY, "age % 3 == 0 && age != 6 || age == 7")], TYPES))
    outcomes = policy.evaluate_batch([{"age": present(age)} for age in range(500)], NOW_MS, Explain.NONE)
    kept = [isinstance(each, Evaluation) and len(each.eligible) == 1 for each in outcomes]
    assert kept == [age == 7 or (age % 3 == 0 and age != 6) for age in range(500)]


def test_nobody_gets_no_answers() -> None:
    assert list(compiled(RuleSet()).evaluate_batch([], NOW_MS, Explain.NONE)) == []
    assert len(compiled(RuleSet()).evaluate_batch([{}] * 9, NOW_MS, Explain.NONE)) == 9
