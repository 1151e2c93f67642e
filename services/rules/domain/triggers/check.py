"""Everything that is wrong with the triggers of a rule set, each with its code and its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from services.rules.domain.constants import Source, constant_of
from services.rules.domain.expression_check import Purpose, value_type
from services.rules.domain.finding_log import FindingLog
from services.rules.domain.rule_set import RuleSet
from services.rules.domain.triggers.declaration import Effect, Emit, Pattern, SetTrait, Trigger
from services.rules.domain.triggers.pattern_check import MAX_SPAN_MS, check_pattern
from services.rules.domain.triggers.schedule import schedule_problem
from services.rules.domain.triggers.tiers import Circle, Inference, tiers
from services.rules.domain.triggers.vocabulary import EventTypes, Vocabulary, event_types
from services.rules.domain.written import NOWHERE, OnUnknown
from shared.cel.library import CheckedExpression
from shared.cel.problems import suggestion
from shared.cel.syntax import free_names
from shared.values import AttributeType, conform, type_name

MAX_TRIGGERS = 500
MAX_EFFECTS = 8
MAX_PAYLOAD_VALUES = 64

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PROPERTY_NAME = re.compile(r"[A-Za-z_]\w{0,127}", re.ASCII)
_WIDER = {(AttributeType.INT, AttributeType.DOUBLE)}


def check_triggers(rule_set: RuleSet, log: FindingLog) -> None:
    _check_event_types(rule_set, log)
    if len(rule_set.triggers) > MAX_TRIGGERS:
        position = rule_set.triggers[MAX_TRIGGERS].position
        log.error(position, "LIMIT", f"there are {len(rule_set.triggers)} triggers; {MAX_TRIGGERS} are allowed")
    elif rule_set.triggers:
        _Check(rule_set, log).run()


def _check_event_types(rule_set: RuleSet, log: FindingLog) -> None:
    for event_type, count in Counter(each.type for each in rule_set.event_types).items():
        if not _NAME.fullmatch(event_type):
            log.error(NOWHERE, "BAD_NAME", f"'{event_type[:80]}' is no event type")
        if count > 1:
            log.error(NOWHERE, "DUPLICATE_EVENT_TYPE", f"event type '{event_type}' is declared {count} times")
    for each in rule_set.event_types:
        for name in each.properties:
            if not _PROPERTY_NAME.fullmatch(name):
                log.error(NOWHERE, "BAD_NAME", f"'{name[:80]}' of event type '{each.type}' is no name of a property")


class _Check:
    def __init__(self, rule_set: RuleSet, log: FindingLog) -> None:
        self._rule_set = rule_set
        self._log = log
        self._vocabulary = Vocabulary(rule_set)
        self._allowed = {each.name: each.allowed for each in rule_set.attributes if each.allowed}

    def run(self) -> None:
        self._check_ids()
        for trigger in self._rule_set.triggers:
            self._check_when(trigger)
            self._check_condition(trigger)
            self._check_effects(trigger)
            if not 0 <= trigger.cooldown_ms <= MAX_SPAN_MS:
                self._log.error(trigger.position, "BAD_WINDOW", "the cooldown must be 0 to 400 days")
        self._check_tiers()

    def _check_ids(self) -> None:
        seen: set[str] = set()
        for trigger in self._rule_set.triggers:
            if not _NAME.fullmatch(trigger.trigger_id):
                self._log.error(trigger.position, "BAD_NAME", f"'{trigger.trigger_id[:80]}' is no name of a trigger")
            elif trigger.trigger_id in seen:
                message = f"trigger '{trigger.trigger_id}' is declared twice"
                self._log.error(trigger.position, "DUPLICATE_TRIGGER", message)
            seen.add(trigger.trigger_id)

    def _check_when(self, trigger: Trigger) -> None:
        if isinstance(trigger.when, Pattern):
            check_pattern(trigger.when, trigger.position, self._vocabulary, self._log)
            return
        if problem := schedule_problem(trigger.when):
            self._log.error(trigger.position, "BAD_SCHEDULE", problem)
        if not trigger.condition:
            message = "a schedule is for everybody: its trigger needs a condition that says for whom it fires"
            self._log.error(trigger.position, "CONDITION_MISSING", message)

    def _check_condition(self, trigger: Trigger) -> None:
        default, on_unknown = trigger.default_value, trigger.on_unknown
        if on_unknown is OnUnknown.DEFAULT and default is None:
            self._log.error(trigger.position, "DEFAULT_TYPE", "on_unknown DEFAULT needs a default value")
        elif on_unknown is not OnUnknown.DEFAULT and default is not None:
            message = f"a default value has no meaning with on_unknown {on_unknown.name}"
            self._log.error(trigger.position, "DEFAULT_TYPE", message)
        if not trigger.condition:
            return
        checked, problems = self._vocabulary.check(trigger.condition, Purpose.CONDITION, event_types(trigger))
        self._log.problems(trigger.position, problems)
        if checked is not None and default is not None:
            self._check_default(trigger, checked)

    def _check_default(self, trigger: Trigger, checked: CheckedExpression) -> None:
        """The default stands in for every attribute that the condition reads, so it must fit them all."""
        types = checked.environment.variables
        for name in free_names(checked.root):
            try:
                conform(trigger.default_value, types[name]) if name in types else None
            except ValueError:
                found = type_name(trigger.default_value)
                message = f"the default is of type {found}, but {name} is of type {types[name].text}"
                self._log.error(trigger.position, "DEFAULT_TYPE", message)

    def _check_effects(self, trigger: Trigger) -> None:
        if not 1 <= len(trigger.effects) <= MAX_EFFECTS:
            message = f"a trigger has 1 to {MAX_EFFECTS} effects, not {len(trigger.effects)}"
            self._log.error(trigger.position, "LIMIT", message)
        for effect in trigger.effects[: MAX_EFFECTS + 1]:
            if isinstance(effect, Emit):
                self._check_emit(effect, event_types(trigger))
            else:
                self._check_set_trait(effect, event_types(trigger))

    def _check_emit(self, effect: Emit, types: EventTypes) -> None:
        if not _NAME.fullmatch(effect.name):
            self._log.error(effect.position, "BAD_NAME", f"'{effect.name[:80]}' is no name of what a trigger emits")
        if len(effect.payload) > MAX_PAYLOAD_VALUES:
            message = f"the payload has {len(effect.payload)} values; {MAX_PAYLOAD_VALUES} are allowed"
            self._log.error(effect.position, "LIMIT", message)
            return
        for name, text in effect.payload.items():
            position = effect.payload_positions.get(name, effect.position)
            if not _PROPERTY_NAME.fullmatch(name):
                self._log.error(position, "BAD_NAME", f"'{name[:80]}' is no name of a value")
            self._log.problems(position, self._vocabulary.check(text, Purpose.VALUE, types)[1])

    def _check_set_trait(self, effect: SetTrait, types: EventTypes) -> None:
        checked, problems = self._vocabulary.check(effect.value, Purpose.VALUE, types)
        self._log.problems(effect.position, problems)
        declared = self._vocabulary.attributes.get(effect.trait)
        if declared is None:
            message = f"there is no trait '{effect.trait[:80]}'{suggestion(effect.trait, self._vocabulary.attributes)}"
            self._log.error(effect.position, "UNKNOWN_TRAIT", message)
        elif checked is not None and not problems:
            self._check_trait_value(effect, checked, declared)

    def _check_trait_value(self, effect: SetTrait, checked: CheckedExpression, declared: AttributeType) -> None:
        kind = value_type(checked)
        if kind is not None and kind is not declared and (kind, declared) not in _WIDER:
            message = f"trait {effect.trait} is of type {declared.text}, its value of type {kind.text}"
            self._log.error(effect.position, "TRAIT_TYPE", message)
            return
        allowed, constant = self._allowed.get(effect.trait), constant_of(checked.root, Source(checked, {}))
        if allowed and constant is not None and constant.value not in allowed:
            message = f"{constant.spelling} is not one of the values that trait {effect.trait} may have"
            self._log.error(effect.position, "TRAIT_TYPE", message)

    def _check_tiers(self) -> None:
        found = tiers(inferences(self._rule_set, self._vocabulary))
        if isinstance(found, Circle):
            positions = {each.trigger_id: each.position for each in self._rule_set.triggers}
            message = f"each of these triggers reads what the one before it infers, in a circle: {found.text}"
            self._log.error(positions[found.trigger_ids[0]], "TRIGGER_CYCLE", message)


def inferences(rule_set: RuleSet, vocabulary: Vocabulary) -> Mapping[str, Inference]:
    """What each trigger reads and sets, by its id."""
    return {each.trigger_id: _inference(each, vocabulary) for each in rule_set.triggers}


def _inference(trigger: Trigger, vocabulary: Vocabulary) -> Inference:
    types = event_types(trigger)
    texts = [(trigger.condition, Purpose.CONDITION)] if trigger.condition else []
    texts += [(text, Purpose.VALUE) for effect in trigger.effects for text in value_texts(effect)]
    reads: set[str] = set()
    for text, purpose in texts:
        checked, _ = vocabulary.check(text, purpose, types)
        reads |= set() if checked is None else vocabulary.subject_names(checked.root)
    return Inference(frozenset(reads), frozenset(each.trait for each in trigger.effects if isinstance(each, SetTrait)))


def value_texts(effect: Effect) -> tuple[str, ...]:
    """The expressions of its values."""
    return tuple(effect.payload.values()) if isinstance(effect, Emit) else (effect.value,)
