"""Compiles a checked rule set: who falls on which verdict of which condition, and what runs to find the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from services.rules.domain.condition import Condition, Default, Fixed, Test
from services.rules.domain.declarations import conformed
from services.rules.domain.indexed.assembly import assemble
from services.rules.domain.indexed.clauses import clauses, drop_when
from services.rules.domain.indexed.compile_cache import Known
from services.rules.domain.indexed.drops import Drops
from services.rules.domain.indexed.facts import Column, Readers
from services.rules.domain.indexed.lookup_rows import lookup_rows, warm_up
from services.rules.domain.indexed.normalised import Normalised
from services.rules.domain.indexed.numbers import NumberColumn, OpaqueGroup, number_column
from services.rules.domain.indexed.policy import IndexedPolicy, SegmentTable
from services.rules.domain.indexed.reasons import RuleEntry
from services.rules.domain.indexed.terms import look_up
from services.rules.domain.indexed.units import Bits, Units
from services.rules.domain.rule_set import Rule
from services.rules.domain.rule_set_check import CheckedRuleSet
from services.rules.domain.why.explainer import Explainer
from shared.values import Value

Constants = Mapping[str, Value]
Entries = tuple[RuleEntry, ...]


class Compiler:
    def __init__(self, checked: CheckedRuleSet, known: Known) -> None:
        self._checked = checked
        self._programs = known.programs
        self._constants = [conformed(action.constants, checked.constant_types) for action in checked.actions]
        types = checked.attribute_types.items()
        self._columns = {name: Column(name, index, kind) for index, (name, kind) in enumerate(types)}
        self._normalised = Normalised(checked, known)
        self._entries: dict[tuple[Rule, str], RuleEntry] = {}

    def policy(self) -> IndexedPolicy:
        warm_up()
        treatments = tuple(each for each in self._checked.treatments if each.rules)
        of_actions = self._rules([(each.rules, place) for place, each in enumerate(self._checked.actions)])
        of_treatments = self._rules([(each.rules, each.action) for each in treatments])
        rules = of_actions + of_treatments
        units = Units(
            actions=len(of_actions),
            treatments=tuple(each.name for each in treatments),
            treatment_action=np.array([each.action for each in treatments], dtype=np.int64),
            stages=tuple(sorted({entry.stage for entry in self._entries.values()})),
        )
        drops = gather_drops(rules, units)
        tests = {condition: each for condition, each in drops.items() if isinstance(condition, Test)}
        lookups = look_up(tests, self._columns, units.width)
        looked_up = tests.keys() - set(lookups.rest)
        checked = {condition: each for condition, each in drops.items() if condition not in looked_up}
        owners: dict[Condition, str] = {
            condition: each.rule_id for condition, each in checked.items() if not isinstance(condition, Fixed)
        }
        segments = self._normalised.segments
        program, slots = assemble(owners, self._columns, segments, self._programs)
        numbers = self._numbers()
        fixed = [each.masks(units.width)[at.verdict] for at, each in checked.items() if isinstance(at, Fixed)]
        return IndexedPolicy(
            actions=tuple(action.name for action in self._checked.actions),
            units=units,
            columns=tuple(self._columns.values()),
            environment=self._checked.environment,
            settled=_or(fixed),
            lookups=lookup_rows(lookups.lookups, len(self._columns) + 1, units.width),
            holders=lookups.holders,
            program=program,
            checks=tuple((slots[condition], checked[condition].masks(units.width)) for condition in owners),
            numbers=numbers,
            readers=_merged(program.readers, numbers),
            segments=self._segment_table(),
            explainer=Explainer(self._checked.rule_set.attributes, segments),
            rules=of_actions,
            treatment_rules=of_treatments,
        )

    def _rules(self, owners: Sequence[tuple[Sequence[Rule], int]]) -> tuple[Entries, ...]:
        """`owners` holds rules with the action whose constants they read."""
        return tuple(tuple(self._entry(rule, self._constants[action]) for rule in rules) for rules, action in owners)

    def _entry(self, rule: Rule, constants: Constants) -> RuleEntry:
        """One entry for all whose constants the rule cannot tell apart."""
        names = self._normalised.reads(rule.when).constants
        own = {name: constants.get(name) for name in names}
        key = (rule, repr(own) if own else "")
        entry = self._entries.get(key)
        if entry is None:
            default = None if rule.default_value is None else Default(rule.default_value)
            condition = self._normalised.condition(rule.when, default, own)
            entry = self._entries[key] = RuleEntry(rule.rule_id, rule.stage, drop_when(rule), condition)
        return entry

    def _segment_table(self) -> SegmentTable:
        segments = self._normalised.segments
        declared = [segments[segment.segment_id] for segment in self._checked.rule_set.segments]
        owners: dict[Condition, str] = {each: each.segment_id for each in declared}
        program, slots = assemble(owners, self._columns, segments, programs=self._programs)
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


def gather_drops(rules: Sequence[Entries], units: Units) -> dict[Condition, Drops]:
    """The conditions whose verdicts drop units, in the order in which rules ask for them."""
    members: dict[int, tuple[RuleEntry, list[int]]] = {}
    for unit, entries in enumerate(rules):
        for entry in entries:
            members.setdefault(id(entry), (entry, []))[1].append(unit)
    same: dict[Bits, Bits] = {}
    drops: dict[Condition, Drops] = {}
    for entry, of_entry in members.values():
        bits = units.bits(entry.stage, of_entry)
        bits = same.setdefault(bits, bits)
        for condition, drop in clauses(entry.condition, entry.drop):
            found = drops.get(condition)
            if found is None:
                found = drops[condition] = Drops(entry.rule_id)
            found.groups.append((drop, bits))
    return drops


def _or(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _merged(readers: Readers, numbers: Iterable[NumberColumn]) -> Readers:
    """With what the numbers read, which know no default."""
    groups = [group for column in numbers for group in column.groups if isinstance(group, OpaqueGroup)]
    columns = [*readers.get(None, ()), *(column for group in groups for column in group.columns)]
    return {**readers, None: tuple(dict.fromkeys(columns))}
