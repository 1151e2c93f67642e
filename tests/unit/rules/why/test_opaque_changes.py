"""What is proposed where a rule reads attributes in expressions that cannot be turned round, and what is said of it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.rules.domain.evaluation import EngagementPolicy, Evaluation, Explain
from services.rules.domain.rule_set import Rule, RuleSet, Stage
from services.rules.domain.why import smallest_change
from services.rules.domain.why.change import NoChange, SmallestChange
from services.rules.domain.why.distance import distance
from shared.clock import to_ms
from shared.values import NOT_FOUND, AttributeType, Feature, Value, present
from tests.support.rules import BRANCH, NOW_MS, NOW_TIME, compiled, declarations, offer, rule_set

TYPES = {
    "a": AttributeType.INT,
    "b": AttributeType.INT,
    "spend": AttributeType.DOUBLE,
    "seen": AttributeType.TIMESTAMP,
    "brands": AttributeType.STRING_LIST,
    "city": AttributeType.STRING,
}
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
MONDAY = datetime(2026, 9, 21, 13, 5, tzinfo=UTC)


def policy_of(*rules: str) -> EngagementPolicy:
    return compiled(rule_set([Rule(f"r{at}", Stage.ELIGIBILITY, each) for at, each in enumerate(rules)], TYPES))


def found(*rules: str, **held: Value) -> SmallestChange:
    """The answer, checked by evaluating it again."""
    policy, facts = policy_of(*rules), {name: present(value) for name, value in held.items()}
    (dropped,) = policy.evaluate(facts, NOW_MS, Explain.FULL).dropped
    change = dropped.smallest_change
    assert change is not None
    if change.changes:
        needed = {each.attribute: _feature(each.needed) for each in change.changes}
        assert policy.evaluate({**facts, **needed}, NOW_MS, Explain.NONE).eligible_actions == ["offer"], change
    return change


def needed(*rules: str, **held: Value) -> dict[str, Value]:
    return {each.attribute: each.needed for each in found(*rules, **held).changes}


def _feature(value: Value) -> Feature:
    return NOT_FOUND if value is None else present(value)


@pytest.mark.parametrize(
    ("when", "held", "expected"),
    [
        ("a % 7 == 3", {"a": 100_000}, {"a": 99_998}),
        ("a % 10 == 5", {"a": 42}, {"a": 45}),
        ("a % 100 == 37", {"a": 100_000}, {"a": 100_037}),
        ("a + b == 50", {"a": 100, "b": 7}, {"a": 43}),
        ("a - b == 12", {"a": 10, "b": 10}, {"b": -2}),
        ("a - b >= 10", {"a": 100, "b": 100}, {"b": 90}),
        ("a + b >= 50 && a + b <= 52", {"a": 10, "b": 10}, {"a": 40}),
        ("a / 3 == 1000", {"a": 3}, {"a": 3_000}),
        ("a * 1000 - b == 123000", {"a": 7, "b": 0}, {"a": 123}),
        ("a * a == 1000000", {"a": 3}, {"a": 1_000}),
        ("1000 / a == 8", {"a": 0}, {"a": 112}),
        ("spend * 3.0 == 21.0", {"spend": 1.0}, {"spend": 7.0}),
    ],
)  # fmt: skip
def test_the_value_where_the_sides_meet_or_the_nearest_of_what_repeats(
    when: str, held: dict[str, Value], expected: dict[str, Value]
) -> None:
    assert needed(when, **held) == expected


def test_one_attribute_is_changed_where_one_will_do() -> None:
    assert needed("a + b == 50", a=10, b=10) in ({"a": 40}, {"b": 40})


def test_of_two_bounds_on_a_double_a_value_between_them_is_found() -> None:
    (value,) = needed("spend * spend < 2.0 && spend * spend > 1.9", spend=10.0).values()
    assert isinstance(value, float)
    assert 1.378 < value < 1.4143


@pytest.mark.parametrize(
    ("when", "held", "expected"),
    [
        ("seen.getDayOfWeek() == 3", MONDAY, datetime(2026, 9, 23, tzinfo=UTC)),
        ("seen.getFullYear() == 2030", datetime(1970, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)),
        ("seen.getFullYear() == 2030", FIRST, datetime(2030, 1, 1, tzinfo=UTC)),
        ("seen.getMinutes() == 30", MONDAY, MONDAY.replace(minute=30)),
        ("seen.getMonth() == 4", MONDAY, datetime(2026, 5, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("is_anniversary(seen)", LAST, datetime(9999, 6, 15, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("is_anniversary(seen)", datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 6, 15, tzinfo=UTC)),
        ("days_since(seen) % 7 == 2", NOW_TIME - timedelta(days=700), NOW_TIME - timedelta(days=702)),
    ],
)
def test_a_moment_near_the_one_that_was_held_is_found(when: str, held: datetime, expected: datetime) -> None:
    change = found(when, seen=held)
    assert abs(change.changes[0].needed - expected) <= timedelta(days=1), change  # type: ignore[operator]
    assert change.smaller_not_ruled_out  # there are moments that were not tried


@pytest.mark.parametrize(
    ("rules", "held", "is_open"),
    [
        (["a >= 18"], {"a": 3}, False),
        (["a >= 18", "b * 2 == 6"], {"a": 3, "b": 1}, False),  # all ints that near were tried
        (["a % 7 == 3"], {"a": 100_000}, False),
        (["a / 3 == 1000"], {"a": 3}, True),
        (["a * 2 > 40"], {}, False),  # every value of what is unknown is as far
        (["a + b == 50"], {}, True),
        (["spend * 2.0 > 10.0"], {"spend": 1.0}, True),
        (["spend > 10.0"], {"spend": 1.0}, False),
        (["city + '!' == 'oslo!'"], {"city": "paris"}, False),  # another string is as far, whichever
    ],
)
def test_it_is_said_whether_a_smaller_change_may_exist(rules: list[str], held: dict[str, Value], is_open: bool) -> None:
    assert found(*rules, **held).smaller_not_ruled_out is is_open


def test_that_too_many_would_have_to_change_is_uncertain_where_values_were_left_out() -> None:
    native = "a > 5", "b > 5", "spend > 9.0", "city == 'oslo'"
    held: dict[str, Value] = {"a": 1, "b": 1, "spend": 1.0, "city": "pau"}
    assert found(*native, **held) == SmallestChange((), NoChange.TOO_MANY)
    assert found(*native, "spend * spend > 81.0", **held) == SmallestChange((), NoChange.TOO_MANY, True)


def test_what_was_found_before_the_work_ran_out_is_an_answer() -> None:
    change = found("a + b == 50", "a <= 30", "b <= 45", a=1, b=1)
    assert [each.attribute for each in change.changes] == ["a", "b"]
    assert change.smaller_not_ruled_out


def test_an_answer_that_refines_what_it_found_is_no_less_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smallest_change, "ANSWER_WORK", 50_000)
    changes = [
        each.smallest_change
        for each in _many([f"a * {number} > 1000" for number in range(1, 60)]).dropped
        if each.smallest_change
    ]
    assert changes[0].changes
    assert changes[-1].none_because is NoChange.NOT_SEARCHED


def _many(conditions: list[str]) -> Evaluation:
    scopes = [offer(f"a{at}", [Rule("r", Stage.ELIGIBILITY, each)]) for at, each in enumerate(conditions)]
    content = RuleSet(declarations(TYPES), (), (*BRANCH, *scopes))
    return compiled(content).evaluate({"a": present(1)}, NOW_MS, Explain.FULL)


@pytest.mark.parametrize(
    ("when", "held", "expected"),
    [
        ('seen == timestamp("9999-12-31T23:59:59Z")', NOW_TIME, LAST.replace(microsecond=0)),
        ('seen >= timestamp("9999-12-31T23:59:59.999Z")', NOW_TIME, LAST),
        ('seen > timestamp("9999-12-31T23:59:59.998Z")', NOW_TIME, LAST),
        ('seen == timestamp("0001-01-01T00:00:00Z")', NOW_TIME, FIRST),
        ('seen < timestamp("0001-01-01T00:00:00.001Z")', NOW_TIME, FIRST),
    ],
)
def test_the_first_and_the_last_moment_are_values_like_others(when: str, held: datetime, expected: datetime) -> None:
    assert needed(when, seen=held) == {"seen": expected}


@pytest.mark.parametrize(
    "when", ['seen > timestamp("9999-12-31T23:59:59.999Z")', "seen < timestamp('0001-01-01T00:00:00Z')"]
)
def test_beyond_them_there_is_none(when: str) -> None:
    assert found(when, seen=NOW_TIME).none_because is NoChange.NEVER


@pytest.mark.parametrize("now", [FIRST, FIRST + timedelta(milliseconds=1), LAST - timedelta(days=1), LAST])
@pytest.mark.parametrize(
    "when",
    [
        'now() - duration("1h") > seen',
        'now() + duration("1h") > seen',
        "days_since(seen) + 1 > 3",
        "days_since(seen) > 3",
        'within(seen, "30d")',
        "is_anniversary(seen)",
        "seen > now() && size(brands) == 3",
        "seen.getDayOfWeek() == now().getDayOfWeek()",
    ],
)
def test_at_the_ends_of_time_the_search_ends_too(when: str, now: datetime) -> None:
    policy = policy_of(when)
    for held in (FIRST, NOW_TIME, LAST):
        answer = policy.evaluate({"seen": present(held), "brands": present(())}, to_ms(now), Explain.FULL)
        assert answer.eligible_actions or answer.dropped[0].smallest_change


def test_lists_of_moments_grow_at_the_first_moment_too() -> None:
    content = rule_set([Rule("r", Stage.ELIGIBILITY, "size(seen_at) == 3")], {"seen_at": AttributeType.TIMESTAMP_LIST})
    for now in (FIRST, LAST):
        (dropped,) = compiled(content).evaluate({"seen_at": present(())}, to_ms(now), Explain.FULL).dropped
        assert dropped.smallest_change is not None
        (change,) = dropped.smallest_change.changes
        assert len(change.needed) == 3  # type: ignore[arg-type]


def test_that_no_string_is_long_enough_is_not_said_of_lengths_that_were_not_tried() -> None:
    assert found("size(city) == 20000", city="oslo").none_because is NoChange.OPAQUE
    assert found("size(city) == 3 && size(city) == 4", city="oslo").none_because is NoChange.NEVER


_EXPRESSIONS = (
    "a + b",
    "a - b",
    "2 * a - b",
    "a * b",
    "a % 7",
    "b % 5 + a % 3",
    "a / 4",
    "a * a - b",
    "(a > 3 ? b : a)",
)


@pytest.mark.parametrize("seed", range(60))
def test_where_a_smaller_change_is_ruled_out_there_is_none(seed: int) -> None:
    source = random.Random(seed)
    rules = [
        f"{source.choice(_EXPRESSIONS)} {source.choice(['==', '>=', '<', '!='])} {source.randint(-30, 90)}"
        for _ in range(source.randint(1, 2))
    ]
    rules += source.choices([f"a < {source.randint(0, 60)}", f"b > {source.randint(0, 60)}"], k=source.randint(0, 1))
    held = {"a": source.randint(-50, 120), "b": source.randint(-50, 120)}
    policy, facts = policy_of(*rules), {name: present(value) for name, value in held.items()}
    if policy.evaluate(facts, NOW_MS, Explain.NONE).eligible_actions:
        return
    change = found(*rules, **held)
    smaller = [
        (distance(facts[name], value, NOW_TIME), {**facts, name: present(value)})
        for name, value in product(held, range(-250, 250))
        if value != held[name]
    ]
    if change.smaller_not_ruled_out or change.none_because in (NoChange.OPAQUE, NoChange.NOT_SEARCHED):
        return
    least = sum(distance(each.observed, each.needed, NOW_TIME) for each in change.changes)
    nearer = [each for far, each in smaller if len(change.changes) != 1 or far < least - 1e-9]
    answers = policy.evaluate_batch(nearer, NOW_MS, Explain.NONE) if nearer else []
    assert not any(isinstance(each, Evaluation) and each.eligible_actions for each in answers), (rules, held, change)
