"""The tree policy -> issue -> group -> action -> treatment, and channels beside it: is it a tree, who inherits what?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.rules.domain.finding_log import FindingLog
from services.rules.domain.rule_set import NumberExpression, Rule, RuleSet, Scope, ScopeLevel
from services.rules.domain.written import SourcePosition
from shared.values import Value

MAX_ACTIONS = 10_000
MAX_TREATMENTS = 20_000
MAX_RULES = 200_000
"""As they are declared, not as they are inherited."""
MAX_ID_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Action:
    """An action with its scopes from the policy down to itself; a level nobody declared is left out."""

    name: str
    lineage: tuple[Scope, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Inherited ones first."""
        return tuple(rule for scope in self.lineage for rule in scope.rules)

    @property
    def numbers(self) -> Mapping[str, NumberExpression]:
        """By name; the nearest level wins."""
        return {number.name: number for scope in self.lineage for number in scope.numbers}

    @property
    def constants(self) -> Mapping[str, Value]:
        """What conditions read as action.<name>: the declared ones, and action.id, action.group, action.issue."""
        own = {f"action.{name}": value for name, value in self.lineage[-1].attributes.items()}
        return own | {f"action.{_SELF[scope.level]}": scope.scope_id for scope in self.lineage if scope.level in _SELF}


@dataclass(frozen=True, slots=True)
class Treatment:
    """How an action looks on one channel. `action` is the place of its action among the actions.

    It has the constants of its action; that it falls with its action goes without saying.
    """

    name: str
    action: int
    channel: str
    rules: tuple[Rule, ...]
    """Of its channel first, then its own."""


_SELF = {ScopeLevel.ISSUE: "issue", ScopeLevel.GROUP: "group", ScopeLevel.ACTION: "id"}


def read_scopes(rule_set: RuleSet, log: FindingLog) -> tuple[Action, ...]:
    """The actions, in the order of their scopes; complete only if the log has no errors."""
    scopes = {(scope.level, scope.scope_id): scope for scope in rule_set.scopes}
    _check_unique(rule_set.scopes, log)
    for scope in rule_set.scopes:
        _check_parent(scope, scopes, log)
        _check_unique_rules(scope, log)
        _check_unique_numbers(scope, log)
    actions = tuple(Action(scope.scope_id, _lineage(scope, scopes)) for scope in _actions(rule_set))
    if len(actions) > MAX_ACTIONS:
        log.error(SourcePosition(), "LIMIT", f"there are {len(actions)} actions; {MAX_ACTIONS} are allowed")
    if (rules := sum(len(scope.rules) for scope in rule_set.scopes)) > MAX_RULES:
        log.error(SourcePosition(), "LIMIT", f"there are {rules} rules; {MAX_RULES} are allowed")
    return actions


def read_treatments(rule_set: RuleSet, actions: Iterable[Action], log: FindingLog) -> tuple[Treatment, ...]:
    """In the order of their scopes; complete only if the log has no errors."""
    places = {action.name: place for place, action in enumerate(actions)}
    channels = {scope.scope_id: scope.rules for scope in rule_set.scopes if scope.level is ScopeLevel.CHANNEL}
    scopes = [scope for scope in rule_set.scopes if scope.level is ScopeLevel.TREATMENT]
    if len(scopes) > MAX_TREATMENTS:
        log.error(SourcePosition(), "LIMIT", f"there are {len(scopes)} treatments; {MAX_TREATMENTS} are allowed")
    return tuple(
        Treatment(scope.scope_id, places[scope.parent_id], scope.channel, channels.get(scope.channel, ()) + scope.rules)
        for scope in scopes
        if scope.parent_id in places
    )


def is_id(text: str) -> bool:
    return 0 < len(text) <= MAX_ID_CHARACTERS and text.isprintable()


def _actions(rule_set: RuleSet) -> Iterable[Scope]:
    return (scope for scope in rule_set.scopes if scope.level is ScopeLevel.ACTION)


def _lineage(scope: Scope, scopes: Mapping[tuple[ScopeLevel, str], Scope]) -> tuple[Scope, ...]:
    lineage = [scope]
    while lineage[0].level > ScopeLevel.POLICY:
        parent = scopes.get((ScopeLevel(lineage[0].level - 1), lineage[0].parent_id))
        if parent is None:
            break
        lineage.insert(0, parent)
    return tuple(lineage)


def _check_unique(scopes: Iterable[Scope], log: FindingLog) -> None:
    for (level, scope_id), count in Counter((scope.level, scope.scope_id) for scope in scopes).items():
        if count > 1:
            log.error(SourcePosition(), "DUPLICATE_SCOPE", f"{count} {_title(level, scope_id)} scopes; one is allowed")


def _check_parent(scope: Scope, scopes: Mapping[tuple[ScopeLevel, str], Scope], log: FindingLog) -> None:
    title = _title(scope.level, scope.scope_id)
    if scope.level is ScopeLevel.POLICY and (scope.scope_id or scope.parent_id):
        log.error(_place(scope), "UNKNOWN_PARENT", "the POLICY scope has the empty id and no parent")
    if scope.level is not ScopeLevel.POLICY and not is_id(scope.scope_id):
        log.error(_place(scope), "BAD_NAME", f"{scope.scope_id!r} is no id of a scope of level {scope.level.name}")
    if scope.level is ScopeLevel.ISSUE and scope.parent_id:
        log.error(_place(scope), "UNKNOWN_PARENT", f"{title} has the POLICY scope as parent, whose id is empty")
    if scope.level is ScopeLevel.CHANNEL and scope.parent_id:
        log.error(_place(scope), "UNKNOWN_PARENT", f"{title} has a parent; channels stand beside the tree")
    if (
        ScopeLevel.ISSUE < scope.level < ScopeLevel.CHANNEL
        and (ScopeLevel(scope.level - 1), scope.parent_id) not in scopes
    ):
        parent = _title(ScopeLevel(scope.level - 1), scope.parent_id)
        log.error(_place(scope), "UNKNOWN_PARENT", f"{title} is declared below {parent}, which does not exist")
    _check_fields(scope, log)


def _check_fields(scope: Scope, log: FindingLog) -> None:
    """What only scopes of some level may have."""
    title = _title(scope.level, scope.scope_id)
    if scope.attributes and scope.level is not ScopeLevel.ACTION:
        log.error(_place(scope), "MISPLACED_ATTRIBUTES", f"{title} has attributes; only an ACTION scope may")
    if scope.channel and scope.level is not ScopeLevel.TREATMENT:
        log.error(_place(scope), "MISPLACED_ATTRIBUTES", f"{title} has a channel; only a TREATMENT scope may")
    if scope.level is ScopeLevel.TREATMENT and not is_id(scope.channel):
        log.error(_place(scope), "BAD_NAME", f"{title} is for the channel {scope.channel!r}, which is no id")
    if scope.numbers and scope.level > ScopeLevel.ACTION:
        log.error(_place(scope), "MISPLACED_ATTRIBUTES", f"{title} has numbers; they are those of an action")


def _check_unique_rules(scope: Scope, log: FindingLog) -> None:
    seen = set()
    for rule in scope.rules:
        if not is_id(rule.rule_id):
            log.error(rule.position, "BAD_NAME", f"{rule.rule_id!r} is no rule id")
        if (rule.stage, rule.rule_id) in seen:
            where = f"{rule.stage.name} rule of {_title(scope.level, scope.scope_id)}"
            log.error(rule.position, "DUPLICATE_RULE", f"'{rule.rule_id}' is the id of another {where}")
        seen.add((rule.stage, rule.rule_id))


def _check_unique_numbers(scope: Scope, log: FindingLog) -> None:
    seen = set()
    for number in scope.numbers:
        if number.name in seen:
            where = _title(scope.level, scope.scope_id)
            log.error(number.position, "DUPLICATE_NUMBER", f"'{number.name}' is declared twice by {where}")
        seen.add(number.name)


def _title(level: ScopeLevel, scope_id: str) -> str:
    return f"{level.name} '{scope_id}'" if scope_id else level.name


def _place(scope: Scope) -> SourcePosition:
    """Of the first thing that is written in the scope: a scope has no place of its own."""
    written: tuple[Rule | NumberExpression, ...] = (*scope.rules, *scope.numbers)
    return written[0].position if written else SourcePosition()
