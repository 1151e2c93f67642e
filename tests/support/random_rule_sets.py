"""Random rule sets over all stages, levels and types, random subjects, and what the CEL library alone makes of them.

The reference evaluates every rule of every action by the library, whole, with no value for an unknown attribute, and
drops by what the rule says. It shares nothing with the engines but the tree of scopes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from services.rules.domain.rule_set import (
    AttributeDeclaration,
    EngineKind,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    Stage,
)
from services.rules.domain.threshold import value_text
from services.rules.domain.written import OnUnknown
from shared.cel.library import CelEnvironment, Failure, Program, is_readable
from shared.cel.preparation import NOW as NOW_VARIABLE
from shared.cel.preparation import segment_variable
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.durable_conditions import NOW, POOLS

TYPES: Mapping[str, AttributeType] = {
    "vip": AttributeType.BOOL,
    "age": AttributeType.INT,
    "visits": AttributeType.INT,
    "margin": AttributeType.DOUBLE,
    "tier": AttributeType.STRING,
    "context.weather": AttributeType.STRING,
    "last_purchase": AttributeType.TIMESTAMP,
    "sizes": AttributeType.INT_LIST,
    "brands": AttributeType.STRING_LIST,
}
CONSTANTS: Mapping[str, Value] = {"limit": 5, "price": 2.5, "brand": "ab", "is_new": True}

_SHORT = {
    kind: tuple(value for value in pool if not isinstance(value, str) or ("\0" not in value and len(value) < 100))
    for kind, pool in POOLS.items()
}
"""The library cuts strings at a zero character."""
_COMPARED = ("==", "!=", "<", "<=", ">", ">=")


class RandomRuleSets:
    """Deterministic by its seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._segments: list[str] = []

    def rule_set(self, actions: int = 6) -> RuleSet:
        self._segments = []
        segments = tuple(self._segment(name) for name in ("gold", "lapsed"))
        group = Scope(ScopeLevel.GROUP, "win_back", "retain", rules=self._rules(2))
        scopes = [
            Scope(ScopeLevel.POLICY, rules=self._rules(1)),
            Scope(ScopeLevel.ISSUE, "retain", rules=self._rules(1)),
            group,
        ]
        for number in range(actions):
            own = {**CONSTANTS, "limit": self._random.choice([0, 5, 18])}
            scopes.append(
                Scope(ScopeLevel.ACTION, f"action_{number}", "win_back", rules=self._rules(3), attributes=own)
            )
        declared = tuple(AttributeDeclaration(name, kind) for name, kind in TYPES.items())
        return RuleSet(declared, segments, tuple(scopes), EngineKind.DURABLE)

    def subject(self) -> dict[str, Feature]:
        return {name: self._feature(kind) for name, kind in TYPES.items()}

    def _segment(self, name: str) -> Segment:
        when = self.condition(2, reads_action=False)
        self._segments.append(name)
        return Segment(name, when, self._random.choice([OnUnknown.FAIL, OnUnknown.PASS]))

    def _rules(self, most: int) -> tuple[Rule, ...]:
        return tuple(self._rule(number) for number in range(self._random.randint(0, most)))

    def _rule(self, number: int) -> Rule:
        stage = self._random.choice(list(Stage))
        when = self.condition(3)
        return Rule(f"rule_{number}", stage, when, self._random.choice([OnUnknown.FAIL, OnUnknown.PASS]))

    def condition(self, depth: int, *, reads_action: bool = True) -> str:
        roll = self._random.random()
        inner: Callable[[], str] = lambda: self.condition(depth - 1, reads_action=reads_action)  # noqa: E731
        if depth == 0 or roll < 0.4:
            return self._test(reads_action)
        if roll < 0.5:
            return f"!({inner()})"
        if roll < 0.55:
            return f"({inner()} ? {inner()} : {inner()})"
        if roll < 0.62 and self._segments:
            return f'in_segment("{self._random.choice(self._segments)}")'
        sign = " && " if roll < 0.82 else " || "
        return f"({sign.join(inner() for _ in range(self._random.randint(2, 3)))})"

    def _test(self, reads_action: bool) -> str:
        name, kind = self._random.choice(list(TYPES.items()))
        roll = self._random.random()
        if kind.is_list:
            held = f"{self._literal(kind.element)} in {name}"
            return self._random.choice([held, f"size({name}) {self._sign()} {self._random.randrange(4)}"])
        if kind is AttributeType.BOOL:
            return name
        if kind is AttributeType.STRING and roll < 0.3:
            return f"{name}.{self._random.choice(['startsWith', 'endsWith', 'contains'])}({self._literal(kind)})"
        if kind is AttributeType.TIMESTAMP and roll < 0.6:
            days = f"days_since({name}) {self._sign()} {self._random.randrange(-1, 4)}"
            return self._random.choice([days, f"{name} {self._sign()} now()"])
        if roll < 0.2 and reads_action and kind in (AttributeType.INT, AttributeType.DOUBLE, AttributeType.STRING):
            own = {AttributeType.INT: "limit", AttributeType.DOUBLE: "price", AttributeType.STRING: "brand"}[kind]
            return f"{name} {self._sign()} action.{own}"
        if roll < 0.35:
            return f"{name} in [{', '.join(self._literal(kind) for _ in range(self._random.randint(1, 4)))}]"
        if roll < 0.4 and kind is AttributeType.INT:
            return f"{name} + 1 {self._sign()} visits"
        return f"{name} {self._sign()} {self._literal(kind)}"

    def _sign(self) -> str:
        return self._random.choice(_COMPARED)

    def _literal(self, kind: AttributeType) -> str:
        return value_text(self._random.choice(_SHORT[kind]))

    def _feature(self, kind: AttributeType) -> Feature:
        roll = self._random.random()
        if roll < 0.3:
            return self._random.choice([NOT_FOUND, NULL, Feature(self._value(kind), FeatureStatus.STALE)])
        return present(self._value(kind))

    def _value(self, kind: AttributeType) -> Value:
        pool = _SHORT[kind.element]
        if not kind.is_list:
            return self._random.choice(pool)
        return tuple(self._random.choice(pool) for _ in range(self._random.randrange(4)))


class LibraryEngine:
    """The eligible actions of a rule set by the library alone."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._programs: dict[tuple[str, str], Program] = {}
        kinds = {
            int: AttributeType.INT,
            float: AttributeType.DOUBLE,
            str: AttributeType.STRING,
            bool: AttributeType.BOOL,
        }
        own = {f"action.{name}": kinds[type(value)] for name, value in CONSTANTS.items()}
        self._environment = CelEnvironment({**TYPES, **own}, [each.segment_id for each in rule_set.segments])

    def eligible(self, facts: Mapping[str, Feature]) -> list[str]:
        known = {name: _plain(each.value) for name, each in facts.items() if each.is_known and is_readable(each.value)}
        variables: dict[str, object] = {**known, NOW_VARIABLE: NOW}
        for segment in self._rule_set.segments:
            verdict = self._verdict(segment.when, {}, variables)
            is_member = segment.on_unknown is OnUnknown.PASS if verdict is None else verdict
            variables[segment_variable(segment.segment_id)] = is_member
        inherited = [scope for scope in self._rule_set.scopes if scope.level is not ScopeLevel.ACTION]
        return [
            action.scope_id
            for action in self._rule_set.scopes
            if action.level is ScopeLevel.ACTION
            and not any(self._drops(rule, action, variables) for scope in (*inherited, action) for rule in scope.rules)
        ]

    def _drops(self, rule: Rule, action: Scope, variables: Mapping[str, object]) -> bool:
        own = {f"action.{name}": value for name, value in action.attributes.items()}
        verdict = self._verdict(rule.when, own, variables)
        if verdict is None:
            return rule.on_unknown is not OnUnknown.PASS
        return verdict is (rule.stage is Stage.SUPPRESSION)

    def _verdict(self, when: str, own: Mapping[str, Value], variables: Mapping[str, object]) -> bool | None:
        outcome = self._program(when, own).run(self._environment.activation(variables))
        assert isinstance(outcome, bool | Failure), outcome
        return None if isinstance(outcome, Failure) else outcome

    def _program(self, when: str, own: Mapping[str, Value]) -> Program:
        key = (when, repr(own))
        if key not in self._programs:
            checked = self._environment.check(when)
            assert not isinstance(checked, tuple), (when, checked)
            self._programs[key] = checked.program(checked.root, own)
        return self._programs[key]


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value
