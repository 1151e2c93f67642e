"""What an expression gives for some facts, by the engine that decides.

A condition over attributes is published as a rule and evaluated by the index, with what it leaves to the CEL library.
What attributes cannot hold, and expressions that are no conditions, go to the library as opaque parts do. Unknown wins
over error: an expression that fails and needs an unknown attribute where it fails is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.cli.rule_cases.facts import CaseFacts
from services.rules.domain.evaluation import EngagementPolicy, Explain
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.rule_set import AttributeDeclaration, Rule, RuleSet, Scope, ScopeLevel, Stage
from services.rules.domain.written import OnUnknown
from shared.cel.checks import limit_problems, pattern_problems, presence_problems, span_problems
from shared.cel.library import CelEnvironment, CheckedExpression, Failure, TooManySteps, is_readable
from shared.cel.preparation import NOW
from shared.cel.problems import Problem, Severity, undeclared_name
from shared.cel.syntax import Call, Node, free_names
from shared.cel.work import MAX_WORK, size_of, work, work_bound
from shared.clock import to_ms
from shared.errors import ResourceExhausted
from shared.values import AttributeType

_MAX_UNDECLARED = 100
_MAX_TOLD = 10
_MAX_LOOKED_AT = 50_000
"""Nodes: every look at a part of an expression costs as much as the whole has."""
_TOO_COSTLY = f"the facts make it need more than {MAX_WORK} steps of work, the most that one evaluation may take"
_LOGIC = {"_&&_", "_||_", "!_"}


@dataclass(frozen=True, slots=True)
class Result:
    value: object


@dataclass(frozen=True, slots=True)
class Unknown:
    """`names` are the attributes whose values it takes."""

    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Refused before evaluation, with line and column, or failed in it."""

    message: str


Answer = Result | Unknown | Wrong


def answer(text: str, facts: CaseFacts, now: datetime) -> Answer:
    """A name that has no fact is an attribute that is missing."""
    checked = _checked(text, facts)
    if not isinstance(checked, CheckedExpression):
        return _refused(checked)
    errors = [each for each in _problems(checked) if each.severity is Severity.ERROR]
    if errors:
        return _refused(errors)
    library = _Library(checked, facts, now)
    try:
        policy = _policy(checked, facts)
        if policy is None:
            return library.answer()
        verdict = _verdict(policy, facts, now)
        return library.explained() if verdict is None else Result(verdict)
    except (ResourceExhausted, TooManySteps):
        return Wrong(_TOO_COSTLY)


def _checked(text: str, facts: CaseFacts) -> CheckedExpression | Sequence[Problem]:
    untyped = dict.fromkeys(facts.untyped)
    while True:
        checked = CelEnvironment(facts.types, untyped=tuple(untyped)).check(text)
        if isinstance(checked, CheckedExpression):
            return checked
        missing = {name for each in checked if (name := undeclared_name(each)) is not None} - untyped.keys()
        if not missing or len(untyped) > _MAX_UNDECLARED:
            return checked
        untyped |= dict.fromkeys(sorted(missing))


def _problems(checked: CheckedExpression) -> Iterator[Problem]:
    yield from presence_problems(checked, "a missing attribute is unknown")
    limits = tuple(limit_problems(checked))
    yield from limits
    yield from span_problems(checked)
    if not limits:
        yield from pattern_problems(checked)


def _refused(problems: Sequence[Problem]) -> Wrong:
    told = [f"{each.line}:{each.column}: {each.code}: {each.message}" for each in problems[:_MAX_TOLD]]
    more = [f"and {len(problems) - _MAX_TOLD} more"] if len(problems) > _MAX_TOLD else []
    return Wrong("; ".join(told + more))


_BRANCH = (Scope(ScopeLevel.ISSUE, "issue"), Scope(ScopeLevel.GROUP, "group", "issue"))
_READINGS = {"strict": OnUnknown.FAIL, "lenient": OnUnknown.PASS}


def _policy(checked: CheckedExpression, facts: CaseFacts) -> EngagementPolicy | None:
    """The condition as a rule of two actions.

    None for what is none on attributes, names them as none may, or has a part that always fails: no policy has it.
    """
    names = free_names(checked.root)
    if checked.result is not AttributeType.BOOL or not facts.types.keys() >= set(names):
        return None
    declared = tuple(AttributeDeclaration(name, facts.types[name]) for name in names)
    actions = tuple(
        Scope(ScopeLevel.ACTION, name, "group", rules=(Rule("r", Stage.ELIGIBILITY, checked.text, on_unknown),))
        for name, on_unknown in _READINGS.items()
    )
    return IndexedEngine().compile(RuleSet(declared, (), (*_BRANCH, *actions))).policy


def _verdict(policy: EngagementPolicy, facts: CaseFacts, now: datetime) -> bool | None:
    """None for unknown: what is unknown fails under FAIL and passes under PASS."""
    kept = policy.evaluate(facts.features, to_ms(now), Explain.NONE).eligible_actions
    return True if "strict" in kept else None if kept else False


class _Library:
    """One expression over some facts, by the CEL library alone."""

    def __init__(self, checked: CheckedExpression, facts: CaseFacts, now: datetime) -> None:
        known = {name: each.value for name, each in facts.features.items() if each.is_known}
        self._values: Mapping[str, object] = {**known, **facts.untyped}
        self._checked = checked
        self._looked_at = 0
        self._attributes = checked.environment.variables.keys() | checked.environment.untyped
        bindings = {name: value for name, value in self._values.items() if _is_readable(value)}
        listed = {name: list(value) if isinstance(value, tuple) else value for name, value in bindings.items()}
        self._activation = checked.environment.activation({**listed, NOW: now})

    def answer(self) -> Answer:
        value = self._run(self._checked.root)
        return self.explained() if isinstance(value, Failure) else Result(value)

    def explained(self) -> Unknown | Wrong:
        """Why there is no value."""
        root = self._checked.root
        names = tuple(dict.fromkeys(self._unknown(root)))
        if names:
            return Unknown(names)
        outcome = self._run(root)
        return Wrong(outcome.sentence if isinstance(outcome, Failure) else "a value that the library cannot read")

    def _unknown(self, node: Node) -> Iterator[str]:
        """The unknown attributes that the node fails by; of parts there is no time to look at, all that they read."""
        self._looked_at += len(self._checked.tree.types)
        if self._looked_at > _MAX_LOOKED_AT:
            yield from self._missing(node)
            return
        if not isinstance(self._run(node), Failure):
            return
        match node:
            case Call(function=function, arguments=parts) if function in _LOGIC:
                for part in parts:
                    yield from self._unknown(part)
            case Call(function="_?_:_", arguments=(condition, first, second)):
                chosen = self._run(condition)
                yield from self._unknown(condition if isinstance(chosen, Failure) else first if chosen else second)
            case _:
                yield from self._missing(node)

    def _missing(self, node: Node) -> Iterator[str]:
        return (name for name in free_names(node) if name in self._attributes and name not in self._values)

    def _run(self, node: Node) -> object:
        bound = work_bound(node, lambda name: isinstance(self._values.get(name), str | tuple | list | dict))
        if work(bound, {name: _size(value) for name, value in self._values.items()}) > MAX_WORK:
            raise TooManySteps
        return self._checked.program(node, {}).run_any(self._activation)


def _size(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(name) + _size(each) for name, each in value.items())
    if isinstance(value, list):
        return 1 + sum(map(_size, value))
    return size_of(value)  # type: ignore[arg-type]


def _is_readable(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_readable(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return all(map(_is_readable, value))
    return is_readable(value)  # type: ignore[arg-type]
