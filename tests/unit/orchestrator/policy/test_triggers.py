"""Triggers of a policy: what they compile to, and what is wrong with them, where it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.local.rule_sets import rule_set_of
from services.orchestrator.adapters.rule_set_client import rule_set_to
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy.source_map import expressions_of
from services.orchestrator.domain.policy_parts import (
    EmitPart,
    EventMatchPart,
    OnUnknown,
    PatternPart,
    SchedulePart,
    SetTraitPart,
    TraitPart,
    TriggerPart,
)
from services.rules.adapters.rule_set_blob import decode_rule_set, encode_rule_set
from services.rules.api.rule_sets import rule_set_from
from shared.values import AttributeType

Compile = Callable[[str], CompiledPolicy]
Found = Callable[[str | dict[str, str]], list[str]]

DAY_MS = 86_400_000
HOUR_MS = 3_600_000

EVENTS = """\
event_types:
  terms_page: {properties: {section: string, contract: string}}
  renewal: {properties: {contract: string}}
  cart_add: {properties: {sku: string, amount: double}}
  back: {properties: {article: string}}
"""

FULL = (
    EVENTS
    + """\
segments:
  undecided: {inferred: true}
  silver: {when: 'tier == "silver"'}
triggers:
  terms_no_renewal:
    when: {event: terms_page, where: 'event.section == "cancel"'}
    join: contract
    unless: {event: renewal, for: 2d, restarts: true}
    if: 'in_segment("silver")'
    on_unknown: PASS
    cooldown: 30d
    then:
      - {emit: call_customer, payload: {contract: event.contract, who: first_name}}
      - {set: tier, value: '"bronze"'}
      - {enter: undecided, for: 90d}
  basket:
    when: {event: cart_add, count: 3}
    within: 1h
    then: [{leave: undecided}]
  spent: {when: {event: cart_add, sum: amount, at_least: 500}, within: 30d, then: [{emit: spent}]}
  either: {when: {any: [renewal, {event: cart_add, where: event.amount > 9.5}]}, per: subject, then: [{emit: either}]}
  both: {when: {all: [renewal, cart_add]}, within: 1d, then: [{emit: both}]}
  stock:
    when: {sequence: [cart_add, {event: back, by_anyone: true, join: article}]}
    within: 60d
    join: sku
    then: [{emit: back}]
  morning:
    when: {schedule: {daily: 09:00, weekdays: [fri, mon], time_zone: Europe/Paris}}
    if: tier == "silver"
    then: [{emit: morning}]
"""
)


@pytest.fixture
def full(compiled: Compile, small: str) -> CompiledPolicy:
    return compiled(small + FULL)


def _trigger(policy: CompiledPolicy, name: str) -> TriggerPart:
    return next(trigger for trigger in policy.rule_set.triggers if trigger.trigger_id == name)


def _pattern(policy: CompiledPolicy, name: str) -> PatternPart:
    when = _trigger(policy, name).when
    assert isinstance(when, PatternPart)
    return when


def test_an_absence_after_an_event_is_a_pattern_with_its_condition_and_effects(full: CompiledPolicy) -> None:
    trigger, when = _trigger(full, "terms_no_renewal"), _pattern(full, "terms_no_renewal")
    (match,) = when.matches
    assert (when.kind, match.event_type, match.where) == ("ANY", "terms_page", 'event.section == "cancel"')
    assert when.absent is not None
    assert (when.absent.event_type, when.absent_ms, when.restarts, when.join) == (
        "renewal",
        2 * DAY_MS,
        True,
        "contract",
    )
    assert (trigger.condition, trigger.on_unknown, trigger.cooldown_ms) == (
        'in_segment("silver")',
        OnUnknown("PASS"),
        30 * DAY_MS,
    )
    emit, setting, entering = trigger.effects
    assert isinstance(emit, EmitPart)
    assert (emit.name, dict(emit.payload)) == ("call_customer", {"contract": "event.contract", "who": "first_name"})
    assert isinstance(setting, SetTraitPart)
    assert (setting.trait, setting.value) == ("tier", '"bronze"')
    assert isinstance(entering, SetTraitPart)
    assert (entering.trait, entering.value) == ("inferred_undecided", "true")


def test_counts_sums_alternatives_and_sequences_are_kinds_of_patterns(full: CompiledPolicy) -> None:
    count, total = _pattern(full, "basket"), _pattern(full, "spent")
    assert (count.kind, count.at_least, count.within_ms) == ("COUNT", 3, HOUR_MS)
    assert (total.kind, total.at_least, total.sum_of, total.within_ms) == ("SUM", 500, "amount", 30 * DAY_MS)
    assert [(match.event_type, match.where) for match in _pattern(full, "either").matches] == [
        ("renewal", ""),
        ("cart_add", "event.amount > 9.5"),
    ]
    assert (_pattern(full, "both").kind, _pattern(full, "stock").kind) == ("ALL", "SEQUENCE")
    last: EventMatchPart = _pattern(full, "stock").matches[-1]
    assert (last.by_anyone, last.join_property, _pattern(full, "stock").join) == (True, "article", "sku")


def test_a_schedule_is_a_time_on_days_in_a_zone(full: CompiledPolicy) -> None:
    assert _trigger(full, "morning").when == SchedulePart("09:00", (1, 5), "Europe/Paris")


def test_an_inferred_segment_declares_the_trait_that_triggers_set(full: CompiledPolicy) -> None:
    trait = next(part for part in full.trait_schema.traits if part.name == "inferred_undecided")
    assert trait == TraitPart("inferred_undecided", AttributeType.BOOL, ttl_ms=90 * DAY_MS, precedence=("COMPUTED",))
    segment = next(part for part in full.rule_set.segments if part.segment_id == "undecided")
    assert (segment.when, segment.on_unknown) == ("inferred_undecided", OnUnknown())
    assert "inferred_undecided" in {attribute.name for attribute in full.rule_set.attributes}
    leaving = _trigger(full, "basket").effects[0]
    assert isinstance(leaving, SetTraitPart)
    assert (leaving.trait, leaving.value) == ("inferred_undecided", "false")


def test_event_types_reach_the_rules_service_with_their_properties(full: CompiledPolicy) -> None:
    types = {each.type: each.properties for each in full.rule_set.event_types}
    assert types["cart_add"] == {"sku": AttributeType.STRING, "amount": AttributeType.DOUBLE}
    assert types.keys() == {"terms_page", "renewal", "cart_add", "back"}


def test_both_publishers_hand_out_the_same_rule_set_and_stores_keep_it(full: CompiledPolicy) -> None:
    local = rule_set_of(full.rule_set)
    assert rule_set_from(rule_set_to(full.rule_set), "rule_set") == local
    assert decode_rule_set(encode_rule_set(local)) == local
    assert len(local.triggers) == 7


def test_every_expression_of_a_trigger_is_found_by_its_place(full: CompiledPolicy, small: str) -> None:
    lines = (small + FULL).splitlines()
    of_triggers = [each for each in expressions_of(full.rule_set).items() if each[1] not in ("true", "false")]
    written = {place: text for place, text in of_triggers if text != "inferred_undecided"}
    assert len(written) == 9
    for place, text in written.items():
        assert lines[place.line - 1][place.column - 1 :].startswith(text)


RULED = """\
channels: {push: {direction: INBOUND, suitability: [{id: awake, when: 'tier != "bronze"'}]}}
engine: durable
traits: {age: {type: int, immutable: true}}
actions:
  visit:
    group: care
    treatments:
      visit_web: {channel: web, eligibility: [{id: adult, when: 'age >= 18'}]}
      visit_push: {channel: push}
      visit_sms: {channel: sms}
"""


def test_treatments_and_channels_with_rules_have_scopes(
    small: str,
) -> None:
    policy = compile_policy({"a.yaml": small.encode(), "b.yaml": RULED.encode()}).policy
    assert policy is not None
    rule_set = policy.rule_set
    scopes = {(scope.level, scope.scope_id): scope for scope in rule_set.scopes}
    treatment = scopes["TREATMENT", "visit_web"]
    assert (treatment.parent_id, treatment.channel) == ("visit", "WEB")
    assert [(rule.rule_id, rule.stage) for rule in treatment.rules] == [("adult", "ELIGIBILITY")]
    channel = scopes["CHANNEL", "PUSH"]
    assert [(rule.rule_id, rule.stage) for rule in channel.rules] == [("awake", "SUITABILITY")]
    assert scopes["TREATMENT", "visit_push"].channel == "PUSH"
    assert ("TREATMENT", "visit_sms") not in scopes
    assert rule_set.engine == "DURABLE"
    assert {attribute.name: attribute.immutable for attribute in rule_set.attributes} == {
        "first_name": False,
        "tier": False,
        "age": True,
    }
    assert rule_set_from(rule_set_to(rule_set), "rule_set") == rule_set_of(rule_set)


T = "event_types: {buy: {}}\ntriggers:\n  t: "

CASES = {
    "misspelt key": (T + "{whne: buy, then: [{emit: x}]}", ["3:3 MISSING_KEY", "3:7 UNKNOWN_KEY"]),
    "nothing to do": (T + "{when: buy}", ["3:3 MISSING_KEY"]),
    "an empty list to do": (T + "{when: buy, then: []}", ["3:24 OUT_OF_RANGE"]),
    "an event that nothing knows": (T + "{when: bye, then: [{emit: x}]}", ["3:13 UNKNOWN_EVENT_TYPE"]),
    "two kinds of patterns": (
        T + "{when: {any: [buy], all: [buy]}, then: [{emit: x}]}",
        ["3:13 CONFLICTING_KEYS"],
    ),
    "no kind of pattern": (T + "{when: {where: 'true'}, then: [{emit: x}]}", ["3:13 MISSING_KEY"]),
    "a count without a window": (T + "{when: {event: buy, count: 3}, then: [{emit: x}]}", ["3:3 MISSING_KEY"]),
    "a window of one event": (T + "{when: buy, within: 1h, then: [{emit: x}]}", ["3:26 UNKNOWN_KEY"]),
    "a window beyond what is kept": (
        T + "{when: {all: [buy]}, within: 401d, then: [{emit: x}]}",
        ["3:35 OUT_OF_RANGE"],
    ),
    "a sum of nothing": (
        T + "{when: {event: buy, at_least: 3}, within: 1d, then: [{emit: x}]}",
        ["3:13 MISSING_KEY"],
    ),
    "a count of a sum": (
        T + "{when: {event: buy, count: 2, sum: amount, at_least: 3}, within: 1d, then: [{emit: x}]}",
        ["3:41 CONFLICTING_KEYS", "3:59 CONFLICTING_KEYS"],
    ),
    "a count of several": (
        T + "{when: {any: [buy], count: 2}, then: [{emit: x}]}",
        ["3:33 CONFLICTING_KEYS"],
    ),
    "a schedule for nobody in particular": (
        T + "{when: {schedule: {daily: '09:00'}}, then: [{emit: x}]}",
        ["3:3 MISSING_KEY"],
    ),
    "a schedule in no zone": (
        T + "{when: {schedule: {daily: '09:00', time_zone: Mars}}, if: 'true', then: [{emit: x}]}",
        ["3:52 UNKNOWN_TIME_ZONE"],
    ),
    "a schedule on no day": (
        T + "{when: {schedule: {daily: '25:00', weekdays: [mo]}}, if: 'true', then: [{emit: x}]}",
        ["3:32 WRONG_TYPE", "3:52 OUT_OF_RANGE"],
    ),
    "anyone's event without a join": (
        T + "{when: {sequence: [buy, {event: buy, by_anyone: true}]}, within: 1d, then: [{emit: x}]}",
        ["3:38 OUT_OF_RANGE"],
    ),
    "a join of one's own without a join": (
        T + "{when: {event: buy, join: sku}, then: [{emit: x}]}",
        ["3:21 MISSING_KEY"],
    ),
    "an effect of two kinds": (T + "{when: buy, then: [{emit: x, leave: y}]}", ["3:25 CONFLICTING_KEYS"]),
    "an effect of no kind": (T + "{when: buy, then: [{payload: {}}]}", ["3:25 MISSING_KEY"]),
    "a payload of nothing": (
        T + "{when: buy, then: [{set: tier, value: \"'x'\", payload: {a: '1'}}]}",
        ["3:60 CONFLICTING_KEYS"],
    ),
    "a trait set to nothing": (T + "{when: buy, then: [{set: tier}]}", ["3:25 MISSING_KEY"]),
    "a trait that nothing declares": (
        T + "{when: buy, then: [{set: tire, value: 'true'}]}",
        ["3:31 UNKNOWN_TRAIT"],
    ),
    "an aggregate that is set": (
        "aggregates: {n: {event: buy, measure: count}}\n" + T + "{when: buy, then: [{set: n, value: '1'}]}",
        ["4:31 UNKNOWN_TRAIT"],
    ),
    "an immutable trait that is set": (
        "traits: {age: {type: int, immutable: true}}\n" + T + "{when: buy, then: [{set: age, value: '1'}]}",
        ["4:31 IMMUTABLE_TRAIT"],
    ),
    "a segment that nothing declares": (T + "{when: buy, then: [{enter: bad}]}", ["3:33 UNKNOWN_SEGMENT"]),
    "a segment with a condition": (
        "segments: {bad: {when: 'true'}}\n" + T + "{when: buy, then: [{enter: bad}]}",
        ["4:33 SEGMENT_NOT_INFERRED"],
    ),
    "a segment's trait set by hand": (
        "segments: {bad: {inferred: true}}\n"
        + T
        + "{when: buy, then: [{enter: bad}, {set: inferred_bad, value: 'true'}]}",
        ["4:45 INFERRED_TRAIT"],
    ),
    "a segment's trait declared by hand": (
        "traits: {inferred_bad: {type: bool}}\nsegments: {bad: {inferred: true}}\n"
        + T
        + "{when: buy, then: [{enter: bad}]}",
        ["2:12 DUPLICATE_TRAIT"],
    ),
    "an inferred segment with a condition": (
        "segments: {bad: {inferred: true, when: 'true'}}\n" + T + "{when: buy, then: [{enter: bad}]}",
        ["1:40 CONFLICTING_KEYS"],
    ),
    "an inferred segment that nobody enters": ("segments: {bad: {inferred: true}}", ["1:12 NEVER_ENTERED"]),
    "an inferred segment with two times": (
        "segments: {bad: {inferred: true}}\n"
        + T
        + "{when: buy, then: [{enter: bad, for: 1d}]}\n  u: {when: buy, then: [{enter: bad, for: 2d}]}",
        ["5:43 CONTRADICTION"],
    ),
    "a segment of nothing": ("segments: {bad: {}}", ["1:12 MISSING_KEY"]),
    "a plain segment for the model": ("segments: {bad: {when: 'true', predictive: false}}", ["1:44 UNKNOWN_KEY"]),
    "a trigger twice": (
        T + "{when: buy, then: [{emit: x}]}\n  t: {when: buy, then: [{emit: y}]}",
        ["4:3 DUPLICATE_TRIGGER"],
    ),
    "rules of a fallback": ("fallbacks: {f: {channel: web, eligibility: []}}", ["1:31 UNKNOWN_KEY"]),
    "an engine that does not exist": ("engine: rete", ["1:9 OUT_OF_RANGE"]),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_found_where_it_is_written(text: str, expected: list[str], found: Found) -> None:
    assert found(text) == expected
