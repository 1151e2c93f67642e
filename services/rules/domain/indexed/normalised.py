"""The conditions of a checked rule set, as far as possible those of an earlier one."""

from __future__ import annotations

from collections.abc import Mapping

from services.rules.domain.condition import Condition, Default, Membership
from services.rules.domain.constants import ACTION_PREFIX, Source
from services.rules.domain.indexed.compile_cache import Known, Reads
from services.rules.domain.normalise import normalise, segment_ids
from services.rules.domain.rule_set import Segment
from services.rules.domain.rule_set_check import CheckedRuleSet
from shared.cel.syntax import free_names
from shared.values import Value


class Normalised:
    """A kept condition holds the memberships it was made with, so their identity may stand for them in its key."""

    def __init__(self, checked: CheckedRuleSet, known: Known) -> None:
        self._checked = checked
        self._known = known
        self.segments: dict[str, Membership] = {}
        for segment in checked.segments:
            self.segments[segment.segment_id] = self._membership(segment)

    def reads(self, text: str) -> Reads:
        reads = self._known.reads.get(text)
        if reads is None:
            root = self._checked.conditions[text].root
            constants = tuple(name for name in free_names(root) if name.startswith(ACTION_PREFIX))
            reads = self._known.reads[text] = Reads(constants, tuple(dict.fromkeys(segment_ids(root))))
        return reads

    def condition(self, text: str, default: Default | None, constants: Mapping[str, Value]) -> Condition:
        used = tuple(id(self.segments[each]) for each in self.reads(text).segments)
        key = (text, default, repr(constants) if constants else "", used)
        condition = self._known.conditions.get(key)
        if condition is None:
            source = Source(self._checked.conditions[text], constants, None if default is None else default.value)
            condition = self._known.conditions[key] = normalise(source, self.segments)
        return condition

    def _membership(self, segment: Segment) -> Membership:
        default = None if segment.default_value is None else Default(segment.default_value)
        condition = self.condition(segment.when, default, {})
        key = (segment.segment_id, segment.on_unknown, id(condition))
        membership = self._known.memberships.get(key)
        if membership is None:
            membership = Membership(segment.segment_id, condition, segment.on_unknown)
            self._known.memberships[key] = membership
        return membership
