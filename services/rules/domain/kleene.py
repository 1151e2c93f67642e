"""Kleene's strong three-valued logic (Introduction to Metamathematics, 1952, section 64).

The verdicts are small ints, so that they index tables and a Python bool is a verdict as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

Verdict = int

FALSE: Final = 0
TRUE: Final = 1
UNKNOWN: Final = 2

_NOT = (TRUE, FALSE, UNKNOWN)


def negation(verdict: Verdict) -> Verdict:
    return _NOT[verdict]


def conjunction(verdicts: Iterable[Verdict]) -> Verdict:
    """FALSE where any is FALSE, else UNKNOWN where any is UNKNOWN. Lazy: reads no further than the first FALSE."""
    result = TRUE
    for verdict in verdicts:
        if verdict == FALSE:
            return FALSE
        if verdict == UNKNOWN:
            result = UNKNOWN
    return result


def disjunction(verdicts: Iterable[Verdict]) -> Verdict:
    """TRUE where any is TRUE, else UNKNOWN where any is UNKNOWN. Lazy: reads no further than the first TRUE."""
    result = FALSE
    for verdict in verdicts:
        if verdict == TRUE:
            return TRUE
        if verdict == UNKNOWN:
            result = UNKNOWN
    return result
