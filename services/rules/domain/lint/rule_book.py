"""The rules of a checked rule set as actions and treatments read them: with their constants put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from services.rules.domain.condition import Condition, Default
from services.rules.domain.declarations import conformed
from services.rules.domain.indexed.clauses import DropWhen, drop_when
from services.rules.domain.indexed.compile_cache import Known
from services.rules.domain.indexed.normalised import Normalised
from services.rules.domain.lint.claims import Claim, passes
from services.rules.domain.rule_set import Rule, Scope, ScopeLevel, Stage
from services.rules.domain.rule_set_check import CheckedRuleSet
from shared.values import Value


@dataclass(frozen=True, slots=True)
class Stand:
    """A rule of a scope, as an action reads it. `place` counts the rules of the scope."""

    rule: Rule
    level: ScopeLevel
    place: int
    condition: Condition
    drop: DropWhen
    constants: Mapping[str, Value] = field(default_factory=dict, compare=False)
    """Those that the rule reads."""

    @property
    def passes(self) -> Claim:
        return passes(self.condition, self.drop)

    @property
    def drops(self) -> Claim:
        return self.passes.denied

    @property
    def is_suppression(self) -> bool:
        return self.rule.stage is Stage.SUPPRESSION

    @property
    def reads_constants(self) -> bool:
        return bool(self.constants)

    @property
    def key(self) -> int:
        """Of the rule as it is written, whoever reads it."""
        return id(self.rule)


Stands = tuple[Stand, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """An action with its rules, inherited ones first; or a treatment, with those of its action before its own."""

    name: str
    stands: Stands
    is_treatment: bool = False


class RuleBook:
    def __init__(self, checked: CheckedRuleSet, known: Known) -> None:
        self._checked = checked
        self.normalised = Normalised(checked, known)
        self._stands: dict[tuple[int, str], Stand] = {}
        self._channels = {
            scope.scope_id: scope for scope in checked.rule_set.scopes if scope.level is ScopeLevel.CHANNEL
        }

    @cached_property
    def actions(self) -> Sequence[Owner]:
        return [
            Owner(action.name, self._of(action.lineage, conformed(action.constants, self._checked.constant_types)))
            for action in self._checked.actions
        ]

    @cached_property
    def treatments(self) -> Sequence[Owner]:
        """Those with rules."""
        scopes = {
            scope.scope_id: scope for scope in self._checked.rule_set.scopes if scope.level is ScopeLevel.TREATMENT
        }
        found = []
        for treatment in self._checked.treatments:
            if treatment.rules:
                action = self._checked.actions[treatment.action]
                constants = conformed(action.constants, self._checked.constant_types)
                channel = self._channels.get(treatment.channel)
                own = (*((channel,) if channel else ()), scopes[treatment.name])
                stands = (*self.actions[treatment.action].stands, *self._of(own, constants))
                found.append(Owner(treatment.name, stands, is_treatment=True))
        return found

    @cached_property
    def variants(self) -> Mapping[int, Sequence[Stand]]:
        """Per rule as it is written: what it is for the actions that read it. The order is that of the actions."""
        found: dict[int, dict[Condition, Stand]] = {}
        for owner in self.owners():
            for stand in owner.stands:
                found.setdefault(stand.key, {}).setdefault(stand.condition, stand)
        return {key: list(stands.values()) for key, stands in found.items()}

    def owners(self) -> Iterator[Owner]:
        yield from self.actions
        yield from self.treatments

    @property
    def conditions(self) -> list[Condition]:
        rules = [stand.condition for stands in self.variants.values() for stand in stands]
        return [*rules, *(membership.condition for membership in self.normalised.segments.values())]

    def without_default(self, stand: Stand) -> Condition:
        return self.normalised.condition(stand.rule.when, None, stand.constants)

    def _of(self, scopes: Sequence[Scope], constants: Mapping[str, Value]) -> Stands:
        return tuple(
            self._stand(rule, scope.level, place, constants)
            for scope in scopes
            for place, rule in enumerate(scope.rules)
        )

    def _stand(self, rule: Rule, level: ScopeLevel, place: int, constants: Mapping[str, Value]) -> Stand:
        names = self.normalised.reads(rule.when).constants
        own = {name: constants.get(name) for name in names}
        key = (id(rule), repr(own) if own else "")
        stand = self._stands.get(key)
        if stand is None:
            default = None if rule.default_value is None else Default(rule.default_value)
            condition = self.normalised.condition(rule.when, default, own)
            stand = Stand(rule, level, place, condition, drop_when(rule), own)
            self._stands[key] = stand
        return stand
