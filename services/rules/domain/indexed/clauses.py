"""Which verdicts of which conditions drop an action: rules taken apart as far as that is exact.

A rule `A && B` drops where A or B is not true, so its two halves can be checked apart and shared with other rules.
The same holds for `A || B` in a rule that drops what is true, for negation, and for segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from services.rules.domain.condition import AllOf, AnyOf, Condition, Membership, Not
from services.rules.domain.rule_set import Rule, Stage
from services.rules.domain.written import OnUnknown


class DropWhen(NamedTuple):
    """Whether an action falls on each verdict. Indexed by verdict: the order is that of the Kleene constants."""

    false: bool
    true: bool
    unknown: bool

    @property
    def negated(self) -> DropWhen:
        return DropWhen(false=self.true, true=self.false, unknown=self.unknown)


def drop_when(rule: Rule) -> DropWhen:
    """A SUPPRESSION rule drops what satisfies it, the others what does not; unknown drops unless it passes.

    Under DEFAULT a condition can still be unknown, by an error such as a division by zero: that drops.
    """
    drops_unknown = rule.on_unknown is not OnUnknown.PASS
    is_suppression = rule.stage is Stage.SUPPRESSION
    return DropWhen(false=not is_suppression, true=is_suppression, unknown=drops_unknown)


def clauses(condition: Condition, drop: DropWhen) -> Iterator[tuple[Condition, DropWhen]]:
    """An action falls by the rule exactly when it falls by one of its clauses."""
    match condition:
        case Not(operand=operand):
            yield from clauses(operand, drop.negated)
        case AllOf(operands=operands) if drop.false:
            for operand in operands:
                yield from clauses(operand, drop)
        case AnyOf(operands=operands) if drop.true:
            for operand in operands:
                yield from clauses(operand, drop)
        case Membership(condition=inner, on_unknown=on_unknown):
            # Unknown is membership where the segment says PASS.
            passes = on_unknown is OnUnknown.PASS
            yield from clauses(inner, drop._replace(unknown=drop.true if passes else drop.false))
        case _:
            yield condition, drop
