"""Matches messages without an engine: the conditions of the rules, by Kleene's logic, straight from their trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.rules.domain.condition import AllOf, AnyOf, Condition, Fixed, Not, Operator, TermKind, Test
from services.rules.domain.matching import NOW_ATTRIBUTE, Message, MessageRules, Refusal, Unmatched
from shared.errors import NotFound
from shared.values import AttributeType, conform

_HOLDS: Mapping[Operator, Callable[[Any, list[Any]], bool]] = {
    Operator.EQUAL: lambda value, given: value == given[0],
    Operator.NOT_EQUAL: lambda value, given: value != given[0],
    Operator.LESS: lambda value, given: value < given[0],
    Operator.LESS_OR_EQUAL: lambda value, given: value <= given[0],
    Operator.GREATER: lambda value, given: value > given[0],
    Operator.GREATER_OR_EQUAL: lambda value, given: value >= given[0],
    Operator.IN: lambda value, given: value in given,
    Operator.HAS: lambda value, given: given[0] in value,
    Operator.STARTS_WITH: lambda value, given: value.startswith(given[0]),
    Operator.ENDS_WITH: lambda value, given: value.endswith(given[0]),
    Operator.CONTAINS: lambda value, given: given[0] in value,
}
_SINCE = {
    TermKind.DAYS_SINCE: timedelta(days=1),
    TermKind.HOURS_SINCE: timedelta(hours=1),
    TermKind.ELAPSED: timedelta(microseconds=1),
}


class KleeneMatcher:
    """See Matcher. Holds every rule; `unmatchable` is what it refuses, a message by a predicate."""

    def __init__(self, unmatchable: Callable[[Message], bool] = lambda _: False) -> None:
        self._versions: dict[str, MessageRules] = {}
        self._unmatchable = unmatchable

    def check(self, rules: MessageRules) -> Sequence[Refusal]:
        return ()

    async def load(self, rules: MessageRules) -> None:
        self._versions[rules.version] = rules

    async def unload(self, version: str) -> None:
        self._versions.pop(version, None)

    async def match(self, version: str, messages: Sequence[Message]) -> Sequence[frozenset[str] | Unmatched]:
        if version not in self._versions:
            raise NotFound("RULE_SET_NOT_FOUND", f"version {version!r} is not loaded")
        return [self.answer(self._versions[version], message) for message in messages]

    def answer(self, rules: MessageRules, message: Message) -> frozenset[str] | Unmatched:
        return Unmatched("refused") if self._unmatchable(message) else satisfied(rules, message)


def satisfied(rules: MessageRules, message: Message) -> frozenset[str]:
    """The ids of the rules that are TRUE. Every value must be of the type that the rules declare."""
    for name, value in message.items():
        kind = AttributeType.TIMESTAMP if name == NOW_ATTRIBUTE else rules.attributes[name]
        assert conform(value, kind) == value, (name, value)
    return frozenset(rule.rule_id for rule in rules.rules if verdict(rule.condition, message) is True)


def verdict(condition: Condition, message: Message) -> bool | None:
    """None for unknown."""
    match condition:
        case Test():
            return _test(condition, message)
        case Fixed(verdict=fixed):
            return {0: False, 1: True}.get(fixed)
        case Not(operand=operand):
            inner = verdict(operand, message)
            return None if inner is None else not inner
        case AllOf(operands=parts):
            found = [verdict(part, message) for part in parts]
            return False if False in found else None if None in found else True
        case AnyOf(operands=parts):
            found = [verdict(part, message) for part in parts]
            return True if True in found else None if None in found else False
    raise AssertionError(f"{condition} is for no single-message rule")


def _test(test: Test, message: Message) -> bool | None:
    kind = test.term.kind
    value: Any = message.get(NOW_ATTRIBUTE if kind is TermKind.NOW else test.term.attribute)
    if value is None and test.default is not None:
        value = test.default.value
    if value is None:
        return None
    if kind in _SINCE:
        now = message.get(NOW_ATTRIBUTE)
        if not isinstance(now, datetime):
            return None
        value = (now - value) // _SINCE[kind]
    elif kind is TermKind.SIZE:
        value = len(value)
    return _HOLDS[test.operator](value, [operand.value for operand in test.operands])
