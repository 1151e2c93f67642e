"""Objectives in a policy: what models predict, and from what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy_parts import AttributePart, CrossPart
from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration, FeatureSet
from shared.clock import MS_PER_DAY
from shared.values import AttributeType

Found = Callable[[str | dict[str, str]], list[str]]
Compiled = Callable[[str], CompiledPolicy]

SHOP = """\
policy: shop
prior_propensity: 0.1
channels: {web: {direction: INBOUND}}
context: {weather: {type: string}}
traits:
  age: {type: int}
  usual_price: {type: double}
  brands: {type: list<string>}
  joined: {type: timestamp}
segments: {adult: {when: 'age >= 18'}}
issues: {grow: {}}
groups: {tea: {issue: grow, business_value: 2}}
actions:
  green:
    group: tea
    attributes: {brand: leaf, price: 3, weight: 2.5}
    treatments: {green_web: {channel: web, content: {en: {title: Green}}}}
"""
OBJECTIVES = """\
objectives:
  click:
    outcomes: [clicked]
    window: 1d
    prior_propensity: 0.02
    features: {exclude: [age, context.weather], segments: true}
    crosses:
      likes_brand: {contains: [brands, action.brand]}
      price_to_usual: {ratio: [action.price, usual_price]}
      price_less_usual: {difference: [action.price, usual_price]}
      same_price: {equals: [usual_price, action.price]}
      rested: {days_since_shown: {}}
      rested_of_late: {days_since_shown: {window: 30d}}
      often: {times_shown: {window: 7d}}
    monotone: {price_to_usual: decreasing, usual_price: INCREASING, action.weight: decreasing}
    interactions: [[likes_brand, action.brand], [group, channel, segments]]
  leave: {outcomes: [UNSUBSCRIBED, COMPLAINED]}
arbitration: {objective: click}
"""


def test_an_objective_becomes_a_feature_set_of_its_own(compiled: Compiled) -> None:
    policy = compiled(SHOP + OBJECTIVES)
    assert policy.objectives == (
        Objective("click", (Outcome.CLICKED,), 86_400_000),
        Objective("leave", (Outcome.UNSUBSCRIBED, Outcome.COMPLAINED)),
    )
    click, leave = policy.feature_sets
    assert policy.feature_set is click
    assert (click.window_ms, leave.window_ms) == (86_400_000, None)
    assert policy.reads_segments
    assert click.objective == "click"
    assert click.prior_propensity == 0.02
    assert click.features == (
        AttributePart("usual_price", AttributeType.DOUBLE),
        AttributePart("brands", AttributeType.STRING_LIST),
        AttributePart("segments", AttributeType.STRING_LIST),
        AttributePart("contacts.past", AttributeType.STRING_LIST),
    )
    assert click.crosses == (
        CrossPart("likes_brand", "CONTAINS", "brands", "brand"),
        CrossPart("price_to_usual", "RATIO", "usual_price", "price"),
        CrossPart("price_less_usual", "DIFFERENCE", "usual_price", "price"),
        CrossPart("same_price", "EQUALS", "usual_price", "price"),
        CrossPart("rested", "DAYS_SINCE_SHOWN", "contacts.past", ""),
        CrossPart("rested_of_late", "DAYS_SINCE_SHOWN", "contacts.past", "", 30 * MS_PER_DAY),
        CrossPart("often", "TIMES_SHOWN", "contacts.past", "", 7 * MS_PER_DAY),
    )
    assert policy.contacts_ms == 400 * MS_PER_DAY, "as long as the ledger keeps them"
    assert click.monotone == {"price_to_usual": -1, "usual_price": 1, "action.weight": -1}
    assert click.interactions == (("likes_brand", "action.brand"), ("group", "channel", "segments"))
    assert (leave.objective, leave.prior_propensity, leave.crosses) == ("leave", 0.1, ())
    assert {feature.name for feature in leave.features} == {"age", "usual_price", "brands", "context.weather"}
    assert leave.actions == click.actions


def test_without_objectives_there_is_one_with_the_address_it_always_had(compiled: Compiled) -> None:
    policy = compiled(SHOP)
    assert policy.objectives == ()
    assert not policy.reads_segments
    assert policy.contacts_ms == 0
    (part,) = policy.feature_sets
    assert part is policy.feature_set
    as_it_was = FeatureSet(
        tuple(FeatureDeclaration(each.name, each.type) for each in part.features),
        tuple(ActionDeclaration(each.action, each.group, each.issue, each.attributes) for each in part.actions),
        0.1,
    )
    now = replace(as_it_was, objective=part.objective, monotone=part.monotone, interactions=part.interactions)
    assert (part.crosses, now.version) == ((), as_it_was.version)


def test_contacts_are_looked_at_as_far_back_as_any_cross_asks(compiled: Compiled) -> None:
    begin = f"{SHOP}objectives:\n  a: {{outcomes: [clicked], crosses: {{c: {{times_shown: {{window: 7d}}}}}}}}\n"
    other = "  b: {outcomes: [opened], crosses: {c: {days_since_shown: {window: 30d}}}}\narbitration: {objective: a}\n"
    policy = compiled(begin + other)
    assert policy.contacts_ms == 30 * MS_PER_DAY


@pytest.mark.parametrize(
    ("objectives", "arbitration", "expected"),
    [
        ("{click: {outcomes: [clicked]}}", "{}", "click"),
        ("{click: {outcomes: [clicked]}}", "{objective: propensity}", "click"),
        ("{click: {outcomes: [clicked]}, success: {outcomes: [converted]}}", "{}", "success"),
        ("{click: {outcomes: [clicked]}, open: {outcomes: [opened]}}", "{objective: open}", "open"),
        ("{}", "{objective: PROPENSITY}", "success"),
    ],
)
def test_one_objective_decides(compiled: Compiled, objectives: str, arbitration: str, expected: str) -> None:
    policy = compiled(f"{SHOP}objectives: {objectives}\narbitration: {arbitration}\n")
    assert policy.feature_set.objective == expected


BEGIN = "objectives: {o: {outcomes: [clicked], "
CASES = {
    "no outcomes": ("objectives: {o: {}}", "1:14 MISSING_KEY"),
    "an empty list of outcomes": ("objectives: {o: {outcomes: []}}", "1:28 OUT_OF_RANGE"),
    "an outcome nobody chooses": ("objectives: {o: {outcomes: [BOUNCED]}}", "1:29 OUT_OF_RANGE"),
    "a return as a success": ("objectives: {o: {outcomes: [RETURNED]}}", "1:29 OUT_OF_RANGE"),
    "the word for the only one": ("objectives: {propensity: {outcomes: [clicked]}}", "1:14 BAD_IDENTIFIER"),
    "a name too long for keys": (f"objectives: {{{'o' * 33}: {{outcomes: [clicked]}}}}", "1:14 BAD_IDENTIFIER"),
    "a window of seconds": (BEGIN + "window: 59s}}", "1:47 OUT_OF_RANGE"),
    "a window of years": (BEGIN + "window: 401d}}", "1:47 OUT_OF_RANGE"),
    "a rate of all": (BEGIN + "prior_propensity: 1}}", "1:57 OUT_OF_RANGE"),
    "an unknown key": (BEGIN + "goal: 1}}", "1:39 UNKNOWN_KEY"),
    "an unknown feature left out": (BEGIN + "features: {exclude: [agee]}}}", "1:60 UNKNOWN_FEATURE"),
    "a moment left out": (BEGIN + "features: {exclude: [joined]}}}", "1:60 UNKNOWN_FEATURE"),
    "a cross of no kind": (BEGIN + "crosses: {c: {}}}}", "1:49 MISSING_KEY"),
    "a cross of two kinds": (
        BEGIN + "crosses: {c: {equals: [age, action.price], ratio: [action.price, age]}}}}",
        "1:49 MISSING_KEY",
    ),
    "times shown, whenever": (BEGIN + "crosses: {c: {times_shown: {}}}}}", "1:66 MISSING_KEY"),
    "shown within seconds": (BEGIN + "crosses: {c: {times_shown: {window: 5s}}}}}", "1:75 OUT_OF_RANGE"),
    "what was shown, of an attribute": (
        BEGIN + "crosses: {c: {days_since_shown: [action.brand]}}}}",
        "1:71 WRONG_TYPE",
    ),
    "past contacts by their name": (
        BEGIN + "crosses: {c: {contains: [contacts.past, action.brand]}}}}",
        "1:64 BAD_IDENTIFIER",
    ),
    "a cross of two features": (BEGIN + "crosses: {c: {equals: [age, brands]}}}}", "1:61 OUT_OF_RANGE"),
    "a ratio the other way round": (BEGIN + "crosses: {c: {ratio: [age, action.price]}}}}", "1:61 OUT_OF_RANGE"),
    "a list in the attribute's place": (
        BEGIN + "crosses: {c: {contains: [action.brand, brands]}}}}",
        "1:64 OUT_OF_RANGE",
    ),
    "a cross with no name": (BEGIN + "crosses: {c: {equals: [Age, action.price]}}}}", "1:62 BAD_IDENTIFIER"),
    "a cross with an unknown feature": (
        BEGIN + "crosses: {c: {equals: [ages, action.price]}}}}",
        "1:62 UNKNOWN_FEATURE",
    ),
    "a cross with what is left out": (
        BEGIN + "features: {exclude: [age]}, crosses: {c: {equals: [age, action.price]}}}}",
        "1:90 UNKNOWN_FEATURE",
    ),
    "a cross with an unknown attribute": (
        BEGIN + "crosses: {c: {equals: [age, action.cost]}}}}",
        "1:67 UNKNOWN_ATTRIBUTE",
    ),
    "a cross that looks for something in a number": (
        BEGIN + "crosses: {c: {contains: [age, action.brand]}}}}",
        "1:64 WRONG_TYPE",
    ),
    "a ratio of a word": (BEGIN + "crosses: {c: {ratio: [action.brand, age]}}}}", "1:61 WRONG_TYPE"),
    "a ratio to a list": (BEGIN + "crosses: {c: {ratio: [action.price, brands]}}}}", "1:75 WRONG_TYPE"),
    "a cross named like a feature": (
        BEGIN + "crosses: {age: {equals: [age, action.price]}}}}",
        "1:49 DUPLICATE_FEATURE",
    ),
    "a word that grows": (BEGIN + "monotone: {context.weather: increasing}}}", "1:50 UNKNOWN_NUMBER"),
    "a brand that grows": (BEGIN + "monotone: {action.brand: increasing}}}", "1:50 UNKNOWN_NUMBER"),
    "a way that is none": (BEGIN + "monotone: {age: sideways}}}", "1:55 OUT_OF_RANGE"),
    "an unknown name in an interaction": (BEGIN + "interactions: [[age, moon]]}}", "1:60 UNKNOWN_FEATURE"),
    "segments that nobody asked for": (BEGIN + "interactions: [[age, segments]]}}", "1:60 UNKNOWN_FEATURE"),
    "two, and neither decides": (
        "objectives: {a: {outcomes: [clicked]}, b: {outcomes: [opened]}}",
        "1:14 MISSING_KEY",
    ),
    "a trait in the way of segments": (
        "traits: {segments: {type: int}}\n" + BEGIN + "features: {segments: true}}}",
        "2:14 CONTRADICTION",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_with_an_objective_is_found_where_it_is_written(text: str, expected: str) -> None:
    found = compile_policy({"a.yaml": SHOP.encode(), "b.yaml": text.encode()}).findings
    assert [f"{each.place.line}:{each.place.column} {each.code}" for each in found] == [expected]


def test_a_misspelt_name_is_suggested(messages: Callable[[str | dict[str, str]], list[str]]) -> None:
    crosses = BEGIN + "crosses: {c: {contains: [brand, action.brand]}}}}"
    assert messages({"a.yaml": SHOP, "b.yaml": crosses}) == [
        'o: no feature "brand" is there to learn from (did you mean "brands"?)'
    ]
