"""What a condition demands of an index: never less than everybody for whom it can be true."""

from __future__ import annotations

import pytest

from services.profile.domain.attribute_index import MAX_KEY_CHARS, IndexTest, key_of
from services.profile.domain.compiled_schema import compile_schema
from services.profile.domain.schema import TraitDeclaration, TraitSchema
from services.profile.domain.search_condition import compile_condition
from shared.clock import to_datetime
from shared.values import NOT_FOUND, AttributeType, Feature, FeatureStatus, Value, present

SCHEMA = compile_schema(
    TraitSchema(
        traits=tuple(
            TraitDeclaration(name, kind, indexed=name != "free")
            for name, kind in {
                "tier": AttributeType.STRING,
                "age": AttributeType.INT,
                "score": AttributeType.DOUBLE,
                "is_member": AttributeType.BOOL,
                "born": AttributeType.TIMESTAMP,
                "free": AttributeType.STRING,
            }.items()
        )
    ),
    "v",
)


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        ("tier == 'gold'", IndexTest("tier", ("gold",))),
        ("'gold' == tier", IndexTest("tier", ("gold",))),
        ("tier in ['a', 'b', 'a']", IndexTest("tier", ("a", "b"))),
        ("is_member", IndexTest("is_member", (True,))),
        ("!is_member", IndexTest("is_member", (False,))),
        ("age >= 3", IndexTest("age", None, low=3)),
        ("3 < age && age <= 9 && age < 7", IndexTest("age", None, low=3, high=7)),
        ("age > -3", IndexTest("age", None, low=-3)),
        ("score < 0.5", IndexTest("score", None, high=0.5)),
        ("age > 3 && (free == 'x' || true) && tier == 'gold'", IndexTest("tier", ("gold",))),
        ("age > 3 && score > 0.5", IndexTest("age", None, low=3)),
        ("born >= timestamp('1970-01-01T00:00:01Z')", IndexTest("born", None, low=1_000)),
        (f"tier == '{'x' * 200}'", IndexTest("tier", ("x" * MAX_KEY_CHARS,))),
        ("free == 'gold'", None),
        ("tier != 'gold'", None),
        ("tier == 'gold' || age == 3", None),
        ("!(tier == 'gold')", None),
        ("tier == free", None),
        ("age + 1 == 3", None),
        ("tier.startsWith('g')", None),
        ("[1, 2].exists(x, x == age)", None),
        ("tier == 'gold' ? true : false", None),
        ("now() > born", None),
    ],
)
def test_index_is_asked_for_what_must_be_so(condition: str, test: IndexTest | None) -> None:
    assert compile_condition(condition, SCHEMA, "condition").index_test == test


@pytest.mark.parametrize("pair", [("a" * 500, "b"), ("a" * 500, "a" * 501), (3, 4), (0.1, 0.2), (False, True)])
def test_greater_values_never_have_smaller_keys(pair: tuple[Value, Value]) -> None:
    smaller, greater = map(key_of, pair)
    assert smaller is not None
    assert greater is not None
    assert smaller <= greater  # type: ignore[operator]


@pytest.mark.parametrize(
    ("tier", "age", "holds"),
    [
        (present("gold"), present(3), True),
        (present("gold"), NOT_FOUND, True),
        (present("silver"), present(50), True),
        (present("silver"), NOT_FOUND, False),
        (Feature("gold", FeatureStatus.STALE), NOT_FOUND, False),
        (present(None), present(3), False),
        (present("a\0b"), present(50), True),
        (present("a\0b"), present(3), False),
    ],
)
def test_what_has_no_value_is_unknown(tier: Feature, age: Feature, holds: bool) -> None:
    condition = compile_condition("tier == 'gold' || age > 40", SCHEMA, "condition")
    assert condition.holds({"tier": tier, "age": age}, 0) is holds


def test_now_is_the_moment_of_the_reading() -> None:
    condition = compile_condition("days_since(born) == 2", SCHEMA, "condition")
    features = {"born": present(to_datetime(0))}
    assert condition.holds(features, 2 * 86_400_000)
    assert not condition.holds(features, 3 * 86_400_000)
