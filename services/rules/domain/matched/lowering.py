"""From the conditions of a rule set to message rules.

    message rule    satisfied when
    ------------    ---------------------
    "7+"            condition 7 is TRUE
    "7-"            condition 7 is FALSE

A condition of which neither is satisfied is unknown; where unknown drops the same as one of the two, that one is not
asked for. What no message rule can say (other CEL, in_segment()) is a bool of the message, "holds.<n>", worked out by
the library or the index: unknown, it is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.rules.domain.condition import (
    AllOf,
    AnyOf,
    Condition,
    Membership,
    Not,
    Opaque,
    Operator,
    Term,
    TermKind,
    Test,
)
from services.rules.domain.constants import constant
from services.rules.domain.indexed.drops import Masks
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN
from services.rules.domain.matching import MessageRule

_TRUE = constant(True)


class Lowering:
    """`held`: what stands in the message as a bool, by its name there; `owners`: the rules that first ask for it."""

    def __init__(self) -> None:
        self.held: dict[str, Condition] = {}
        self.owners: dict[Condition, str] = {}
        self._tests: dict[Condition, Test] = {}

    def lower(self, condition: Condition, owner: str) -> Condition:
        match condition:
            case Not(operand=operand):
                return Not(self.lower(operand, owner))
            case AllOf(operands=parts):
                return AllOf(tuple(self.lower(part, owner) for part in parts))
            case AnyOf(operands=parts):
                return AnyOf(tuple(self.lower(part, owner) for part in parts))
            case Opaque() | Membership():
                return self._held(condition, owner)
            case _:
                return condition

    def _held(self, condition: Condition, owner: str) -> Test:
        if condition not in self._tests:
            name = f"holds.{len(self.held)}"
            self.held[name] = condition
            self.owners[condition] = owner
            self._tests[condition] = Test(Term(TermKind.VALUE, name), Operator.EQUAL, (_TRUE,))
        return self._tests[condition]


def message_rules(number: int, condition: Condition, masks: Masks) -> Iterator[MessageRule]:
    """`condition` is a lowered one; `masks` say what its verdicts drop."""
    if masks[TRUE] != masks[UNKNOWN]:
        yield MessageRule(f"{number}+", condition)
    if masks[FALSE] != masks[UNKNOWN]:
        yield MessageRule(f"{number}-", Not(condition))


def fallen(conditions: Mapping[int, Masks], satisfied: frozenset[str]) -> int:
    """What falls, by the rules that a message satisfies."""
    found = 0
    for number, masks in conditions.items():
        verdict = TRUE if f"{number}+" in satisfied else FALSE if f"{number}-" in satisfied else UNKNOWN
        found |= masks[verdict]
    return found


def condition_number(rule_id: str) -> int:
    """Of a message rule."""
    return int(rule_id[:-1])
