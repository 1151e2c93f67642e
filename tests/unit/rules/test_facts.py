"""What the values of a call mean: typed by declaration, known or unknown by status."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.rules.domain.rule_set import Rule, Stage
from shared.errors import InvalidArgument
from shared.values import AttributeType, Feature, FeatureStatus, Value, present
from tests.support.rules import evaluate, rule_set

TYPES = {
    "age": AttributeType.INT,
    "margin": AttributeType.DOUBLE,
    "tier": AttributeType.STRING,
    "brands": AttributeType.STRING_LIST,
    "context.weather": AttributeType.STRING,
}


def is_kept(when: str, **facts: Feature) -> bool:
    named = {name.replace("context_", "context."): fact for name, fact in facts.items()}
    return len(evaluate(rule_set([Rule("r", Stage.ELIGIBILITY, when)], TYPES), named).eligible) == 1


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("age", "18", "a int, not a string"),
        ("age", 18.0, "a int, not a double"),
        ("age", True, "a int, not a bool"),
        ("tier", 3, "a string, not a int"),
        ("tier", ("gold",), "a string, not a list<string>"),
        ("brands", "nike", "a list<string>, not a string"),
        ("brands", ("nike", 3), "a string, not a int"),
        ("margin", datetime(2026, 1, 1), "a double, not a timestamp"),  # noqa: DTZ001
    ],
)
def test_a_value_of_another_type_is_refused_by_name(name: str, value: Value, expected: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        is_kept("age > 3", **{name: present(value)})
    (violation,) = refused.value.violations
    assert (violation.field, violation.description) == (f'attributes["{name}"]', f"must be {expected}")


def test_an_int_is_a_double_where_a_double_is_declared() -> None:
    assert is_kept("margin == 2.0", margin=present(2))
    assert is_kept("margin * 2.0 == 4.0", margin=present(2))


def test_a_name_nobody_declared_is_ignored() -> None:
    assert is_kept("age > 3", age=present(4), shoe_size=present("forty"))


def test_a_stale_value_is_unknown_whatever_it_is() -> None:
    assert not is_kept("age > 3", age=Feature(4, FeatureStatus.STALE))


def test_the_context_of_the_request_has_dotted_names() -> None:
    assert is_kept("context.weather == 'rain'", context_weather=present("rain"))


def test_an_expression_of_the_library_holds_a_string_with_a_zero_character_for_unknown() -> None:
    assert is_kept('tier == "gold\\x00"', tier=present("gold\0"))
    assert is_kept('tier != "gold"', tier=present("gold\0"))
    assert not is_kept('tier + "" == "gold"', tier=present("gold\0"))
    assert not is_kept('brands.exists(b, b == "gold")', brands=present(("gold\0",)))
