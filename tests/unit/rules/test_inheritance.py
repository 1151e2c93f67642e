"""Rules are declared at four levels and inherited downwards; stages are checked in their order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.domain.evaluation import Explain
from services.rules.domain.finding_log import FindingLog
from services.rules.domain.rule_set import Rule, RuleSet, Scope, ScopeLevel, Stage
from services.rules.domain.scope_tree import Action, read_scopes
from services.rules.domain.written import OnUnknown
from shared.values import NOT_FOUND, AttributeType, Feature, present
from tests.support.rules import NOW_MS, compiled, declarations, evaluate, library_verdict

TYPES = dict.fromkeys(("a", "b", "c", "d"), AttributeType.INT)
ELIGIBILITY, SUPPRESSION = Stage.ELIGIBILITY, Stage.SUPPRESSION


def tree(
    *,
    policy: tuple[Rule, ...] = (),
    issue: tuple[Rule, ...] = (),
    group: tuple[Rule, ...] = (),
    action: tuple[Rule, ...] = (),
) -> RuleSet:
    """Two issues with one group each; the rules are those of the first branch. Actions x and y, and z on the other."""
    return RuleSet(
        declarations(TYPES),
        (),
        (
            Scope(ScopeLevel.ACTION, "x", "g1", rules=action),
            Scope(ScopeLevel.GROUP, "g1", "i1", rules=group),
            Scope(ScopeLevel.ISSUE, "i1", rules=issue),
            Scope(ScopeLevel.ACTION, "y", "g1"),
            Scope(ScopeLevel.ISSUE, "i2"),
            Scope(ScopeLevel.GROUP, "g2", "i2"),
            Scope(ScopeLevel.ACTION, "z", "g2"),
            Scope(ScopeLevel.POLICY, rules=policy),
        ),
    )


def test_a_rule_drops_all_actions_below_its_scope_and_no_other() -> None:
    never = (Rule("never", ELIGIBILITY, "false"),)
    assert evaluate(tree(policy=never), {}).eligible_actions == []
    assert evaluate(tree(issue=never), {}).eligible_actions == ["z"]
    assert evaluate(tree(group=never), {}).eligible_actions == ["z"]
    assert evaluate(tree(action=never), {}).eligible_actions == ["y", "z"]


def test_actions_come_in_the_order_of_their_scopes() -> None:
    assert compiled(tree()).actions == ("x", "y", "z")


def test_a_rule_set_without_actions_answers_nothing() -> None:
    answer = evaluate(RuleSet(), {})
    assert (answer.eligible_actions, sum(answer.dropped_by_stage.values())) == ([], 0)


def test_an_action_falls_at_its_earliest_failing_stage_whatever_the_level() -> None:
    content = tree(
        policy=(Rule("suitable", Stage.SUITABILITY, "a > 0"),),
        issue=(Rule("applicable", Stage.APPLICABILITY, "b > 0"),),
        action=(Rule("eligible", ELIGIBILITY, "c > 0"), Rule("suppressed", SUPPRESSION, "d > 0")),
    )
    facts = {name: present(0) for name in TYPES}
    answer = evaluate(content, facts)
    assert {each.action: each.rule_id for each in answer.dropped} == {
        "x": "eligible",
        "y": "applicable",
        "z": "suitable",
    }
    assert dict(answer.dropped_by_stage) == {
        SUPPRESSION: 0,
        ELIGIBILITY: 1,
        Stage.APPLICABILITY: 1,
        Stage.SUITABILITY: 1,
    }
    assert evaluate(content, {**facts, "d": present(1)}).dropped_by_stage[SUPPRESSION] == 1


def test_of_two_failing_rules_of_a_stage_the_inherited_one_is_named() -> None:
    content = tree(
        policy=(Rule("first", ELIGIBILITY, "a > 0", OnUnknown.PASS),),
        group=(Rule("second", ELIGIBILITY, "b > 0"),),
        action=(Rule("third", ELIGIBILITY, "c > 0"),),
    )
    assert evaluate(content, {}).dropped[0].rule_id == "second"
    assert evaluate(content, {"a": present(0)}).dropped[0].rule_id == "first"


def test_a_condition_of_a_higher_level_reads_the_constants_of_each_action() -> None:
    policy = (Rule("affordable", ELIGIBILITY, "a >= action.price && action.group == 'g' && action.id != action.issue"),)
    offers = tuple(Scope(ScopeLevel.ACTION, f"o{price}", "g", attributes={"price": price}) for price in (10, 20, 30))
    branch = (Scope(ScopeLevel.POLICY, rules=policy), Scope(ScopeLevel.ISSUE, "i"), Scope(ScopeLevel.GROUP, "g", "i"))
    content = RuleSet(declarations(TYPES), (), (*branch, *offers))
    assert evaluate(content, {"a": present(20)}).eligible_actions == ["o10", "o20"]
    assert evaluate(content, {}).eligible_actions == []


# --- against a naive reference: every rule of every action by itself, by the library -------------------------------

CONDITIONS = [
    "a > 1",
    "b > 1",
    "a > 1 && b > 1",
    "a > 1 || b > 1",
    "!(a > 1)",
    "!(a > 1 && !(b > 1 || c > 1))",
    "(a > 1 || b > 1) && !(c > 1) && d > 1",
    "a + b > 2",
    "c > 1 || a + b > 2",
    "a < action.rank",
    "1 / d > 0",
    "a in [0, 2] || b == action.rank",
]
RULES = st.builds(
    Rule,
    rule_id=st.uuids().map(str),
    stage=st.sampled_from(Stage),
    when=st.sampled_from(CONDITIONS),
    on_unknown=st.sampled_from([OnUnknown.FAIL, OnUnknown.PASS]),
)
RULE_LISTS = st.lists(RULES, max_size=3).map(tuple)
VALUES = st.one_of(st.integers(0, 2).map(present), st.just(NOT_FOUND))


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    groups = [Scope(ScopeLevel.GROUP, f"g{index}", "i", rules=draw(RULE_LISTS)) for index in range(2)]
    actions = [
        Scope(ScopeLevel.ACTION, f"a{index}", f"g{index % 2}", rules=draw(RULE_LISTS), attributes={"rank": index % 3})
        for index in range(draw(st.integers(1, 5)))
    ]
    top = [Scope(ScopeLevel.POLICY, rules=draw(RULE_LISTS)), Scope(ScopeLevel.ISSUE, "i", rules=draw(RULE_LISTS))]
    return RuleSet(declarations(TYPES), (), (*top, *groups, *actions))


def drops(rule: Rule, action: Action, facts: dict[str, Feature]) -> bool:
    own = {name.removeprefix("action."): value for name, value in action.constants.items()}
    verdict = library_verdict(rule.when, TYPES, facts, own)
    if verdict is None:
        return rule.on_unknown is OnUnknown.FAIL
    return verdict == (rule.stage is SUPPRESSION)


@settings(max_examples=60)
@given(content=rule_sets(), facts=st.fixed_dictionaries(dict.fromkeys(TYPES, VALUES)))
def test_the_index_drops_what_the_rules_one_by_one_drop(content: RuleSet, facts: dict[str, Feature]) -> None:
    answer = compiled(content).evaluate(facts, NOW_MS, Explain.REASONS)
    expected = {}
    for action in read_scopes(content, FindingLog()):
        failing = [
            rule for stage in Stage for rule in action.rules if rule.stage is stage and drops(rule, action, facts)
        ]
        if failing:
            expected[action.name] = (failing[0].stage, failing[0].rule_id)
    assert {each.action: (each.stage, each.rule_id) for each in answer.dropped} == expected
    assert set(answer.eligible_actions) == set(answer.actions) - set(expected)
    counts = {stage: sum(of is stage for of, _ in expected.values()) for stage in Stage}
    assert dict(answer.dropped_by_stage) == counts
