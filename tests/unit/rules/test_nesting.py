"""Nested and, or and not compile to as much as is written, however deep they alternate."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.domain.evaluation import Explain
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.indexed.policy import IndexedPolicy
from services.rules.domain.rule_set import Rule, RuleSet, Segment, Stage
from shared.values import NOT_FOUND, AttributeType, present
from tests.support.rules import (
    BRANCH,
    NOW_MS,
    compiled,
    declarations,
    findings,
    indexed_verdict,
    library_verdict,
    offer,
    rule_set,
)

NAMES = ("a", "b", "c", "d")
TYPES = dict.fromkeys(NAMES, AttributeType.INT)
VALUES = st.one_of(st.integers(0, 2).map(present), st.just(NOT_FOUND))
LAYERS = st.lists(
    st.tuples(st.sampled_from(["&&", "||"]), st.sampled_from(NAMES), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=28,
).filter(lambda layers: sum(1 + negated for *_, negated in layers) <= 28)


def nested(layers: list[tuple[str, str, int, bool]]) -> str:
    """Every layer around the one before; the library nests 32 deep, and a negation is a level of its own."""

    def wrap(inner: str, layer: tuple[str, str, int, bool]) -> str:
        sign, name, bound, negated = layer
        return f"{name} > {bound} {sign} {'!' if negated else ''}({inner})"

    return reduce(wrap, layers, "a == 1")


def size(condition: str) -> int:
    policy = IndexedEngine().compile(rule_set([Rule("r", Stage.ELIGIBILITY, condition)], TYPES)).policy
    assert isinstance(policy, IndexedPolicy)
    program = policy.program
    operands = sum(len(getattr(step, "slots", (0,))) for step in program.steps)
    regions = len(policy.lookups.tables.rows)
    return sum(len(probe.tests) for probe in program.probes) + operands + regions + len(policy.checks)


@settings(max_examples=60)
@given(layers=LAYERS, facts=st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)))
def test_deep_alternations_mean_what_the_library_says(layers: list[tuple[str, str, int, bool]], facts: dict) -> None:  # type: ignore[type-arg]
    when = nested(layers)
    assert indexed_verdict(when, TYPES, facts) == library_verdict(when, TYPES, facts)


@pytest.mark.parametrize("negated", [False, True])
def test_thirty_alternations_compile_to_a_size_in_proportion(negated: bool) -> None:
    def alternating(depth: int) -> str:
        signs = ["&&", "||"] * depth
        return nested([(signs[place], NAMES[place % 4], place, negated) for place in range(depth)])

    depths = (4, 8, 14) if negated else (8, 16, 28)
    small, medium, large = (size(alternating(depth)) for depth in depths)
    assert large - medium <= 2 * (medium - small) + 4
    assert large < 8 * 28


def test_segments_within_segments_as_deep_as_allowed_compile_and_evaluate() -> None:
    segments = chained("a > 0 || !(b > 0 && c > 0)", 32)
    rules = [Rule("r", Stage.ELIGIBILITY, "in_segment('s31')")]
    policy = compiled(RuleSet(declarations(TYPES), segments, (*BRANCH, offer("x", rules))))
    facts = {"a": present(1)}
    assert policy.evaluate(facts, NOW_MS, Explain.FULL).eligible_actions == ["x"]
    assert len(policy.segments_of(facts, NOW_MS)) == 32
    dropped = policy.evaluate({"a": present(0), "b": present(1), "c": present(0)}, NOW_MS, Explain.FULL)
    assert [each.rule_id for each in dropped.dropped] == ["r"]


def test_segments_that_nest_deeper_through_one_another_are_refused() -> None:
    segments = chained("a > 0 || !(b > 0 && " * 9 + "c > 0" + ")" * 9, 32)
    found = findings(RuleSet(declarations(TYPES), segments))
    assert {each.code for each in found} == {"LIMIT"}
    assert found[0].message.startswith("with the segments it uses, it nests && || ! ")
    assert found[0].message.endswith(" deep; 128 is allowed")


def chained(condition: str, count: int) -> tuple[Segment, ...]:
    """Each but the first has the one before in the place of `c > 0`."""
    later = (condition.replace("c > 0", f"in_segment('s{place - 1}')") for place in range(1, count))
    return Segment("s0", condition), *(Segment(f"s{place}", when) for place, when in enumerate(later, 1))
