"""The case files are the specification of conditions: the indexed engine and the CEL library both meet it."""

from __future__ import annotations

from typing import Any

import pytest

from services.rules.domain.rule_set import Rule, Segment, Stage
from services.rules.domain.written import OnUnknown
from tests.support.rules import always_fails, evaluate, indexed_verdict, library_verdict, rule_set
from tests.support.rules_cases import Case, cases, read_facts, read_value

CONDITIONS = [*cases("cel_language"), *cases("tandem_additions")]
POLICIES = cases("on_unknown")

DEVIATIONS = {"string with a zero byte": "the library cuts the strings it is given at a zero character"}
"""Of the library from the language definition."""


def answered(verdict: bool | None, case: Case) -> Any:
    """As the files write it: what is not known although every fact is, is an error."""
    if verdict is not None:
        return verdict
    return "error" if all(fact.is_known for fact in read_facts(case["facts"])[1].values()) else "unknown"


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: case["name"])
def test_the_index_answers_as_the_case_says(case: Case) -> None:
    types, facts = read_facts(case["facts"])
    if always_fails(case["expr"], types):
        assert case["expect"] == "error"
    else:
        assert answered(indexed_verdict(case["expr"], types, facts), case) == case["expect"]


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: case["name"])
def test_the_library_answers_as_the_case_says(case: Case) -> None:
    agrees = answered(library_verdict(case["expr"], *read_facts(case["facts"])), case) == case["expect"]
    assert agrees == (case["name"] not in DEVIATIONS)


@pytest.mark.parametrize("case", POLICIES, ids=lambda case: case["name"])
def test_a_rule_keeps_or_drops_as_the_case_says(case: Case) -> None:
    types, facts = read_facts(case["facts"])
    rule = Rule("r", Stage[case["stage"]], case["when"], OnUnknown[case["on_unknown"]], read_value(case.get("default")))
    segments = [
        Segment(each["segment_id"], each["when"], OnUnknown[each["on_unknown"]], read_value(each.get("default")))
        for each in case.get("segments", [])
    ]
    kept = evaluate(rule_set([rule], types, segments=segments), facts).eligible_actions
    assert kept == (["offer"] if case["expect"] == "kept" else [])


def test_there_are_enough_cases_and_each_has_its_own_name() -> None:
    names = [case["name"] for case in [*CONDITIONS, *POLICIES]]
    assert len(names) == len(set(names)) >= 120
