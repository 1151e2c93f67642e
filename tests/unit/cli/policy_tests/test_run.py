"""Tests beside rules: they pass where the policy does what they say, and tell what came where it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from services.cli.policy_tests.case_file import case_schema
from services.cli.policy_tests.problems import Problem
from services.cli.policy_tests.run import Run, run_tests
from tests.support.source import ROOT

POLICY = """\
policy: small
channels: {web: {direction: INBOUND}, push: {direction: INBOUND, suitability: [{id: awake, when: 'not_asleep'}]}}
traits:
  age: {type: int, immutable: true}
  tier: {type: string, allowed: [bronze, silver], ttl: 30d}
  not_asleep: {type: bool}
  birth: {type: timestamp}
aggregates: {buys: {event: buy, measure: count, window: 7d}}
context: {weather: {type: string}}
segments:
  silver: {when: 'tier == "silver"'}
  hot: {inferred: true}
event_types: {look: {properties: {sku: string}}, stock: {properties: {sku: string}}}
issues: {retain: {}}
groups: {care: {issue: retain, business_value: 2, eligibility: [{id: adult, when: 'age >= 18'}]}}
actions:
  call:
    group: care
    suitability: [{id: silver_or_buyer, when: 'in_segment("silver") || buys >= 2'}]
    treatments: {call_web: {channel: web}, call_push: {channel: push}}
  rain:
    group: care
    applicability: [{id: wet, when: 'context.weather == "rain"'}]
    treatments: {rain_web: {channel: web}}
triggers:
  three_looks:
    when: {event: look, count: 3}
    within: 1h
    then: [{emit: eager, payload: {sku: event.sku}}, {enter: hot, for: 2d}]
  quiet: {when: look, unless: {event: buy, for: 3h}, then: [{emit: quiet}]}
  back: {when: {sequence: [look, {event: stock, by_anyone: true}]}, join: sku, within: 9d, then: [{emit: back}]}
  noon: {when: {schedule: {daily: 12:00}}, if: 'age >= 90', then: [{emit: noon}]}
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], Run]:
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas/ann.yaml").write_text(
        "persona: ann\nidentities: {crm: 1}\ntraits: {age: {value: 40}, tier: {value: silver, ago: 10d}}\n"
        "events: [{type: buy, ago: 1d}, {type: buy, ago: 2d}]\ndecide: {context: {weather: rain}}\n"
    )

    def run_one(text: str) -> Run:
        return run_tests({"policy.yaml": POLICY.encode(), "tests/t.yaml": text.encode()}, tmp_path)

    return run_one


@pytest.fixture
def problems(run: Callable[[str], Run]) -> Callable[[str], tuple[Problem, ...]]:
    """What became of one test, whose body this is."""

    def run_body(body: str) -> tuple[Problem, ...]:
        done = run(f"tests:\n  one: {body}\n")
        assert [str(finding) for finding in done.findings] == []
        return done.results[0].problems

    return run_body


Problems = Callable[[str], tuple[Problem, ...]]

PASSING = {
    "an action that passes": "{facts: {age: 20, tier: silver}, expect: {eligible: [call], only: [call]}}",
    "an action that falls": "{facts: {age: 17}, expect: {dropped: {call: ELIGIBILITY, rain: ELIGIBILITY}}}",
    "a moment as JSON writes it": (
        "{facts: {age: 17, birth: {timestamp: '2000-01-01T00:00:00Z'}}, expect: {dropped: {call: ELIGIBILITY}}}"
    ),
    "a moment of several units": (
        "{at: 2026-01-01T11:00:00Z, facts: {age: 90}, until: 1d1h1m,"
        " expect: {fired: [{after: 1h, trigger: noon, emit: noon}, {after: 1d1h, trigger: noon, emit: noon}]}}"
    ),
    "its rule and the value": (
        "{facts: {age: 20}, expect: {dropped: {rain: {stage: APPLICABILITY, rule: wet, attribute: context.weather,"
        " status: NOT_FOUND, change: {context.weather: rain}}}}}"
    ),
    "that no small change exists": "{facts: {age: 17}, expect: {dropped: {call: {stage: ELIGIBILITY, change: {}}}}}",
    "a value that went stale": (
        "{facts: {age: 20, tier: {stale: silver}}, expect: {dropped: {call: {stage: SUITABILITY}}}}"
    ),
    "a value known to be empty": (
        "{facts: {age: null}, expect: {dropped: {call: {stage: ELIGIBILITY, status: NULL_VALUE}}}}"
    ),
    "a treatment that falls alone": (
        "{facts: {age: 20, tier: silver, not_asleep: false},"
        " expect: {eligible: [call], dropped_treatments: {call_push: {stage: SUITABILITY, rule: awake}}}}"
    ),
    "segments": "{facts: {tier: silver}, expect: {segments: [silver], not_segments: [hot]}}",
    "a persona with what it did": "{persona: ann, expect: {only: [call, rain]}}",
    "a persona of whom something is forgotten": (
        "{persona: ann, facts: {buys: 0, tier: {missing: true}}, expect: {dropped: {call: SUITABILITY}}}"
    ),
    "a persona a month later, whose tier is stale and whose purchases are past": (
        "{persona: ann, until: 30d, expect: {dropped: {call: SUITABILITY}, not_segments: [silver]}}"
    ),
    "a firing": (
        "{events: [{type: look}, {after: 5m, type: look}, {after: 10m, type: look, properties: {sku: x}}], until: 20m,"
        " expect: {fired: [{after: 10m, trigger: three_looks, emit: eager, payload: {sku: x}},"
        " {after: 10m, trigger: three_looks, enter: hot}], segments: [hot]}}"
    ),
    "an absence at its time": (
        "{events: [{type: look}], until: 4h, expect: {fired: [{after: 3h, trigger: quiet, emit: quiet}]}}"
    ),
    "nothing": "{events: [{type: look}, {after: 2h, type: buy}], until: 9h, expect: {fired: []}}",
    "an event about a thing that is waited for": (
        "{events: [{type: look, properties: {sku: a}}, {after: 1h, type: buy},"
        " {after: 1d, type: stock, of_thing: true, properties: {sku: b}},"
        " {after: 2d, type: stock, of_thing: true, properties: {sku: a}}],"
        " expect: {fired: [{after: 2d, trigger: back, emit: back}]}}"
    ),
    "every moment of a schedule": (
        "{at: 2026-01-01T11:00:00Z, facts: {age: 90}, until: 2d,"
        " expect: {fired: [{after: 1h, trigger: noon, emit: noon}, {after: 25h, trigger: noon, emit: noon}]}}"
    ),
    "facts that change meanwhile": (
        "{at: 2026-01-01T11:00:00Z, facts: {age: 89}, events: [{after: 2h, facts: {age: 90}}], until: 2d,"
        " expect: {fired: [{after: 25h, trigger: noon, emit: noon}]}}"
    ),
    "events that aggregates count": (
        "{facts: {age: 20}, events: [{type: buy}, {after: 1d, type: buy}], expect: {eligible: [call]}}"
    ),
    "an inferred segment that lapsed": (
        "{events: [{type: look}, {type: look}, {type: look}], until: 3d, expect: {not_segments: [hot]}}"
    ),
}


@pytest.mark.parametrize("body", PASSING.values(), ids=PASSING.keys())
def test_what_the_policy_does_passes(body: str, problems: Problems) -> None:
    assert problems(body) == ()


FAILING = {
    "an action that falls": (
        "{facts: {age: 17}, expect: {eligible: [call]}}",
        [("action call", "passes", "falls at ELIGIBILITY", "policy.yaml:15:84: adult: needs age >= 18; it held 17")],
    ),
    "an action too many": (
        "{facts: {age: 20, tier: silver}, context: {weather: rain}, expect: {only: [call]}}",
        [("action rain", "falls", "passes", "")],
    ),
    "an action that passes": (
        "{facts: {age: 20, tier: silver}, expect: {dropped: {call: SUITABILITY}}}",
        [("action call", "falls at SUITABILITY", "passes", "")],
    ),
    "another stage": (
        "{facts: {age: 20}, expect: {dropped: {call: ELIGIBILITY}}}",
        [("action call", "falls at ELIGIBILITY", "falls at SUITABILITY", "policy.yaml:19:48: silver_or_buyer")],
    ),
    "another rule": (
        "{facts: {age: 17}, expect: {dropped: {call: {stage: ELIGIBILITY, rule: grown}}}}",
        [("action call", "falls at ELIGIBILITY by grown", "falls at ELIGIBILITY", "policy.yaml:15:84: adult")],
    ),
    "another change": (
        "{facts: {age: 20}, expect: {dropped: {rain: {stage: APPLICABILITY, change: {context.weather: sun}}}}}",
        [("action rain", "falls at APPLICABILITY; passes if context.weather were 'sun'", "falls at APPLICABILITY", "")],
    ),
    "a treatment that passes": (
        "{facts: {age: 20, tier: silver, not_asleep: true}, expect: {dropped_treatments: {call_push: SUITABILITY}}}",
        [("treatment call_push", "falls at SUITABILITY", "passes", "")],
    ),
    "a segment": (
        "{facts: {tier: silver}, expect: {segments: [hot], not_segments: [silver]}}",
        [("segment hot", "in it", "not in it", ""), ("segment silver", "not in it", "in it", "")],
    ),
    "a firing that did not come": (
        "{events: [{type: look}], until: 1h, expect: {fired: [{after: 3h, trigger: quiet, emit: quiet}]}}",
        [("trigger quiet", "after 3h: quiet", "nothing", "")],
    ),
    "a firing at another time": (
        "{events: [{type: look}], until: 5h, expect: {fired: [{after: 2h, trigger: quiet, emit: quiet}]}}",
        [("trigger quiet", "after 2h: quiet", "after 3h: quiet", "")],
    ),
    "a firing nobody expected": (
        "{events: [{type: look}], until: 5h, expect: {fired: []}}",
        [("trigger quiet", "nothing", "after 3h: quiet", "")],
    ),
    "a firing after several units of time": (
        "{events: [{after: 4350m, type: look}], until: 5d,"
        " expect: {fired: [{after: 1w, trigger: quiet, emit: quiet}]}}",
        [("trigger quiet", "after 7d: quiet", "after 3d 3h 30m: quiet", "")],
    ),
}


@pytest.mark.parametrize(("body", "expected"), FAILING.values(), ids=FAILING.keys())
def test_what_it_does_not_fails_with_what_came(
    body: str, expected: list[tuple[str, str, str, str]], problems: Problems
) -> None:
    found = problems(body)
    assert [(each.about, each.expected, each.came) for each in found] == [each[:3] for each in expected]
    assert [each.why[: len(why)] for each, (*_, why) in zip(found, expected, strict=True)] == [
        why for *_, why in expected
    ]


WRONG = {
    "a misspelt key": ("tests: {one: {fcts: {}, expect: {}}}", "tests/t.yaml:1:15 UNKNOWN_KEY"),
    "a test that expects nothing": ("tests: {one: {}}", "tests/t.yaml:1:9 MISSING_KEY"),
    "an unknown action": ("tests: {one: {expect: {eligible: [cal]}}}", "tests/t.yaml:1:35 UNKNOWN_ACTION"),
    "an unknown segment": ("tests: {one: {expect: {segments: [x]}}}", "tests/t.yaml:1:35 UNKNOWN_SEGMENT"),
    "an unknown attribute": ("tests: {one: {facts: {aeg: 1}, expect: {}}}", "tests/t.yaml:1:28 UNKNOWN_ATTRIBUTE"),
    "a value of another type": ("tests: {one: {facts: {age: old}, expect: {}}}", "tests/t.yaml:1:28 WRONG_TYPE"),
    "an unknown persona": ("tests: {one: {persona: bob, expect: {}}}", "tests/t.yaml:1:24 UNKNOWN_PERSONA"),
    "an unknown trigger": (
        "tests: {one: {expect: {fired: [{trigger: x, emit: y}]}}}",
        "tests/t.yaml:1:32 UNKNOWN_TRIGGER",
    ),
    "a test twice": ("tests: {one: {expect: {}}, one: {expect: {}}}", "tests/t.yaml:1:28 DUPLICATE_TEST"),
    "no YAML": ("tests: [", "tests/t.yaml:1:9 YAML_SYNTAX"),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_test_is_a_finding(text: str, expected: str, run: Callable[[str], Run]) -> None:
    done = run(text)
    found = [f"{each.place.file}:{each.place.line}:{each.place.column} {each.code}" for each in done.findings]
    assert found == [expected]
    assert done.has_errors


def findings(run: Run) -> list[str]:
    return [f"{each.place.line}:{each.place.column} {each.code} {each.message}" for each in run.findings]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0999-12-31", "9000-01-01T00:00:00Z"])
def test_a_time_without_room_for_spans_is_refused_where_it_stands(at: str, run: Callable[[str], Run]) -> None:
    done = run(f"tests: {{one: {{at: {at}, facts: {{birth: {{ago: 5d}}, age: 90}}, expect: {{fired: []}}}}}}")
    assert (done.results, findings(done)) == ((), ["1:19 OUT_OF_RANGE at: must be of the years 1000 to 8999"])
    of_file = run(f"at: {at}\ntests: {{one: {{facts: {{birth: {{ago: 5d}}}}, expect: {{fired: []}}}}}}")
    assert (of_file.results, len(of_file.findings)) == ((), 1)


@pytest.mark.parametrize("at", ["1000-01-01T00:00:00Z", "8999-12-31T23:59:59Z"])
def test_the_first_and_the_last_time_have_room_for_the_longest_spans(at: str, problems: Problems) -> None:
    start = f"at: {at}, facts: {{birth: {{ago: 36525d}}, age: 3}}"
    assert problems(f"{{{start}, until: 36525d, expect: {{dropped: {{call: ELIGIBILITY}}}}}}") == ()
    assert problems(f"{{{start}, events: [{{type: look}}], until: 2d, expect: {{not_segments: [hot]}}}}") == ()


def test_every_wrong_fact_and_name_of_a_test_is_told(run: Callable[[str], Run]) -> None:
    done = run(
        "tests:\n  one:\n    facts: {age: x, agee: 3, birth: {timestamp: soon}}\n    context: {weathr: rain}\n"
        "    events: [{facts: {tier: 3}}]\n    expect: {eligible: [cal], segments: [slver]}\n"
    )
    assert [each.partition(" (did")[0] for each in findings(done)] == [
        "3:18 WRONG_TYPE age must be a int, not a string",
        '3:27 UNKNOWN_ATTRIBUTE no attribute "agee" is declared',
        "3:49 WRONG_TYPE birth: timestamp: must be a date such as 2026-11-01 or a timestamp, not 'soon'",
        '4:23 UNKNOWN_ATTRIBUTE no attribute "context.weathr" is declared',
        "5:29 WRONG_TYPE tier must be a string, not a int",
        '6:25 UNKNOWN_ACTION the policy has no action "cal"',
        '6:42 UNKNOWN_SEGMENT the policy has no segment "slver"',
    ]


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ("{timestmp: 2026-01-01}", 'unknown key "timestmp" (did you mean "timestamp"?)'),
        ("{ago: soon}", "ago: must be a duration"),
        ("{missing: false}", "must be a value, a list of values, or one of {timestamp: 2026-06-01T00:00:00Z}"),
        ("{ago: 1d, stale: 3}", "must be a value, a list of values, or one of {timestamp: 2026-06-01T00:00:00Z}"),
        ("[1, a]", "must hold values of one type"),
        ("{stale: [1]}", None),
    ],
)
def test_a_fact_that_cannot_be_read_is_told_once_with_its_name(
    fact: str, message: str | None, run: Callable[[str], Run]
) -> None:
    (found,) = run(f"tests: {{one: {{facts: {{birth: {fact}}}, expect: {{}}}}}}").findings
    assert found.message.startswith("birth")
    assert message is None or found.message.startswith(f"birth: {message}")


def test_a_policy_with_errors_is_not_tested(tmp_path: Path) -> None:
    done = run_tests({"policy.yaml": b"policy: x\ntraitz: {}", "tests/t.yaml": b"tests: {one: {expect: {}}}"}, tmp_path)
    assert (done.results, done.has_errors) == ((), True)


@pytest.mark.parametrize("path", sorted((ROOT / "services/cli/samples").glob("*/tests/*.yaml")), ids=str)
def test_the_sample_tests_satisfy_the_schema(path: Path) -> None:
    document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(case_schema())
    validator.check_schema(case_schema())
    # The schema is of JSON: an editor reads a date as text.
    document = {**document, "tests": {name: {**case, "at": ""} for name, case in document["tests"].items()}, "at": ""}
    errors = [error for error in validator.iter_errors(document) if "datetime" not in error.message]
    assert errors == []
