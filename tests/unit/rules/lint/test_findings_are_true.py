"""What lint says of small worlds, in which every subject can be asked, is what asking them all says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import pytest

from services.rules.domain.evaluation import Explain
from services.rules.domain.indexed.clauses import drop_when
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.indexed.normalised import Normalised
from services.rules.domain.kleene import TRUE
from services.rules.domain.lint.budget import Budget
from services.rules.domain.lint.lint import LintReport, lint
from services.rules.domain.rule_set import AttributeDeclaration, Rule, RuleSet, Segment, Stage
from services.rules.domain.why.judging import Judges, Subject
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.values import AttributeType, Value, present
from tests.support.rules import BRANCH, NOW_MS, NOW_TIME, offer

WORLD: dict[str, tuple[AttributeType, tuple[Value, ...]]] = {
    "age": (AttributeType.INT, (1, 2, 3)),
    "tier": (AttributeType.STRING, ("ab", "b", "ba")),
    "vip": (AttributeType.BOOL, ()),
    "brands": (AttributeType.STRING_LIST, ("x", "y")),
}
VALUES: dict[str, list[Value]] = {
    "age": [1, 2, 3],
    "tier": ["ab", "b", "ba"],
    "vip": [True, False],
    "brands": [each for size in range(4) for each in combinations_with_replacement(("x", "y"), size)],
}
ATOMS = [
    *(f"age {operator} {number}" for operator in ("<", "<=", "==", "!=", ">") for number in (1, 2, 3)),
    *(f'tier {operator} "{text}"' for operator in ("==", "!=", "<", ">=") for text in ("ab", "b")),
    'tier.startsWith("b")',
    'tier.endsWith("a")',
    'tier.contains("b")',
    'tier in ["ab", "ba"]',
    "size(tier) > 1",
    "vip",
    "vip == false",
    '"x" in brands',
    '"y" in brands',
    *(f"size(brands) {operator} {number}" for operator in ("==", ">") for number in (0, 1)),
    "age * 2 == 4",
    'in_segment("young")',
    'in_segment("fans")',
]
SEGMENTS = (Segment("young", "age < 3", OnUnknown.PASS), Segment("fans", '"x" in brands && vip'))


@dataclass(frozen=True)
class World:
    """A rule set, its report, and everybody there is."""

    rules: tuple[Rule, ...]
    report: LintReport
    normalised: Normalised
    judges: Judges
    everybody: Sequence[Subject]
    reachable: bool

    def found(self, code: str) -> set[int]:
        """The lines of findings; the line is the number of the rule."""
        return {each.position.line for each in self.report.findings if each.code == code}

    def verdicts(self, rule: Rule, *, all_known: bool) -> set[int]:
        judge = self.judges.of(self.normalised.condition(rule.when, None, {}))
        return {judge(each) for each in self.everybody if not all_known or None not in each.values.values()}

    def is_shadowed(self, rule: Rule, others: Sequence[Rule]) -> bool:
        return all(
            any(self._drops(other, each) for other in others) for each in self.everybody if self._drops(rule, each)
        )

    def _drops(self, rule: Rule, subject: Subject) -> bool:
        return drop_when(rule)[self.judges.of(self.normalised.condition(rule.when, None, {}))(subject)]


def condition(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(ATOMS)
    if chance.random() < 0.2:
        return f"!({condition(chance, depth - 1)})"
    parts = [f"({condition(chance, depth - 1)})" for _ in range(chance.randint(2, 3))]
    return chance.choice((" && ", " || ")).join(parts)


def random_rules(chance: random.Random) -> Iterator[Rule]:
    for number in range(1, chance.randint(2, 4) + 1):
        on_unknown = chance.choice((OnUnknown.FAIL, OnUnknown.PASS))
        position = SourcePosition("rules.yaml", number, 1)
        yield Rule(f"r{number}", chance.choice(list(Stage)), condition(chance, 2), on_unknown, position=position)


def report_of(content: RuleSet) -> tuple[LintReport, Normalised, Judges]:
    cache = CompileCache()
    findings, checked = cache.checked(content)
    assert checked is not None, findings
    known = cache.known(checked.environment.variables, [each.segment_id for each in checked.segments])
    normalised = Normalised(checked, known)
    judges = Judges(normalised.segments, checked.attribute_types)
    return lint(checked, known, NOW_TIME, Budget(seconds=60, query_ms=10_000)), normalised, judges


def world(seed: int) -> World:
    chance = random.Random(seed)
    rules = tuple(random_rules(chance))
    attributes = tuple(AttributeDeclaration(name, kind, allowed) for name, (kind, allowed) in WORLD.items())
    content = RuleSet(attributes, SEGMENTS, (*BRANCH, offer("offer", rules)))
    everybody = [
        Subject(dict(zip(VALUES, values, strict=True)), NOW_TIME)
        for values in product(*([*values, None] for values in VALUES.values()))
    ]
    policy = IndexedEngine().compile(content).policy
    assert policy is not None
    facts = [{name: present(value) for name, value in each.values.items()} for each in everybody]
    answers = policy.evaluate_batch(facts, NOW_MS, Explain.NONE)
    reachable = any(not isinstance(each, Exception) and each.eligible_actions for each in answers)
    return World(rules, *report_of(content), everybody, reachable)


@pytest.mark.parametrize("seed", range(40))
def test_contradictions_and_tautologies_are_all_there_are(seed: int) -> None:
    asked = world(seed)
    assert asked.report.undecided == 0
    for number, rule in enumerate(asked.rules, start=1):
        if "age * 2" in rule.when:  # for lint the library's expressions can be anything
            assert number not in asked.found("CONTRADICTION") or TRUE not in asked.verdicts(rule, all_known=False)
            continue
        assert (number in asked.found("CONTRADICTION")) == (TRUE not in asked.verdicts(rule, all_known=False)), rule
        if number in asked.found("TAUTOLOGY"):
            assert asked.verdicts(rule, all_known=True) == {TRUE}
        elif rule.on_unknown is OnUnknown.PASS:
            assert asked.verdicts(rule, all_known=True) != {TRUE}, rule


@pytest.mark.parametrize("seed", range(40, 80))
def test_unreachable_actions_and_shadowed_rules_are_so(seed: int) -> None:
    asked = world(seed)
    for finding in asked.report.findings:
        if finding.code == "UNREACHABLE_ACTION" and "of whom all is known" not in finding.message:
            assert not asked.reachable, finding
    shadowed = asked.found("SHADOWED_RULE")
    kept = [rule for number, rule in enumerate(asked.rules, start=1) if number not in shadowed]
    for number in shadowed:
        rule = asked.rules[number - 1]
        assert asked.is_shadowed(rule, [each for each in kept if each.stage <= rule.stage]), rule
    if not asked.reachable:
        assert asked.report.findings or any("age * 2" in rule.when for rule in asked.rules)
