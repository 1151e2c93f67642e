"""Kleene's strong three-valued logic (Introduction to Metamathematics, 1952, section 64).

The verdicts are small ints, so that they index tables and a Python bool is a verdict as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Verdict = int

FALSE: Final = 0
TRUE: Final = 1
UNKNOWN: Final = 2

_NOT = (TRUE, FALSE, UNKNOWN)


def negation(verdict: Verdict) -> Verdict:
    return _NOT[verdict]


def conjunction(verdicts: Sequence[Verdict]) -> Verdict:
    """FALSE where any is FALSE, else UNKNOWN where any is UNKNOWN."""
    if FALSE in verdicts:
        return FALSE
    return UNKNOWN if UNKNOWN in verdicts else TRUE


def disjunction(verdicts: Sequence[Verdict]) -> Verdict:
    """TRUE where any is TRUE, else UNKNOWN where any is UNKNOWN."""
    if TRUE in verdicts:
        return TRUE
    return UNKNOWN if UNKNOWN in verdicts else FALSE
