"""Random message rules and messages, all types, a third of the values missing, and what a reference makes of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from services.rules.domain.condition import (
    AllOf,
    AnyOf,
    Condition,
    Default,
    Fixed,
    Not,
    Operator,
    Term,
    TermKind,
    Test,
)
from services.rules.domain.constants import constant
from services.rules.domain.matching import NOW_ATTRIBUTE, Message, MessageRule, MessageRules
from shared.cel.syntax import Constant
from shared.values import AttributeType, Scalar, Value
from tests.support.kleene_matcher import verdict

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

TYPES: Mapping[str, AttributeType] = {
    "vip": AttributeType.BOOL,
    "age": AttributeType.INT,
    "visits": AttributeType.INT,
    "margin": AttributeType.DOUBLE,
    "tier": AttributeType.STRING,
    "context.weather": AttributeType.STRING,
    "event.id": AttributeType.STRING,
    "last_purchase": AttributeType.TIMESTAMP,
    "flags": AttributeType.BOOL_LIST,
    "sizes": AttributeType.INT_LIST,
    "prices": AttributeType.DOUBLE_LIST,
    "brands": AttributeType.STRING_LIST,
    "logins": AttributeType.TIMESTAMP_LIST,
}

POOLS: Mapping[AttributeType, tuple[Scalar, ...]] = {
    AttributeType.BOOL: (False, True),
    AttributeType.INT: (0, 1, 2, 5, 18, -1, 2**62, 2**63 - 1, -(2**63)),
    AttributeType.DOUBLE: (0.0, -0.0, 1.0, 5.0, 2.5, -1.5, 1e-05, 1e16, 1e22, 1e308, 5e-324, 0.1, 1 / 3),
    AttributeType.STRING: (
        *("", "a", "ab", "A", "b", "true", "false", "1", "5", "18", "null", "nil", "%", "a%20", " ", "é", "e\u0301"),
        *(
            "\U0001f600",
            "\uffff",
            'say "hi"\n\\',
            "\0",
            "a\0",
            "a" * 5_000,
            "a" * 70_000,
            "hello",
            "hello" + "x" * 65_536,
        ),
    ),
    AttributeType.TIMESTAMP: (
        *(NOW, NOW - timedelta(days=1), NOW - timedelta(days=1, milliseconds=-1), NOW + timedelta(milliseconds=1)),
        *(datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
        datetime(1, 1, 2, tzinfo=UTC),
    ),
}
_COMPARISONS = (
    *(Operator.EQUAL, Operator.NOT_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL),
    *(Operator.GREATER, Operator.GREATER_OR_EQUAL),
)
_OF_TEXT = (Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS)


class RandomRules:
    """Deterministic by its seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def rules(self, version: str, count: int) -> MessageRules:
        return MessageRules(version, TYPES, tuple(MessageRule(f"rule {i}", self.condition()) for i in range(count)))

    def message(self) -> Message:
        """About a third of the attributes are missing or None."""
        found: dict[str, Value] = {NOW_ATTRIBUTE: NOW, "undeclared": "x", "id": "forged", "$forward": 1}
        for name, kind in TYPES.items():
            if self._random.random() < 0.7:
                found[name] = self._value(kind)
            elif self._random.random() < 0.5:
                found[name] = None
        return found

    def condition(self, depth: int = 3) -> Condition:
        roll = self._random.random()
        if depth == 0 or roll < 0.35:
            return self._test()
        if roll < 0.4:
            return Fixed(self._random.randrange(3), "")
        if roll < 0.55:
            return Not(self.condition(depth - 1))
        parts = tuple(self.condition(depth - 1) for _ in range(self._random.randint(1, 3)))
        return AllOf(parts) if roll < 0.8 else AnyOf(parts)

    def _test(self) -> Test:
        name = self._random.choice(list(TYPES))
        kind = TYPES[name]
        if kind.is_list:
            if self._random.random() < 0.4:
                return self._of_int(TermKind.SIZE, name)
            return Test(Term(TermKind.VALUE, name), Operator.HAS, (self._constant(kind.element),))
        if kind is AttributeType.TIMESTAMP and self._random.random() < 0.5:
            return self._of_int(
                self._random.choice([TermKind.DAYS_SINCE, TermKind.HOURS_SINCE, TermKind.ELAPSED]), name
            )
        if kind is AttributeType.STRING and self._random.random() < 0.4:
            if self._random.random() < 0.3:
                return self._of_int(TermKind.SIZE, name)
            return Test(
                Term(TermKind.VALUE, name), self._random.choice(_OF_TEXT), (self._constant(kind),), self._default(kind)
            )
        if self._random.random() < 0.05:
            return self._compared(Term(TermKind.NOW, ""), AttributeType.TIMESTAMP, None)
        return self._compared(Term(TermKind.VALUE, name), kind, self._default(kind))

    def _of_int(self, kind: TermKind, name: str) -> Test:
        return self._compared(Term(kind, name), AttributeType.INT, self._default(TYPES[name]))

    def _compared(self, term: Term, kind: AttributeType, default: Default | None) -> Test:
        if self._random.random() < 0.25:
            count = self._random.choice([0, 1, 2, 3, 5])
            return Test(term, Operator.IN, tuple(self._constant(kind) for _ in range(count)), default)
        return Test(term, self._random.choice(_COMPARISONS), (self._constant(kind),), default)

    def _constant(self, kind: AttributeType) -> Constant:
        return constant(self._random.choice(POOLS[kind]))

    def _default(self, kind: AttributeType) -> Default | None:
        return Default(self._value(kind)) if self._random.random() < 0.15 else None

    def _value(self, kind: AttributeType) -> Value:
        pool = POOLS[kind.element]
        if not kind.is_list:
            return self._random.choice(pool)
        return tuple(self._random.choice(pool) for _ in range(self._random.randrange(4)))


def satisfied(rules: MessageRules, message: Message) -> frozenset[str]:
    """By the reference: the rules whose condition is TRUE."""
    return frozenset(rule.rule_id for rule in rules.rules if verdict(rule.condition, message) is True)
