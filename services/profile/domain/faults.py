"""What can be wrong with any declaration of a trait schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.profile.domain.limits import is_code, is_name
from shared.clock import MS_PER_DAY

MAX_PERIOD_MS = 36_525 * MS_PER_DAY
"""A hundred years."""

Faults = Iterator[tuple[str, str]]
"""Path within the schema and what is wrong there."""


def name_faults(names: Sequence[tuple[str, str]], among: str) -> Faults:
    """Of names by their paths."""
    taken: set[str] = set()
    for path, name in names:
        if not is_name(name):
            yield path, f"{name!r} must match [a-z][a-z0-9_]*, at most 64 characters"
        if name in taken:
            yield path, f"{name!r} is declared twice: names are unique among {among}"
        taken.add(name)


def period_faults(path: str, period_ms: int) -> Faults:
    """0 is no period."""
    if not 0 <= period_ms <= MAX_PERIOD_MS:
        yield path, "must be positive and at most a hundred years"


def purpose_faults(path: str, purposes: Sequence[str]) -> Faults:
    """Of purposes that a declaration mentions."""
    for place, purpose in enumerate(purposes):
        if not is_code(purpose):
            yield f"{path}[{place}]", f"{purpose!r} must match [A-Z][A-Z0-9_]*, at most 64 characters"
        if purpose in purposes[:place]:
            yield f"{path}[{place}]", f"{purpose!r} is written twice"
