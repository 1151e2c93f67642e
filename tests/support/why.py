"""Random rule sets over small finite domains, and the smallest change found by trying everything.

The reference knows nothing of the index and of the search: every rule is evaluated by the CEL library, once for every
combination of values of the attributes it reads, and every change of up to three attributes is looked at.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.rule_set import AttributeDeclaration, Rule, RuleSet, Scope, ScopeLevel, Segment, Stage
from services.rules.domain.written import OnUnknown
from shared.cel.library import CelEnvironment, CheckedExpression, Program
from shared.cel.preparation import NOW, segment_variable
from shared.cel.syntax import Call, Constant, free_names, walk
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.rules import NOW_TIME

DAY = timedelta(days=1)
ACTIONS = ("a0", "a1", "a2", "a3", "a4")
TREATMENTS = {"a0_web": "a0", "a1_web": "a1"}
"""By the action they are of."""


def declared(name: str, kind: AttributeType, *allowed: Value, immutable: bool = False) -> AttributeDeclaration:
    return AttributeDeclaration(name, kind, allowed, immutable)


ATTRIBUTES = (
    declared("age", AttributeType.INT, immutable=True),
    declared("visits", AttributeType.INT),
    declared("rating", AttributeType.INT, 1, 2, 3, 4, 5),
    declared("margin", AttributeType.DOUBLE),
    declared("tier", AttributeType.STRING, "tin", "silver", "gold"),
    declared("city", AttributeType.STRING),
    declared("vip", AttributeType.BOOL),
    declared("seen", AttributeType.TIMESTAMP),
    declared("brands", AttributeType.STRING_LIST),
    declared("context.weather", AttributeType.STRING, "rain", "sun"),
)
MAX_READ = 4
"""Attributes of one rule: the reference tries every combination of their values."""
TYPES = {each.name: each.type for each in ATTRIBUTES}
DOMAINS: Mapping[str, tuple[Value, ...]] = {
    "age": (None, 12, 16, 18, 30, 70),
    "visits": (None, 0, 1, 2, 3, 5, 6),
    "rating": (None, 1, 2, 3, 4, 5),
    "margin": (None, -0.5, 0.0, 0.5, 1.0, 2.5, 7.0),
    "tier": (None, "tin", "silver", "gold"),
    "city": (None, "", "paris", "pau", "lyon", "oslo"),
    "vip": (None, False, True),
    "seen": (None, *(NOW_TIME - days * DAY for days in (-1, 0, 0.5, 1, 2.5, 3, 30))),
    "brands": (None, (), ("asics",), ("nike",), ("puma",), ("asics", "nike"), ("nike", "puma")),
    "context.weather": (None, "rain", "sun"),
}
"""What a subject may hold, and what the reference tries; None is unknown."""

_ATOMS: Mapping[str, tuple[str, ...]] = {
    "age": ("age >= 18", "age < 65", "age != 30"),
    "visits": (
        "visits > 2",
        "visits <= 4",
        "visits in [0, 3, 5]",
        "visits == 6",
        "visits != 1",
        "0 < visits",
        "visits >= 3",
    ),
    "rating": ("rating >= 4", "rating * 2 > 7", "rating % 2 == 0", "rating in [1, 5]", "10 / rating > 3"),
    "margin": ("margin > 0.5", "margin <= 0.0", "margin in [0.5, 7.0]", "margin < action.price", "margin != 2.5"),
    "tier": ("tier == 'gold'", "tier in ['gold', 'silver']", "tier + '!' == 'gold!'", "tier != 'tin'"),
    "city": ("city == 'paris'", "city.startsWith('p')", "city.endsWith('n')", "city != ''", "size(city) > 3"),
    "vip": ("vip", "!vip", "(vip ? rating : 3) > 2"),
    "seen": ("days_since(seen) > 2", "days_since(seen) == 0", "seen < now()", "hours_since(seen) <= 36"),
    "brands": ("'nike' in brands", "size(brands) >= 2", "'asics' in brands", "size(brands) == 0"),
    "context.weather": ("context.weather == 'rain'", "context.weather in ['sun']"),
}
_DEFAULTS: Mapping[str, Value] = {
    "age": 18, "visits": 3, "rating": 4, "margin": 1.0, "tier": "gold", "city": "pau", "vip": True
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """`rules` are all that an action or a treatment must pass, `constants` what they read as action.<name>."""

    rule_set: RuleSet
    rules: Mapping[str, Sequence[Rule]]
    constants: Mapping[str, Mapping[str, Value]]


def random_world(source: random.Random) -> World:
    """A few actions and treatments, with rules on every level."""
    segments: list[Segment] = []
    for number in range(3):
        unknown = source.choice([OnUnknown.FAIL, OnUnknown.PASS])
        segments.append(Segment(f"s{number}", _condition(source, 1, segments), unknown))
    sizes = {"policy": 1, "issue": 1, "group": 1, "web": 1} | dict.fromkeys(ACTIONS, 2) | dict.fromkeys(TREATMENTS, 1)
    rules = {name: tuple(_rules(source, name, most, segments)) for name, most in sizes.items()}
    prices: dict[str, Value] = {name: source.choice([0.5, 1.0, 7.0]) for name in ACTIONS}
    scopes = (
        Scope(ScopeLevel.POLICY, rules=rules["policy"]),
        Scope(ScopeLevel.ISSUE, "issue", rules=rules["issue"]),
        Scope(ScopeLevel.GROUP, "group", "issue", rules["group"]),
        *(Scope(ScopeLevel.ACTION, each, "group", rules[each], (), {"price": prices[each]}) for each in ACTIONS),
        Scope(ScopeLevel.CHANNEL, "web", rules=rules["web"]),
        *(Scope(ScopeLevel.TREATMENT, each, of, rules[each], channel="web") for each, of in TREATMENTS.items()),
    )
    inherited = rules["policy"] + rules["issue"] + rules["group"]
    must_pass = {name: inherited + rules[name] for name in ACTIONS}
    must_pass |= {name: must_pass[of] + rules["web"] + rules[name] for name, of in TREATMENTS.items()}
    constants = {name: {"action.price": prices[TREATMENTS.get(name, name)]} for name in must_pass}
    return World(RuleSet(ATTRIBUTES, tuple(segments), scopes), must_pass, constants)


def random_facts(source: random.Random) -> dict[str, Feature]:
    return {name: _feature(source, domain) for name, domain in DOMAINS.items()}


def _feature(source: random.Random, domain: Sequence[Value]) -> Feature:
    value = source.choice(domain)
    if value is None:
        return source.choice([NOT_FOUND, NULL, Feature(source.choice(domain[1:]), FeatureStatus.STALE)])
    return present(value)


def _rules(source: random.Random, scope: str, most: int, segments: Sequence[Segment]) -> Iterator[Rule]:
    for number in range(source.randint(0, most)):
        stage = source.choice(list(Stage))
        name = f"{scope}_{number}"
        if source.random() < 0.2:
            attribute = source.choice(list(_DEFAULTS))
            when = source.choice([atom for atom in _ATOMS[attribute] if "action" not in atom and "?" not in atom])
            yield Rule(name, stage, when, OnUnknown.DEFAULT, _DEFAULTS[attribute])
        else:
            unknown = source.choice([OnUnknown.FAIL, OnUnknown.FAIL, OnUnknown.PASS])
            yield Rule(name, stage, _condition(source, 2, segments, may_read_action=True), unknown)


def _condition(source: random.Random, depth: int, segments: Sequence[Segment], *, may_read_action: bool = False) -> str:
    """One that reads few enough attributes for the reference."""
    while True:
        when = _any_condition(source, depth, segments)
        if len(_read_by(when, segments)) <= MAX_READ and (may_read_action or "action." not in when):
            return when


def _any_condition(source: random.Random, depth: int, segments: Sequence[Segment]) -> str:
    if depth == 0 or source.random() < 0.4:
        if segments and source.random() < 0.15:
            return f"in_segment('{source.choice(segments).segment_id}')"
        return source.choice(_ATOMS[source.choice(list(_ATOMS))])
    joined = source.choice([" && ", " || "]).join(_any_condition(source, depth - 1, segments) for _ in range(2))
    return f"!({joined})" if source.random() < 0.2 else f"({joined})"


def _read_by(when: str, segments: Sequence[Segment]) -> set[str]:
    inside = [each for each in segments if f"'{each.segment_id}'" in when]
    return {name for name in TYPES if name in when}.union(*(_read_by(each.when, segments) for each in inside))


def distance(held: Feature, needed: Value) -> float:
    """As services/rules/domain/why/distance.py says it, written again."""
    if held.status is not FeatureStatus.PRESENT:
        base = held.value if held.status is FeatureStatus.STALE else None
        return 0.0 if needed is None else 1.0 + (0.0 if base is None else _between(base, needed))
    return 1.0 if needed is None else _between(held.value, needed)


def _between(held: Value, needed: Value) -> float:
    if isinstance(held, tuple) and isinstance(needed, tuple):
        one, other = Counter(held), Counter(needed)
        return sum(((one - other) + (other - one)).values())
    if isinstance(held, datetime) and isinstance(needed, datetime):
        held, needed = (NOW_TIME - held) / DAY, (NOW_TIME - needed) / DAY
    if isinstance(held, bool | str):
        return float(held != needed)
    assert isinstance(held, int | float)
    assert isinstance(needed, int | float)
    apart = abs(held - needed) / max(1.0, abs(held))
    return apart / (1 + apart)


Table = tuple[tuple[str, ...], NDArray[np.bool_]]
"""The attributes a rule reads, and whether an action passes it: one axis per attribute, over its domain."""


@dataclass(slots=True)
class Reference:
    """Of one world."""

    world: World
    _environment: CelEnvironment = field(init=False)
    _segments: dict[str, tuple[Segment, CheckedExpression]] = field(init=False)
    _tables: dict[tuple[str, str], Table] = field(default_factory=dict)
    _programs: dict[str, Program] = field(default_factory=dict)
    _segments_used: dict[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        segments = self.world.rule_set.segments
        constants = {"action.price": AttributeType.DOUBLE}
        self._environment = CelEnvironment({**TYPES, **constants}, [each.segment_id for each in segments])
        self._segments = {each.segment_id: (each, self._checked(each.when)) for each in segments}

    def smallest(self, name: str, facts: Mapping[str, Feature], mutable: Sequence[str]) -> tuple[int, float] | None:
        """How many of the attributes must change, at most three, and how far; None where no such change does."""
        tables = [self._table(name, rule) for rule in self.world.rules[name]]
        read = [each for each in mutable if any(each in table[0] for table in tables)]
        for count in range(1, 4):
            distances = [self._least(tables, facts, chosen) for chosen in combinations(read, count)]
            if (least := min(distances, default=np.inf)) < np.inf:
                return count, least
        return None

    def _least(self, tables: Sequence[Table], facts: Mapping[str, Feature], chosen: Sequence[str]) -> float:
        passes: NDArray[np.bool_] = np.ones([len(DOMAINS[name]) for name in chosen], dtype=np.bool_)
        apart = np.zeros(passes.shape)
        for axis, name in enumerate(chosen):
            own = np.array([distance(facts[name], value) for value in DOMAINS[name]])
            apart += own.reshape([-1 if each == axis else 1 for each in range(len(chosen))])
        for read, table in tables:
            picked = table[tuple(slice(None) if name in chosen else _place(facts[name], name) for name in read)]
            order = [name for name in read if name in chosen]
            picked = picked.transpose([order.index(name) for name in chosen if name in order])
            passes &= picked.reshape([len(DOMAINS[name]) if name in order else 1 for name in chosen])
        return float(apart[passes].min(initial=np.inf))

    def _table(self, name: str, rule: Rule) -> Table:
        key = rule.rule_id, name
        if key not in self._tables:
            checked = self._checked(rule.when)
            read = self._read(checked)
            shape = [len(DOMAINS[name]) for name in read]
            constants = self.world.constants[name]
            cells = [
                _is_passed(rule, self._outcome(checked, {**dict(zip(read, values, strict=True)), **constants}, rule))
                for values in product(*(DOMAINS[name] for name in read))
            ]
            self._tables[key] = read, np.array(cells, dtype=np.bool_).reshape(shape)
        return self._tables[key]

    def _read(self, checked: CheckedExpression) -> tuple[str, ...]:
        """With what its segments read."""
        names = {name: None for name in free_names(checked.root) if name in TYPES}
        for segment_id in self._used(checked):
            names |= dict.fromkeys(self._read(self._segments[segment_id][1]))
        return tuple(names)

    def _outcome(self, checked: CheckedExpression, values: Mapping[str, Value], rule: Rule | Segment) -> bool | None:
        """None for unknown."""
        known = {name: rule.default_value if value is None else value for name, value in values.items()}
        bound = {name: _for_library(value) for name, value in known.items() if value is not None}
        for segment_id in self._used(checked):
            segment, inside = self._segments[segment_id]
            outcome = self._outcome(inside, values, segment)
            is_member = segment.on_unknown is OnUnknown.PASS if outcome is None else outcome
            bound[segment_variable(segment_id)] = is_member
        verdict = self._program(checked).run(self._environment.activation({**bound, NOW: NOW_TIME}))
        return verdict if isinstance(verdict, bool) else None

    def _used(self, checked: CheckedExpression) -> Sequence[str]:
        key = checked.text
        if key not in self._segments_used:
            self._segments_used[key] = tuple(_segment_ids(checked))
        return self._segments_used[key]

    def _program(self, checked: CheckedExpression) -> Program:
        key = checked.text
        if key not in self._programs:
            self._programs[key] = checked.program(checked.root, {})
        return self._programs[key]

    def _checked(self, when: str) -> CheckedExpression:
        checked = self._environment.check(when)
        assert isinstance(checked, CheckedExpression), checked
        return checked


def _segment_ids(checked: CheckedExpression) -> Iterator[str]:
    for node in walk(checked.root):
        match node:
            case Call(function="in_segment", arguments=(Constant(value=str(segment_id)),)):
                yield segment_id


def _for_library(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


def _place(held: Feature, name: str) -> int:
    return DOMAINS[name].index(held.value if held.is_known else None)


def _is_passed(rule: Rule, outcome: bool | None) -> bool:
    if outcome is None:
        return rule.on_unknown is OnUnknown.PASS
    return outcome is not (rule.stage is Stage.SUPPRESSION)
