"""Thresholds out of range, of the rules and segments of a rule set, where they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from services.rules.domain.constants import Source
from services.rules.domain.declarations import conformed
from services.rules.domain.finding_log import within
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.lint.thresholds import out_of_range
from services.rules.domain.rule_set import Finding, Rule, Segment
from services.rules.domain.rule_set_check import CheckedRuleSet
from services.rules.domain.scope_tree import Action
from services.rules.domain.written import SourcePosition
from shared.cel.problems import Severity, problem_at
from shared.cel.syntax import free_names
from shared.values import Value


def range_findings(checked: CheckedRuleSet, declarations: Declarations) -> Iterator[Finding]:
    for segment in checked.rule_set.segments:
        yield from _of(segment, checked, {}, declarations)
    seen: set[tuple[int, str]] = set()
    for action, constants, rules in _readers(checked):
        for rule in rules:
            names = [name for name in free_names(checked.conditions[rule.when].root) if name in checked.constant_types]
            own = {name: constants[name] for name in names if name in constants}
            key = (id(rule), repr(own))
            if key not in seen:
                seen.add(key)
                yield from _of(rule, checked, own, declarations, action.name if own else "")


def _readers(checked: CheckedRuleSet) -> Iterator[tuple[Action, Mapping[str, Value], Sequence[Rule]]]:
    constants = [conformed(action.constants, checked.constant_types) for action in checked.actions]
    for action, own in zip(checked.actions, constants, strict=True):
        yield action, own, action.rules
    for treatment in checked.treatments:
        yield checked.actions[treatment.action], constants[treatment.action], treatment.rules


def _of(
    owner: Rule | Segment,
    checked: CheckedRuleSet,
    constants: Mapping[str, Value],
    declarations: Declarations,
    action: str = "",
) -> Iterator[Finding]:
    suffix = f"; so it is for action '{action}'" if action else ""
    yield from ranges_of(Source(checked.conditions[owner.when], constants), declarations, owner.position, suffix)


def ranges_of(
    source: Source, declarations: Declarations, position: SourcePosition, suffix: str = ""
) -> Iterator[Finding]:
    """Of the expression that begins at `position`; `suffix` ends the messages."""
    for found in out_of_range(source, declarations):
        message = f"{found.message}{suffix}"
        problem = problem_at(source.expression.text, found.offset, "OUT_OF_RANGE", message, Severity.WARNING)
        yield Finding(within(position, problem), problem.code, problem.message, problem.severity)
