"""What the expressions of triggers may read: the subject's attributes, and properties of an event.

There is no request, so there is no context.<name>; a segment may say it, and finds it unknown.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.rules.domain.declarations import declared_types
from services.rules.domain.expression_check import Found, Purpose, check_expression
from services.rules.domain.finding_log import FindingLog
from services.rules.domain.normalise import segment_ids
from services.rules.domain.rule_set import RuleSet, Segment
from services.rules.domain.segment_order import ordered_segments, unique_segments
from services.rules.domain.triggers.declaration import Pattern, Trigger
from shared.cel.library import CelEnvironment, CheckedExpression
from shared.cel.syntax import Node, free_names
from shared.values import AttributeType

EVENT_PREFIX = "event."
_CONTEXT_PREFIX = "context."

EventTypes = tuple[str, ...]
"""Of the event that an expression reads: it is of one of these types. None of them: there is no event."""


class Vocabulary:
    """Names with their types, and expressions over them, each checked once."""

    def __init__(self, rule_set: RuleSet) -> None:
        unreported = FindingLog()  # the check of the rule set tells what is wrong with these
        self.declared = declared_types(rule_set.attributes, unreported)
        self.attributes = {name: kind for name, kind in self.declared.items() if not name.startswith(_CONTEXT_PREFIX)}
        self.properties = {each.type: each.properties for each in rule_set.event_types}
        self._segment_names = unique_segments(rule_set.segments, unreported)
        self._subject = CelEnvironment(self.declared, self._segment_names)
        self._environments: dict[EventTypes, CelEnvironment] = {}
        self._found: dict[tuple[str, Purpose, EventTypes], Found] = {}
        self.segment_conditions = {
            each.when: checked
            for each in self._segment_names.values()
            if isinstance(checked := self._subject.check(each.when), CheckedExpression)
        }
        self.segments: tuple[Segment, ...] = tuple(
            each
            for each in ordered_segments(self._segment_names, self.segment_conditions, unreported)
            if each.when in self.segment_conditions
        )
        self._read_by_segments: dict[str, set[str]] = {}
        for each in self.segments:
            self._read_by_segments[each.segment_id] = self.subject_names(self.segment_conditions[each.when].root)

    def check(self, text: str, purpose: Purpose, types: EventTypes) -> Found:
        key = (text, purpose, types)
        if key not in self._found:
            self._found[key] = check_expression(text, purpose, self._environment(types), self._segment_names)
        return self._found[key]

    def checked(self, text: str, purpose: Purpose, types: EventTypes) -> CheckedExpression:
        """Of an expression in which nothing is wrong."""
        expression, _ = self.check(text, purpose, types)
        if expression is None:
            raise ValueError(f"not checked: {text}")
        return expression

    def property_types(self, types: EventTypes) -> dict[str, AttributeType]:
        """By name, those that mean the same in all of the event types that have them."""
        found: dict[str, set[AttributeType]] = {}
        for event_type in types:
            for name, kind in self.properties.get(event_type, {}).items():
                found.setdefault(name, set()).add(kind)
        return {name: next(iter(kinds)) for name, kinds in found.items() if len(kinds) == 1}

    def subject_names(self, node: Node) -> set[str]:
        """The attributes of the subject that an expression reads, by itself and by the segments it uses."""
        names = {name for name in free_names(node) if name in self.declared}
        for segment_id in segment_ids(node):
            names |= self._read_by_segments.get(segment_id, set())
        return names

    def _environment(self, types: EventTypes) -> CelEnvironment:
        if types not in self._environments:
            events = {EVENT_PREFIX + name: kind for name, kind in self.property_types(types).items()}
            self._environments[types] = CelEnvironment(self.attributes | events, self._segment_names)
        return self._environments[types]


def event_types(trigger: Trigger) -> EventTypes:
    """Of the event that completes the trigger's pattern."""
    return sorted_types(each.event_type for each in trigger.when.matches) if isinstance(trigger.when, Pattern) else ()


def sorted_types(types: Iterable[str]) -> EventTypes:
    return tuple(sorted(set(types)))
