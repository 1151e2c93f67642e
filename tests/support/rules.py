"""Rule sets of a line or two, and what the two evaluators say about one condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from services.rules.domain.evaluation import EngagementPolicy, Evaluation, Explain
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.rule_set import (
    AttributeDeclaration,
    Finding,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    Stage,
)
from services.rules.domain.written import OnUnknown
from shared.cel.library import CelEnvironment, Failure
from shared.cel.preparation import NOW
from shared.clock import to_ms
from shared.values import AttributeType, Feature, Value

NOW_TIME = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
NOW_MS = to_ms(NOW_TIME)

Types = Mapping[str, AttributeType]
Facts = Mapping[str, Feature]


def rule_set(
    rules: Iterable[Rule],
    types: Types,
    *,
    segments: Sequence[Segment] = (),
    constants: Mapping[str, Value] | None = None,
) -> RuleSet:
    """One action, "offer", with these rules."""
    return RuleSet(declarations(types), tuple(segments), (*BRANCH, offer("offer", rules, constants)))


BRANCH = (Scope(ScopeLevel.ISSUE, "retain"), Scope(ScopeLevel.GROUP, "win_back", "retain"))


def offer(name: str, rules: Iterable[Rule] = (), constants: Mapping[str, Value] | None = None) -> Scope:
    """An action of the group win_back."""
    return Scope(ScopeLevel.ACTION, name, "win_back", rules=tuple(rules), attributes=constants or {})


def declarations(types: Types) -> tuple[AttributeDeclaration, ...]:
    return tuple(AttributeDeclaration(name, kind) for name, kind in types.items())


def compiled(content: RuleSet) -> EngagementPolicy:
    compilation = IndexedEngine().compile(content)
    assert compilation.policy is not None, compilation.findings
    return compilation.policy


def findings(content: RuleSet) -> tuple[Finding, ...]:
    return IndexedEngine().check(content)


def evaluate(content: RuleSet, facts: Facts, explain: Explain = Explain.FULL, now_ms: int = NOW_MS) -> Evaluation:
    return compiled(content).evaluate(facts, now_ms, explain)


def always_fails(when: str, types: Types, constants: Mapping[str, Value] | None = None) -> bool:
    """Whether a part of the condition fails whoever it is about: such a condition is refused."""
    found = findings(rule_set([Rule("r", Stage.ELIGIBILITY, when)], types, constants=constants))
    return any(each.code == "ALWAYS_FAILS" for each in found)


def indexed_verdict(when: str, types: Types, facts: Facts, constants: Mapping[str, Value] | None = None) -> bool | None:
    """What the indexed engine holds a condition to be: None for unknown.

    An unknown condition fails under FAIL and passes under PASS; a known one does the same under both.
    """
    strict = offer("strict", [Rule("r", Stage.ELIGIBILITY, when, OnUnknown.FAIL)], constants)
    lenient = offer("lenient", [Rule("r", Stage.ELIGIBILITY, when, OnUnknown.PASS)], constants)
    content = RuleSet(declarations(types), (), (*BRANCH, strict, lenient))
    kept = evaluate(content, facts, Explain.NONE).eligible_actions
    return {("strict", "lenient"): True, (): False, ("lenient",): None}[tuple(kept)]


def library_verdict(when: str, types: Types, facts: Facts, constants: Mapping[str, Value] | None = None) -> bool | None:
    """What the CEL library makes of the whole condition when unknown attributes have no value: None for an error."""
    own = {f"action.{name}": value for name, value in (constants or {}).items()}
    environment = CelEnvironment(
        {**types, **{name: type_of(value) for name, value in own.items() if value is not None}}
    )
    checked = environment.check(when)
    assert not isinstance(checked, tuple), checked
    known = {name: _for_library(each.value) for name, each in facts.items() if each.is_known and name in types}
    outcome = checked.program(checked.root, own).run(environment.activation({**known, NOW: NOW_TIME}))
    assert isinstance(outcome, bool | Failure), outcome
    return None if isinstance(outcome, Failure) else outcome


def type_of(value: Value) -> AttributeType:
    """The attribute type of a value; of an empty list, list<string>."""
    if isinstance(value, tuple):
        return AttributeType(type_of(value[0]) + 5) if value else AttributeType.STRING_LIST
    kinds = {bool: 1, int: 2, float: 3, str: 4, datetime: 5}
    return AttributeType(kinds[type(value)])


def _for_library(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value
