"""What the rules service finds in the expressions of triggers is told where it is written."""

from __future__ import annotations

import pytest

from services.cli.offline import findings_of

POLICY = """\
policy: small
channels: {web: {direction: INBOUND}}
traits: {age: {type: int}, tier: {type: string, allowed: [gold]}}
segments: {hot: {inferred: true}}
event_types: {look: {properties: {sku: string, price: double}}, buy: {properties: {sku: string}}}
issues: {retain: {}}
groups: {care: {issue: retain, business_value: 2}}
actions: {call: {group: care, treatments: {call_web: {channel: web}}}}
triggers:
  t:
    when: {event: look, where: 'event.price > 2.0'}
    join: sku
    unless: {event: buy, for: 1d}
    if: 'age >= 18'
    then:
      - {emit: x, payload: {a: event.sku, b: 'age + 1'}}
      - {set: tier, value: '"gold"'}
      - {enter: hot, for: 2d}
"""

CASES = {
    "nothing": ("", "", []),
    "a property that is not declared": ("event.price > 2.0", "event.prize > 2.0", ["11:33 UNKNOWN_ATTRIBUTE"]),
    "a condition that is none": ("event.price > 2.0", "event.sku", ["11:33 NOT_BOOL"]),
    "an attribute that is not declared": ("age >= 18'", "aeg >= 18'", ["14:10 UNKNOWN_ATTRIBUTE"]),
    "an ill-typed condition": ("age >= 18'", "age >= 'x'", None),
    "an ill-typed value of a payload": ("age + 1", "1 + tier", ["16:49 CEL_TYPE"]),
    "an unknown function in a payload": ("event.sku,", "event.sku.shout(),", ["16:42 UNKNOWN_FUNCTION"]),
    "a value of another type": ("'\"gold\"'", "age", ["17:28 TRAIT_TYPE"]),
    "a value that the trait may not have": ('"gold"', '"lead"', ["17:29 TRAIT_TYPE"]),
    "a join that no event has": ("join: sku", "join: skus", None),
}


def _found(text: str) -> list[str]:
    return [f"{each.place.line}:{each.place.column} {each.code}" for each in findings_of({"p.yaml": text.encode()})]


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES.keys())
def test_findings_stand_where_the_expression_is_wrong(old: str, new: str, expected: list[str] | None) -> None:
    assert old in POLICY
    found = _found(POLICY.replace(old, new, 1))
    if expected is None:
        assert found
    else:
        assert found == expected


def test_triggers_that_infer_what_each_other_reads_are_a_cycle() -> None:
    other = "  u: {when: buy, if: 'tier == \"gold\"', then: [{set: age, value: '1'}]}\n"
    assert [each.split()[1] for each in _found(POLICY + other)] == ["TRIGGER_CYCLE"]


def test_what_durable_rules_cannot_hold_is_found_without_a_server() -> None:
    product = " && ".join(f'(age == {number} || tier == "v{number}")' for number in range(14))
    assert _found(POLICY.replace("age >= 18", product)) == ["14:10 ENGINE_GUARD"]


@pytest.mark.parametrize("engine", ["indexed", "durable"])
def test_a_policy_for_either_engine_can_be_checked(engine: str) -> None:
    assert _found(f"engine: {engine}\n{POLICY}") == []
