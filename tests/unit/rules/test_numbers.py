"""Numbers of the actions: constants, arithmetic over all actions at once, and whatever else CEL computes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.domain.evaluation import Evaluation
from services.rules.domain.rule_set import NumberExpression, Rule, RuleSet, Scope, ScopeLevel, Stage
from shared.cel.library import CelEnvironment
from shared.values import NOT_FOUND, AttributeType, Feature, Value, present
from tests.support.rules import declarations, evaluate

TYPES = {
    "margin": AttributeType.DOUBLE,
    "rate": AttributeType.DOUBLE,
    "age": AttributeType.INT,
    "tier": AttributeType.STRING,
    "is_vip": AttributeType.BOOL,
}
FACTS: dict[str, Feature] = {"margin": present(8.0), "rate": present(0.5), "age": present(20), "tier": present("gold")}


def number(expression: str, name: str = "business_value") -> tuple[NumberExpression, ...]:
    return (NumberExpression(name, expression),)


def policy(*actions: Scope, numbers: tuple[NumberExpression, ...] = ()) -> RuleSet:
    branch = (
        Scope(ScopeLevel.POLICY, numbers=numbers),
        Scope(ScopeLevel.ISSUE, "i"),
        Scope(ScopeLevel.GROUP, "g", "i"),
    )
    return RuleSet(declarations(TYPES), (), (*branch, *actions))


def action(name: str = "x", numbers: tuple[NumberExpression, ...] = (), **constants: Value) -> Scope:
    return Scope(ScopeLevel.ACTION, name, "g", numbers=numbers, attributes=constants)


def values(answer: Evaluation, name: str = "business_value") -> list[float]:
    return [float(each) for each in answer.numbers[name]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("4.5", 4.5),
        ("4", 4.0),
        ("2 + 3", 5.0),
        ("margin * 0.4", 3.2),
        ("age", 20.0),
        ("-margin", -8.0),
        ("margin * rate - 1.0", 3.0),
        ("margin / rate", 16.0),
        ("double(age) * rate", 10.0),
        ("age * 2", 40.0),
        ("tier == 'gold' ? margin : 0.0", 8.0),
        ("size(tier)", 4.0),
        ("margin * action.weight", 20.0),
        ("action.weight", 2.5),
        ("action.weight * 2.0", 5.0),
        ("action.stock + age", 27.0),
        ("action.stock * 2", 14.0),
    ],
)
def test_an_expression_has_the_value_that_cel_gives_it(expression: str, expected: float) -> None:
    content = policy(action(numbers=number(expression), weight=2.5, stock=7))
    assert values(evaluate(content, FACTS)) == [pytest.approx(expected)]


@pytest.mark.parametrize(
    "expression", ["margin * 0.4", "age", "age * 2", "is_vip ? margin : 1.0", "action.weight * margin"]
)
def test_a_number_that_reads_an_unknown_attribute_is_nan(expression: str) -> None:
    content = policy(action(numbers=number(expression), weight=2.5))
    (value,) = values(evaluate(content, {}))
    assert math.isnan(value)


@pytest.mark.parametrize(
    "expression",
    ["age / 0", "margin / 0.0", "margin * 1e308 * 1e308", "0.0 / 0.0", "9223372036854775807 + age", "1e400"],
)
def test_a_number_that_fails_or_is_not_finite_is_nan(expression: str) -> None:
    (value,) = values(evaluate(policy(action(numbers=number(expression))), FACTS))
    assert math.isnan(value)


def test_the_nearest_level_wins_and_an_action_without_the_number_has_nan() -> None:
    near = policy(action("x", number("1.0")), action("y"), numbers=number("2.0"))
    assert values(evaluate(near, {})) == [1.0, 2.0]
    lone = policy(action("x", number("1.0")), action("y"))
    assert np.array_equal(values(evaluate(lone, {})), [1.0, math.nan], equal_nan=True)


def test_numbers_come_for_the_survivors_in_their_order() -> None:
    adult = Rule("r", Stage.ELIGIBILITY, "age >= action.minimum")
    top = (Scope(ScopeLevel.POLICY, rules=(adult,), numbers=number("margin * action.weight")),)
    offers = [action(f"o{index}", weight=float(index), minimum=index * 10) for index in (0, 3, 1)]
    branch = (Scope(ScopeLevel.ISSUE, "i"), Scope(ScopeLevel.GROUP, "g", "i"))
    answer = evaluate(RuleSet(declarations(TYPES), (), (*top, *branch, *offers)), FACTS)
    assert answer.eligible_actions == ["o0", "o1"]
    assert values(answer) == [0.0, 8.0]


def test_actions_that_lack_a_constant_have_nan() -> None:
    content = policy(action("x", weight=2.0), action("y"), numbers=number("margin * action.weight"))
    assert np.array_equal(values(evaluate(content, FACTS)), [16.0, math.nan], equal_nan=True)


def test_several_numbers_are_several_columns() -> None:
    content = policy(action(numbers=(*number("1.0"), *number("rate", "context_weight"))))
    answer = evaluate(content, FACTS)
    assert (values(answer), values(answer, "context_weight")) == ([1.0], [0.5])


def test_a_compiled_number_cannot_be_changed_by_its_reader() -> None:
    content = policy(action(numbers=number("1.0")))
    answer = evaluate(content, {})
    answer.numbers["business_value"][:] = 9.0
    assert values(evaluate(content, {})) == [1.0]


DOUBLES = st.one_of(
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324]), st.floats(allow_nan=False, allow_infinity=False)
)
FORMULAS = st.recursive(
    st.sampled_from(["margin", "rate", "action.weight", "1.5", "-0.0", "double(age)", "1e308"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"(-({text}))"),
    ),
    max_leaves=6,
)


@given(
    formula=FORMULAS,
    facts=st.fixed_dictionaries(
        {
            "margin": st.one_of(DOUBLES.map(present), st.just(NOT_FOUND)),
            "rate": DOUBLES.map(present),
            "age": st.integers(-(2**63), 2**63 - 1).map(present),
        }
    ),
    weight=DOUBLES,
)
@settings(max_examples=100)
def test_arithmetic_over_all_actions_is_that_of_the_library(
    formula: str, facts: dict[str, Feature], weight: float
) -> None:
    (value,) = values(evaluate(policy(action(numbers=number(formula), weight=weight)), facts))
    environment = CelEnvironment(TYPES | {"action.weight": AttributeType.DOUBLE})
    checked = environment.check(formula)
    assert not isinstance(checked, tuple)
    known = {name: feature.value for name, feature in facts.items() if feature.is_known}
    outcome = checked.program(checked.root, {"action.weight": weight}).run(environment.activation(known))
    expected = outcome if isinstance(outcome, float) and math.isfinite(outcome) else math.nan
    assert np.array_equal([value], [expected], equal_nan=True)
