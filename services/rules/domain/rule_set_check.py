"""Checks a whole rule set and gathers what compiling it needs. All findings are collected, not just the first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Protocol

from services.rules.domain.constants import ACTION_PREFIX
from services.rules.domain.declarations import constant_types, declared_types
from services.rules.domain.expression_check import Found, Purpose, check_expression
from services.rules.domain.finding_log import FindingLog
from services.rules.domain.rule_set import Finding, NumberExpression, Rule, RuleSet, Segment
from services.rules.domain.scope_tree import Action, Treatment, read_scopes, read_treatments
from services.rules.domain.segment_order import ordered_segments, unique_segments
from services.rules.domain.triggers.check import check_triggers
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.cel.library import CelEnvironment, CheckedExpression
from shared.cel.problems import problem_at
from shared.cel.syntax import Name, free_names, walk
from shared.values import AttributeType, Value, conform, type_name


@dataclass(frozen=True, slots=True)
class CheckedRuleSet:
    """A rule set that can be compiled.

    `conditions` (of rules and segments) and `numbers` hold every expression by its text. `segments` come in an order in
    which each one is preceded by those it uses.
    """

    rule_set: RuleSet
    actions: tuple[Action, ...]
    treatments: tuple[Treatment, ...]
    attribute_types: Mapping[str, AttributeType]
    constant_types: Mapping[str, AttributeType]
    environment: CelEnvironment
    conditions: Mapping[str, CheckedExpression]
    numbers: Mapping[str, CheckedExpression]
    segments: tuple[Segment, ...]


Check = Callable[[str], Found]
Checked = tuple[tuple[Finding, ...], CheckedRuleSet | None]
"""The findings, and what to compile if none of them is an error."""


class KnownExpressions(Protocol):
    """Expressions that were checked before, in one environment."""

    @property
    def environment(self) -> CelEnvironment: ...

    def found(self, purpose: Purpose) -> MutableMapping[str, Found]:
        """By text; new ones are added."""
        ...


Recall = Callable[[Mapping[str, AttributeType], Collection[str]], KnownExpressions]
"""What is known where these variables and segments are declared."""


def check_rule_set(rule_set: RuleSet, recall: Recall | None = None) -> Checked:
    log = FindingLog()
    actions = read_scopes(rule_set, log)
    treatments = read_treatments(rule_set, actions, log)
    attributes = declared_types(rule_set.attributes, log)
    constants = constant_types(actions, log)
    segment_names = unique_segments(rule_set.segments, log)
    known = recall(attributes | constants, segment_names) if recall else None
    environment = known.environment if known else CelEnvironment(attributes | constants, segment_names)
    conditions = _Checker(environment, Purpose.CONDITION, segment_names, known)
    numbers = _Checker(environment, Purpose.NUMBER, segment_names, known)
    for segment in rule_set.segments:
        _check_condition(segment, conditions, log)
        _check_subject(segment, conditions, log)
    for rule in _rules(rule_set):
        _check_condition(rule, conditions, log)
    for number in _numbers(rule_set):
        log.problems(number.position, numbers.check(number.expression)[1])
    segments = ordered_segments(segment_names, conditions.checked, log)
    check_triggers(rule_set, log)
    if log.has_errors:
        return log.findings, None
    return log.findings, CheckedRuleSet(
        rule_set=rule_set,
        actions=actions,
        treatments=treatments,
        attribute_types=attributes,
        constant_types=constants,
        environment=environment,
        conditions=conditions.checked,
        numbers=numbers.checked,
        segments=segments,
    )


class _Checker:
    """Checks each distinct text once, and not at all what is known."""

    def __init__(
        self,
        environment: CelEnvironment,
        purpose: Purpose,
        segments: Mapping[str, object],
        known: KnownExpressions | None,
    ) -> None:
        self._environment = environment
        self._purpose = purpose
        self._segments = segments
        self._found: dict[str, Found] = {}
        self._known: MutableMapping[str, Found] = known.found(purpose) if known else {}

    def check(self, text: str) -> Found:
        found = self._found.get(text)
        if found is None:
            found = self._known.get(text)
            if found is None:
                found = check_expression(text, self._purpose, self._environment, self._segments)
                self._known[text] = found
            self._found[text] = found
        return found

    @property
    def checked(self) -> dict[str, CheckedExpression]:
        return {text: checked for text, (checked, _) in self._found.items() if checked is not None}


def _rules(rule_set: RuleSet) -> Iterator[Rule]:
    return (rule for scope in rule_set.scopes for rule in scope.rules)


def _numbers(rule_set: RuleSet) -> Iterator[NumberExpression]:
    return (number for scope in rule_set.scopes for number in scope.numbers)


def _check_condition(owner: Rule | Segment, checker: _Checker, log: FindingLog) -> None:
    expression, problems = checker.check(owner.when)
    log.problems(owner.position, problems)
    if owner.on_unknown is OnUnknown.DEFAULT and owner.default_value is None:
        log.error(owner.position, "DEFAULT_TYPE", "on_unknown DEFAULT needs a default value")
    elif owner.on_unknown is not OnUnknown.DEFAULT and owner.default_value is not None:
        log.error(
            owner.position, "DEFAULT_TYPE", f"a default value has no meaning with on_unknown {owner.on_unknown.name}"
        )
    elif expression is not None and owner.default_value is not None:
        _check_default(owner.position, owner.default_value, expression, log)


def _check_subject(segment: Segment, checker: _Checker, log: FindingLog) -> None:
    expression, _ = checker.check(segment.when)
    for node in () if expression is None else walk(expression.root):
        if isinstance(node, Name) and node.name.startswith(ACTION_PREFIX):
            message = f"a segment is about the subject: it cannot read {node.name}"
            log.problems(
                segment.position, [problem_at(segment.when, node.place.offset, "SEGMENT_READS_ACTION", message)]
            )


def _check_default(position: SourcePosition, default: Value, expression: CheckedExpression, log: FindingLog) -> None:
    """The default stands in for every attribute that the condition reads, so it must fit them all."""
    types = expression.environment.variables
    for name in free_names(expression.root):
        if name in types:
            try:
                conform(default, types[name])
            except ValueError:
                message = f"the default is of type {type_name(default)}, but {name} is of type {types[name].text}"
                log.error(position, "DEFAULT_TYPE", message)
