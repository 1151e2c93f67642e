"""The indexed engine: compiles a rule set to predicates that all actions share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.rules.domain.condition import Condition, Default, Membership
from services.rules.domain.constants import ACTION_PREFIX, Source
from services.rules.domain.declarations import conformed
from services.rules.domain.evaluation import Compilation
from services.rules.domain.indexed.assembly import assemble
from services.rules.domain.indexed.clauses import clauses, drop_when
from services.rules.domain.indexed.facts import Column, Readers
from services.rules.domain.indexed.members import mask_of
from services.rules.domain.indexed.numbers import NumberColumn, OpaqueGroup, number_column
from services.rules.domain.indexed.policy import IndexedPolicy, Masks, SegmentTable, predicate_count
from services.rules.domain.indexed.reasons import RuleEntry, slots_by_id
from services.rules.domain.normalise import normalise
from services.rules.domain.rule_set import Finding, Rule, RuleSet, Segment, Stage
from services.rules.domain.rule_set_check import CheckedRuleSet, check_rule_set
from shared.cel.library import CheckedExpression
from shared.cel.syntax import free_names
from shared.values import Value

Constants = Mapping[str, Value]


class IndexedEngine:
    """See RuleEngine."""

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        return check_rule_set(rule_set)[0]

    def compile(self, rule_set: RuleSet) -> Compilation:
        findings, checked = check_rule_set(rule_set)
        return Compilation(findings, None if checked is None else _Compiler(checked).policy())


class _Compiler:
    def __init__(self, checked: CheckedRuleSet) -> None:
        self._checked = checked
        self._constants = [conformed(action.constants, checked.constant_types) for action in checked.actions]
        types = checked.attribute_types.items()
        self._columns = {name: Column(name, index, kind) for index, (name, kind) in enumerate(types)}
        self._segments = self._memberships()
        self._constants_read = {text: _constant_names(each) for text, each in checked.conditions.items()}
        self._entries: dict[tuple[Rule, str], RuleEntry] = {}
        self._conditions: dict[tuple[str, Default | None, str], Condition] = {}

    def policy(self) -> IndexedPolicy:
        actions = self._checked.actions
        rules = tuple(
            tuple(self._entry(rule, constants) for rule in action.rules)
            for action, constants in zip(actions, self._constants, strict=True)
        )
        owners, masks = self._clauses(rules)
        program, slots = assemble(owners, self._columns, self._segments)
        numbers = self._numbers()
        return IndexedPolicy(
            actions=tuple(action.name for action in actions),
            columns=tuple(self._columns.values()),
            environment=self._checked.environment,
            program=program,
            checks={
                stage: tuple((slots[condition], each) for (of, condition), each in masks.items() if of is stage)
                for stage in Stage
            },
            numbers=numbers,
            readers=_merged(program.readers, numbers),
            segments=self._segment_table(),
            slots=slots_by_id(self._entries.values(), slots),
            rules=rules,
            predicates=predicate_count(program, numbers),
        )

    def _entry(self, rule: Rule, constants: Constants) -> RuleEntry:
        """One entry for all actions whose constants the rule cannot tell apart."""
        own = {name: constants.get(name) for name in self._constants_read[rule.when]}
        key = (rule, repr(own))
        if key not in self._entries:
            condition = self._condition(rule, own)
            self._entries[key] = RuleEntry(rule.rule_id, rule.stage, drop_when(rule), condition)
        return self._entries[key]

    def _condition(self, rule: Rule, constants: Constants) -> Condition:
        default = None if rule.default_value is None else Default(rule.default_value)
        key = (rule.when, default, repr(constants))
        if key not in self._conditions:
            source = Source(self._checked.conditions[rule.when], constants, rule.default_value)
            self._conditions[key] = normalise(source, self._segments)
        return self._conditions[key]

    def _clauses(
        self, rules: Sequence[Sequence[RuleEntry]]
    ) -> tuple[dict[Condition, str], dict[tuple[Stage, Condition], Masks]]:
        """The conditions to evaluate, with the rule that first asks for each, and whom their verdicts drop."""
        members: dict[int, tuple[RuleEntry, list[int]]] = {}
        for index, entries in enumerate(rules):
            for entry in entries:
                members.setdefault(id(entry), (entry, []))[1].append(index)
        owners: dict[Condition, str] = {}
        masks: dict[tuple[Stage, Condition], Masks] = {}
        for entry, indexes in members.values():
            mask = mask_of(indexes, len(rules))
            for condition, drop in clauses(entry.condition, entry.drop):
                owners.setdefault(condition, entry.rule_id)
                false, true, unknown = masks.get((entry.stage, condition), (0, 0, 0))
                masks[entry.stage, condition] = (
                    false | mask * drop.false,
                    true | mask * drop.true,
                    unknown | mask * drop.unknown,
                )
        return owners, masks

    def _memberships(self) -> dict[str, Membership]:
        memberships: dict[str, Membership] = {}
        for segment in self._checked.segments:
            memberships[segment.segment_id] = self._membership(segment, memberships)
        return memberships

    def _membership(self, segment: Segment, known: Mapping[str, Membership]) -> Membership:
        source = Source(self._checked.conditions[segment.when], {}, segment.default_value)
        return Membership(segment.segment_id, normalise(source, known), segment.on_unknown)

    def _segment_table(self) -> SegmentTable:
        declared = [self._segments[segment.segment_id] for segment in self._checked.rule_set.segments]
        program, slots = assemble({each: each.segment_id for each in declared}, self._columns, self._segments)
        return SegmentTable(program, {each.segment_id: slots[each] for each in declared})

    def _numbers(self) -> tuple[NumberColumn, ...]:
        members: dict[str, dict[str, list[int]]] = {}
        for index, action in enumerate(self._checked.actions):
            for name, number in action.numbers.items():
                members.setdefault(name, {}).setdefault(number.expression, []).append(index)
        return tuple(
            number_column(name, of_name, self._checked.numbers, self._constants, self._columns)
            for name, of_name in members.items()
        )


def _constant_names(expression: CheckedExpression) -> tuple[str, ...]:
    return tuple(name for name in free_names(expression.root) if name.startswith(ACTION_PREFIX))


def _merged(readers: Readers, numbers: Iterable[NumberColumn]) -> Readers:
    """With what the numbers read, which know no default."""
    groups = [group for column in numbers for group in column.groups if isinstance(group, OpaqueGroup)]
    columns = [*readers.get(None, ()), *(column for group in groups for column in group.columns)]
    return {**readers, None: tuple(dict.fromkeys(columns))}
