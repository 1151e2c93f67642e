"""Where a trait's value comes from, and whose word counts first."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum


class TraitSource(IntEnum):
    """Numbers are those of tandem.profile.v1.TraitSource; they are the usual order of precedence."""

    EXPLICIT = 1
    IMPLICIT = 2
    COMPUTED = 3
    SECOND_PARTY = 4
    THIRD_PARTY = 5


def by_precedence(declared: Sequence[TraitSource]) -> tuple[TraitSource, ...]:
    """All sources: the declared ones first, then the others in the usual order."""
    return (*declared, *(source for source in TraitSource if source not in declared))
