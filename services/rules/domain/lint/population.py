"""What rules do to a sample of people: whom each drops, by what is known and by what is not, and who gets what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.rules.domain.condition import AllOf, AnyOf, Condition, Membership, Not
from services.rules.domain.evaluation import EngagementPolicy, Explain
from services.rules.domain.indexed.assembly import assemble
from services.rules.domain.indexed.batch import verdicts_together
from services.rules.domain.indexed.clauses import DropWhen
from services.rules.domain.indexed.compile_cache import Known
from services.rules.domain.indexed.facts import Column, Facts, read_values
from services.rules.domain.indexed.planes import Plane
from services.rules.domain.lint.rule_book import Owner, RuleBook, Stands
from services.rules.domain.rule_set import Finding, Rule, ScopeLevel
from services.rules.domain.rule_set_check import CheckedRuleSet
from services.rules.domain.written import NOWHERE, SourcePosition
from shared.cel.problems import Severity
from shared.clock import to_datetime
from shared.errors import TandemError
from shared.values import Feature

STARVING = 0.99
"""A rule that drops more than this share of the sample is a finding."""

_TOGETHER = 500

Subjects = Sequence[Mapping[str, Feature]]


@dataclass(frozen=True, slots=True)
class RuleShare:
    """What a rule drops of the sample, whatever else does: counted once per action where it reads constants of actions.

    `asked` is how often it was asked, so that (by_known + by_unknown) / asked is the share it drops.
    """

    rule: Rule
    asked: int
    by_known: int
    by_unknown: int

    @property
    def share(self) -> float:
        return (self.by_known + self.by_unknown) / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True)
class PopulationReport:
    """`subjects` counts those who could be evaluated, `reached` the subjects who get each action."""

    subjects: int
    refused: int
    rules: tuple[RuleShare, ...]
    reached: Mapping[str, int]
    places: Mapping[str, SourcePosition]
    """Of the last rule of each action that has one."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self._starving(), *self._unreached()) if self.subjects else ()

    def _starving(self) -> Iterator[Finding]:
        for each in self.rules:
            if each.share > STARVING:
                known, unknown = each.by_known / each.asked, each.by_unknown / each.asked
                message = (
                    f"rule '{each.rule.rule_id}' drops {percent(each.share)} of the {self.subjects} people of the "
                    f"sample: {percent(known)} by what is known of them, {percent(unknown)} by what is unknown"
                )
                yield Finding(each.rule.position, "STARVING_RULE", message, Severity.WARNING)

    def _unreached(self) -> Iterator[Finding]:
        for name in (name for name, count in self.reached.items() if not count):
            message = f"none of the {self.subjects} people of the sample gets action '{name}'"
            yield Finding(self.places.get(name, NOWHERE), "UNREACHED_ACTION", message, Severity.WARNING)


def population_report(
    checked: CheckedRuleSet, known: Known, policy: EngagementPolicy, subjects: Subjects, now_ms: int
) -> PopulationReport:
    """`known` is of the environment of the rule set, `policy` what it compiles to."""
    reached = np.zeros(len(policy.actions), dtype=np.int64)
    answered = []
    for some in _in_parts(subjects):
        for facts, answer in zip(some, policy.evaluate_batch(some, now_ms, Explain.NONE), strict=True):
            if not isinstance(answer, TandemError):
                reached[answer.eligible] += 1
                answered.append(facts)
    book = RuleBook(checked, known)
    shares = _Asking(checked, book).shares(answered, now_ms)
    by_action = dict(zip(policy.actions, reached.tolist(), strict=True))
    places = {owner.name: owner.stands[-1].rule.position for owner in book.actions if owner.stands}
    return PopulationReport(len(answered), len(subjects) - len(answered), shares, by_action, places)


def percent(share: float) -> str:
    """`100 %` of all only."""
    return f"{share:.0%}".replace("%", " %") if share in (0.0, 1.0) else f"{share * 100:.1f} %"


class _Asking:
    """Every rule is asked about everybody, whatever drops them before."""

    def __init__(self, checked: CheckedRuleSet, book: RuleBook) -> None:
        self._checked = checked
        self._stands = Counter(stand for owner in book.owners() for stand in _own(owner))
        self._plain = {stand: _plain(book.without_default(stand)) for stand in self._stands}
        types = checked.attribute_types.items()
        self._columns = {name: Column(name, index, kind) for index, (name, kind) in enumerate(types)}
        conditions = [*(stand.condition for stand in self._stands), *self._plain.values()]
        owners: dict[Condition, str] = dict.fromkeys(conditions, "")
        self._program, self._slots = assemble(owners, self._columns, book.normalised.segments)

    def shares(self, subjects: Subjects, now_ms: int) -> tuple[RuleShare, ...]:
        shares = {stand.key: RuleShare(stand.rule, 0, 0, 0) for stand in self._stands}
        for some in _in_parts(subjects):
            planes, refused = verdicts_together(self._program, self._facts(some, now_ms))
            asked = ((1 << len(some)) - 1) & ~refused
            for stand, readers in self._stands.items():
                dropped = _dropped(planes[self._slots[stand.condition]], stand.drop, asked)
                plain = planes[self._slots[self._plain[stand]]]
                by_known = (dropped & ~plain.unknown).bit_count()
                weight, so_far = readers if stand.reads_constants else 1, shares[stand.key]
                shares[stand.key] = replace(
                    so_far,
                    asked=so_far.asked + weight * asked.bit_count(),
                    by_known=so_far.by_known + weight * by_known,
                    by_unknown=so_far.by_unknown + weight * (dropped.bit_count() - by_known),
                )
        return tuple(shares.values())

    def _facts(self, subjects: Subjects, now_ms: int) -> list[Facts]:
        columns, readers, environment = tuple(self._columns.values()), self._program.readers, self._checked.environment
        now = to_datetime(now_ms)
        return [Facts(read_values(columns, facts), now, environment, readers) for facts in subjects]


def _own(owner: Owner) -> Stands:
    """The rules of an action count once, not once more with each of its treatments."""
    if not owner.is_treatment:
        return owner.stands
    return tuple(stand for stand in owner.stands if stand.level >= ScopeLevel.TREATMENT)


def _plain(condition: Condition) -> Condition:
    """With what segments make of unknown taken back: a default and a segment hide that something was unknown."""
    match condition:
        case Membership(condition=inner):
            return _plain(inner)
        case Not(operand=operand):
            return Not(_plain(operand))
        case AllOf(operands=operands):
            return AllOf(tuple(_plain(each) for each in operands))
        case AnyOf(operands=operands):
            return AnyOf(tuple(_plain(each) for each in operands))
        case _:
            return condition


def _dropped(plane: Plane, drop: DropWhen, asked: int) -> int:
    true, unknown = plane
    false = asked & ~(true | unknown)
    return asked & (false * drop.false | true * drop.true | unknown * drop.unknown)


def _in_parts(subjects: Subjects) -> Iterator[Subjects]:
    return (subjects[first : first + _TOGETHER] for first in range(0, len(subjects), _TOGETHER))
