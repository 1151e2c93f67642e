"""Rule sets and subjects to measure, in a form that every engine can be given: only tests that all of them have, and
that no missing value satisfies.

    condition   [attribute, operator, constant or list of constants]
    action      four conditions, all of which must hold
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.rules.domain.rule_set import AttributeDeclaration, Rule, RuleSet, Scope, ScopeLevel, Stage
from shared.values import AttributeType, Feature, present

CONDITIONS = 4
SUBJECTS = 100
_SPACE = 1_000_000
_KINDS = (AttributeType.INT, AttributeType.DOUBLE, AttributeType.STRING, AttributeType.INT, AttributeType.BOOL)
_STAGES = (Stage.ELIGIBILITY, Stage.ELIGIBILITY, Stage.APPLICABILITY, Stage.SUITABILITY)
_CATEGORIES = 24

Condition = list[Any]


@dataclass(frozen=True, slots=True)
class Case:
    """`is_shared`: conditions come from a pool of a dozen per attribute; otherwise no two are the same."""

    actions: int
    attributes: int
    is_shared: bool
    is_complete: bool

    @property
    def title(self) -> str:
        facts = "complete facts" if self.is_complete else "a third missing"
        predicates = "shared predicates" if self.is_shared else "no predicate shared"
        return f"{self.actions:,} actions x {CONDITIONS}, {self.attributes} attributes, {predicates}, {facts}"


@dataclass(frozen=True, slots=True)
class Content:
    kinds: Mapping[str, AttributeType]
    actions: Sequence[Sequence[Condition]]
    subjects: Sequence[Mapping[str, Any]]

    def message(self) -> dict[str, Any]:
        """For a peer."""
        kinds = {name: kind.name for name, kind in self.kinds.items()}
        return {"kinds": kinds, "actions": self.actions, "subjects": self.subjects}

    def facts(self) -> list[dict[str, Feature]]:
        return [{name: present(value) for name, value in subject.items()} for subject in self.subjects]

    def rule_set(self) -> RuleSet:
        top = Scope(ScopeLevel.ISSUE, "issue"), Scope(ScopeLevel.GROUP, "group", "issue")
        offers = [
            Scope(
                ScopeLevel.ACTION,
                f"action_{place}",
                "group",
                tuple(
                    Rule(f"rule_{index}", stage, in_cel(condition))
                    for index, (stage, condition) in enumerate(zip(_STAGES, conditions, strict=True))
                ),
            )
            for place, conditions in enumerate(self.actions)
        ]
        declared = tuple(AttributeDeclaration(name, kind) for name, kind in self.kinds.items())
        return RuleSet(declared, (), (*top, *offers))


def content_of(case: Case, subjects: int = SUBJECTS) -> Content:
    chance = random.Random(repr((case.actions, case.attributes, case.is_shared)))
    usable = _KINDS if case.is_shared else tuple(kind for kind in _KINDS if kind is not AttributeType.BOOL)
    kinds = {f"a{place}": usable[place % len(usable)] for place in range(case.attributes)}
    names = list(kinds)
    pool = [_condition(name, kinds[name], chance, True) for name in names for _ in range(12)]
    actions = [
        [
            chance.choice(pool) if case.is_shared else _condition(name, kinds[name], chance, False)
            for name in chance.sample(names, CONDITIONS)
        ]
        for _ in range(case.actions)
    ]
    of_subjects = [_subject(kinds, chance, case) for _ in range(subjects)]
    return Content(kinds, actions, of_subjects)


def in_cel(condition: Condition) -> str:
    name, operator, constant = condition
    return f"{name} {operator} {json.dumps(constant)}"


def _condition(name: str, kind: AttributeType, chance: random.Random, is_shared: bool) -> Condition:
    if kind is AttributeType.BOOL:
        return [name, "==", chance.random() < 0.5]
    if kind is AttributeType.STRING:
        space = _CATEGORIES if is_shared else _SPACE
        values = [f"v{chance.randrange(space)}" for _ in range(3)]
        return [name, "==", values[0]] if chance.random() < 0.3 else [name, "in", values]
    operator = chance.choice(("<", "<=", ">", ">=", ">="))
    bound = chance.randrange(_SPACE)
    return [name, operator, bound if kind is AttributeType.INT else bound + 0.5]


def _subject(kinds: Mapping[str, AttributeType], chance: random.Random, case: Case) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, kind in kinds.items():
        if not case.is_complete and chance.random() < 1 / 3:
            continue
        number = chance.randrange(_SPACE)
        values[name] = {
            AttributeType.BOOL: number % 2 == 0,
            AttributeType.INT: number,
            AttributeType.DOUBLE: number + 0.25,
            AttributeType.STRING: f"v{number % _CATEGORIES if case.is_shared else number}",
        }[kind]
    return values
