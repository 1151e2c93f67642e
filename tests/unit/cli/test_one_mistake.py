"""One mistake in a policy is one error: what follows from it is not told beside it."""

from __future__ import annotations

import pytest

from services.cli.offline import findings_of

POLICY = """\
policy: small
channels: {web: {direction: INBOUND}}
traits: {age: {type: int}, tier: {type: string}}
segments: {hot: {inferred: true}, loyal: {when: 'age > 3'}}
event_types: {look: {properties: {sku: string}}, buy: {properties: {sku: string, amount: double}}}
issues: {retain: {}}
groups: {care: {issue: retain}}
actions: {call: {group: care, business_value: 2, treatments: {call_web: {channel: web}}}}
triggers:
  other: {when: buy, if: 'in_segment("hot")', then: [{enter: hot, for: 2d}]}
  t: {when: WHEN, then: THEN}
"""
TELL = "[{emit: x}]"

TRIGGERS = {
    "a window too long": ("{event: buy, count: 3}, within: 500d", TELL, "11:45 OUT_OF_RANGE"),
    "a window that is none": ("{event: buy, count: 3}, within: x", TELL, "11:45 WRONG_TYPE"),
    "no window": ("{event: buy, count: 3}", TELL, "11:3 MISSING_KEY"),
    "a window of one event": ("buy, within: 1d", TELL, "11:26 UNKNOWN_KEY"),
    "a sum that is infinite": ("{event: buy, sum: amount, at_least: .inf}, within: 1d", TELL, "11:49 OUT_OF_RANGE"),
    "a sum without a bound": ("{event: buy, sum: amount}, within: 1d", TELL, "11:13 MISSING_KEY"),
    "a bound of no sum": ("{event: buy, at_least: 3}, within: 1d", TELL, "11:13 MISSING_KEY"),
    "a sum of no name": ("{event: buy, sum: A b, at_least: 3}, within: 1d", TELL, "11:31 BAD_IDENTIFIER"),
    "a bound of nothing": ("{event: buy, sum: amount, at_least: 0}, within: 1d", TELL, "11:3 AT_LEAST"),
    "a schedule for everybody": ("{schedule: {daily: '09:00'}}", TELL, "11:3 MISSING_KEY"),
    "a schedule with an empty condition": ("{schedule: {daily: '09:00'}}, if: ''", TELL, "11:47 WRONG_TYPE"),
    "by anyone without a join": (
        "{sequence: [look, {event: buy, by_anyone: true}]}, within: 1d",
        TELL,
        "11:39 OUT_OF_RANGE",
    ),
    "a join of its own without one": (
        "{sequence: [look, {event: buy, join: sku}]}, within: 1d",
        TELL,
        "11:39 MISSING_KEY",
    ),
    "a join that is no name": (
        "{sequence: [look, {event: buy, by_anyone: true}]}, join: A b, within: 1d",
        TELL,
        "11:70 BAD_IDENTIFIER",
    ),
    "no effects": ("buy", "[]", "11:24 OUT_OF_RANGE"),
    "effects that are none": ("buy", "x", "11:24 WRONG_TYPE"),
    "an effect that is none": ("buy", "[{}]", "11:25 MISSING_KEY"),
    "a trait without a value": ("buy", "[{set: tier}]", "11:25 MISSING_KEY"),
    "a trait that is not declared": ("buy", "[{set: teir, value: '\"a\"'}]", "11:31 UNKNOWN_TRAIT"),
    "a segment with a condition": ("buy", "[{enter: loyal}]", "11:33 SEGMENT_NOT_INFERRED"),
    "a segment that is not declared": ("buy", "[{leave: nobody}]", "11:33 UNKNOWN_SEGMENT"),
}


def errors(policy: str) -> list[str]:
    found = findings_of({"policy.yaml": policy.encode()})
    return [f"{each.place.line}:{each.place.column} {each.code}" for each in found if each.is_error]


@pytest.mark.parametrize(("when", "then", "expected"), TRIGGERS.values(), ids=TRIGGERS.keys())
def test_one_mistake_in_a_trigger_is_one_error(when: str, then: str, expected: str) -> None:
    assert errors(POLICY.replace("WHEN", when).replace("THEN", then)) == [expected]


def test_beside_a_mistake_the_expressions_of_a_trigger_are_checked_all_the_same() -> None:
    wrong = POLICY.replace("WHEN", "{event: buy, where: 'event.sku > 3', count: 3}, within: 500d, if: 'agee > 3'")
    assert errors(wrong.replace("THEN", "[]")) == [
        *("11:44 CEL_TYPE", "11:69 OUT_OF_RANGE", "11:80 UNKNOWN_ATTRIBUTE", "11:97 OUT_OF_RANGE"),
    ]


@pytest.mark.parametrize(
    ("text", "wrong", "expected"),
    [
        ("business_value: 2", "business_value: .nan", "8:47 OUT_OF_RANGE"),
        ("business_value: 2", "business_value: ''", "8:47 WRONG_TYPE"),
        ("business_value: 2, ", "", "8:11 MISSING_VALUE"),
        ("{call_web: {channel: web}}", "[call_web]", "8:62 WRONG_TYPE"),
        ("{call_web: {channel: web}}", "{call_web: 3}", "8:73 WRONG_TYPE"),
        ("{call_web: {channel: web}}", "{}", "8:11 MISSING_TREATMENT"),
        ("hot: {inferred: true}", "hot: {inferred: x}", "4:28 WRONG_TYPE"),
    ],
)
def test_one_mistake_in_an_action_or_a_segment_is_one_error(text: str, wrong: str, expected: str) -> None:
    right = POLICY.replace("WHEN", "buy").replace("THEN", TELL)
    assert errors(right) == []
    assert errors(right.replace(text, wrong)) == [expected]
