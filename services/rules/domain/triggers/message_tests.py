"""Tests that the rules of triggers make of a message, besides those that people wrote."""

from __future__ import annotations

from services.rules.domain.condition import Operator, Term, TermKind, Test
from services.rules.domain.constants import constant
from shared.values import Scalar


def equals(name: str, value: Scalar) -> Test:
    return Test(Term(TermKind.VALUE, name), Operator.EQUAL, (constant(value),))


def at_least(name: str, value: Scalar) -> Test:
    return Test(Term(TermKind.VALUE, name), Operator.GREATER_OR_EQUAL, (constant(value),))
