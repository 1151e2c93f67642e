"""Compiles the triggers of a rule set in which nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.rules.domain.condition import AllOf, Condition, Membership
from services.rules.domain.constants import Source
from services.rules.domain.expression_check import Purpose
from services.rules.domain.matching import MessageRule, MessageRules
from services.rules.domain.normalise import normalise
from services.rules.domain.rule_set import RuleSet
from services.rules.domain.triggers.check import inferences, value_texts
from services.rules.domain.triggers.declaration import Emit, EventMatch, Pattern, PatternKind, Schedule, Trigger
from services.rules.domain.triggers.lowering import Lowered, Lowering
from services.rules.domain.triggers.message_tests import at_least, equals
from services.rules.domain.triggers.pattern_check import join_property
from services.rules.domain.triggers.program import (
    ABSENT,
    DUE,
    FIRING,
    MESSAGE,
    TICK,
    TIMER,
    EmitPlan,
    EventPlan,
    SetTraitPlan,
    TriggerPlan,
    TriggerProgram,
    Watch,
)
from services.rules.domain.triggers.reading import Reader, is_property, property_reader, value_reader
from services.rules.domain.triggers.tiers import Circle, tiers
from services.rules.domain.triggers.vocabulary import EVENT_PREFIX, EventTypes, Vocabulary, event_types
from services.rules.domain.triggers.windows import capacity
from services.rules.domain.written import NOWHERE, OnUnknown
from shared.cel.syntax import free_names
from shared.clock import MS_PER_DAY
from shared.ids import content_hash
from shared.values import AttributeType, Value

MIN_LATENESS_MS = 3 * MS_PER_DAY
"""However short its windows are, a trigger takes events that come so late: the consumer may have been down as long."""


def compile_triggers(rule_set: RuleSet, version: str) -> TriggerProgram:
    """`rule_set` was checked by check_triggers."""
    return _Compiler(rule_set).program(version)


class _Compiler:
    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._vocabulary = Vocabulary(rule_set)
        self._segments = _memberships(self._vocabulary)
        self._lowering = Lowering(rule_set.event_types, self._segments)
        self._rules: list[MessageRule] = []
        self._leaves: dict[tuple[str, str], str] = {}
        self._inputs: dict[str, dict[str, Reader]] = {}
        self._watches: dict[str, list[Watch]] = {}
        self._facts: set[str] = set()

    def program(self, version: str) -> TriggerProgram:
        found = tiers(inferences(self._rule_set, self._vocabulary))
        if isinstance(found, Circle):
            raise ValueError(f"not checked: {found.text}")
        plans = {each.trigger_id: self._plan(each, found[each.trigger_id]) for each in self._rule_set.triggers}
        schedules = {each.trigger_id: each for each in self._rule_set.triggers if isinstance(each.when, Schedule)}
        return TriggerProgram(
            version=version,
            message_rules=MessageRules(version, self._attributes(plans.values()), tuple(self._rules)),
            event_types=tuple(sorted(self._watches)),
            facts=tuple(sorted(self._facts & self._vocabulary.attributes.keys())),
            schedules={
                trigger_id: each.when for trigger_id, each in schedules.items() if isinstance(each.when, Schedule)
            },
            audiences={trigger_id: _audience(each) for trigger_id, each in schedules.items()},
            triggers=plans,
            by_key={each.key: each for each in plans.values()},
            events={
                event_type: _event_plan(self._inputs.get(event_type, {}), watches)
                for event_type, watches in self._watches.items()
            },
        )

    def _plan(self, trigger: Trigger, tier: int) -> TriggerPlan:
        lowered = self._final(trigger)
        pattern = trigger.when if isinstance(trigger.when, Pattern) else None
        lateness_ms = max(MIN_LATENESS_MS, 0 if pattern is None else pattern.within_ms + pattern.absent_ms)
        plan = TriggerPlan(
            trigger_id=trigger.trigger_id,
            key=f"{trigger.trigger_id}@{content_hash(_declared(trigger))[:8]}",
            tier=tier,
            when=trigger.when,
            cooldown_ms=trigger.cooldown_ms,
            rule_id=f"trigger.{trigger.trigger_id}",
            inputs=lowered.inputs,
            effects=tuple(self._effect(trigger, number) for number in range(len(trigger.effects))),
            kept=self._kept(trigger),
            lateness_ms=lateness_ms,
            keep_ms=lateness_ms + (0 if pattern is None else pattern.within_ms),
            capacity=0 if pattern is None else capacity(pattern),
        )
        self._rules.append(MessageRule(plan.rule_id, AllOf((*_completed(plan), lowered.condition))))
        if pattern is not None:
            for part, match in enumerate(pattern.matches):
                self._watch(plan, pattern, part, match)
            if pattern.absent is not None:
                self._watch(plan, pattern, ABSENT, pattern.absent)
        return plan

    def _watch(self, plan: TriggerPlan, pattern: Pattern, part: int, match: EventMatch) -> None:
        types = self._vocabulary.properties[match.event_type]
        join = join_property(pattern, match)
        watch = Watch(
            trigger=plan,
            pattern=pattern,
            part=part,
            leaf=self._leaf(match),
            join=property_reader(join, types[join]) if join else None,
            amount=property_reader(pattern.sum_of, types[pattern.sum_of])
            if pattern.sum_of and part != ABSENT
            else None,
            by_anyone=match.by_anyone,
        )
        self._watches.setdefault(match.event_type, []).append(watch)

    def _leaf(self, match: EventMatch) -> str:
        """The id of the rule that accepts such events; "" where all of the type are accepted."""
        if not match.where:
            return ""
        key = (match.event_type, match.where)
        if key not in self._leaves:
            self._leaves[key] = f"where.{len(self._leaves)}"
            lowered = self._lowered(match.where, (match.event_type,))
            self._inputs.setdefault(match.event_type, {}).update(lowered.inputs)
            is_such = equals(MESSAGE, f"event:{match.event_type}")
            self._rules.append(MessageRule(self._leaves[key], AllOf((is_such, lowered.condition))))
        return self._leaves[key]

    def _final(self, trigger: Trigger) -> Lowered:
        if not trigger.condition:
            return Lowered(AllOf(()), {})
        types = event_types(trigger)
        if trigger.on_unknown is not OnUnknown.PASS:
            return self._lowered(trigger.condition, types, trigger.default_value)
        condition = self._condition(trigger.condition, types, None)
        # No segment has such a name. Where it is unknown the trigger fires.
        return self._lower(Membership(f"{trigger.trigger_id}?", condition, OnUnknown.PASS), types)

    def _lowered(self, text: str, types: EventTypes, default: Value = None) -> Lowered:
        return self._lower(self._condition(text, types, default), types)

    def _condition(self, text: str, types: EventTypes, default: Value) -> Condition:
        checked = self._vocabulary.checked(text, Purpose.CONDITION, types)
        self._facts |= self._vocabulary.subject_names(checked.root)
        return normalise(Source(checked, {}, default), self._segments)

    def _lower(self, condition: Condition, types: EventTypes) -> Lowered:
        properties = {EVENT_PREFIX + name: kind for name, kind in self._vocabulary.property_types(types).items()}
        return self._lowering.lower(condition, {**self._vocabulary.declared, **properties})

    def _effect(self, trigger: Trigger, number: int) -> EmitPlan | SetTraitPlan:
        effect, types = trigger.effects[number], event_types(trigger)
        if isinstance(effect, Emit):
            values = tuple((name, self._value(text, types)) for name, text in effect.payload.items())
            return EmitPlan(number, effect.name, values)
        kind = self._vocabulary.attributes[effect.trait]
        allowed = next((each.allowed for each in self._rule_set.attributes if each.name == effect.trait), ())
        return SetTraitPlan(number, effect.trait, kind, self._value(effect.value, types), allowed)

    def _value(self, text: str, types: EventTypes) -> Reader:
        checked = self._vocabulary.checked(text, Purpose.VALUE, types)
        self._facts |= self._vocabulary.subject_names(checked.root)
        return value_reader(checked, self._vocabulary.declared, self._segments)

    def _kept(self, trigger: Trigger) -> tuple[str, ...]:
        types = event_types(trigger)
        read = [(trigger.condition, Purpose.CONDITION)] if trigger.condition else []
        read += [(text, Purpose.VALUE) for effect in trigger.effects for text in value_texts(effect)]
        names = {
            name for text, purpose in read for name in free_names(self._vocabulary.checked(text, purpose, types).root)
        }
        return tuple(sorted(name.removeprefix(EVENT_PREFIX) for name in names if is_property(name)))

    def _attributes(self, plans: Iterable[TriggerPlan]) -> dict[str, AttributeType]:
        own = {MESSAGE: AttributeType.STRING, DUE: AttributeType.STRING}
        for plan in plans:
            if isinstance(plan.when, Pattern) and plan.when.absent is None:
                is_sum = plan.when.kind is PatternKind.SUM
                own[plan.measure] = AttributeType.DOUBLE if is_sum else AttributeType.INT
        return {**own, **self._lowering.types}


def _event_plan(inputs: Mapping[str, Reader], watches: Sequence[Watch]) -> EventPlan:
    return EventPlan(inputs, tuple(watches), tuple(each for each in watches if each.by_anyone))


def _completed(plan: TriggerPlan) -> Sequence[Condition]:
    """That it is this trigger's turn; what comes first is what most messages differ in."""
    if isinstance(plan.when, Schedule):
        return equals(MESSAGE, TICK), equals(DUE, plan.trigger_id)
    if plan.when.absent is not None:
        return equals(MESSAGE, TIMER), equals(DUE, plan.trigger_id)
    match plan.when.kind:
        case PatternKind.ANY:
            reached: Condition = at_least(plan.measure, 1)
        case PatternKind.COUNT:
            reached = at_least(plan.measure, int(plan.when.at_least))
        case PatternKind.SUM:
            reached = at_least(plan.measure, float(plan.when.at_least))
        case PatternKind.ALL | PatternKind.SEQUENCE:
            reached = equals(plan.measure, len(plan.when.matches))
    return equals(MESSAGE, FIRING), reached


def _audience(trigger: Trigger) -> str:
    return trigger.condition if trigger.on_unknown is OnUnknown.FAIL else ""


def _memberships(vocabulary: Vocabulary) -> Mapping[str, Membership]:
    found: dict[str, Membership] = {}
    for segment in vocabulary.segments:
        source = Source(vocabulary.segment_conditions[segment.when], {}, segment.default_value)
        found[segment.segment_id] = Membership(segment.segment_id, normalise(source, found), segment.on_unknown)
    return found


def _declared(trigger: Trigger) -> Trigger:
    """The trigger wherever it is written."""
    effects = tuple(
        replace(each, position=NOWHERE, payload_positions={})
        if isinstance(each, Emit)
        else replace(each, position=NOWHERE)
        for each in trigger.effects
    )
    when = trigger.when
    if isinstance(when, Pattern):
        matches = tuple(replace(each, position=NOWHERE) for each in when.matches)
        absent = None if when.absent is None else replace(when.absent, position=NOWHERE)
        when = replace(when, matches=matches, absent=absent)
    return replace(trigger, when=when, effects=effects, position=NOWHERE)
