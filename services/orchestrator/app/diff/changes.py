"""Winners that changed, the most frequent changes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from services.orchestrator.app.diff.report import Change

CHANGES_TOLD = 20

Winners = tuple[tuple[str, str, str], ...]
"""Placement, action and channel, as `winners` of a side says it."""


def changes_of(changed: Iterable[tuple[Winners, Winners]]) -> tuple[Change, ...]:
    """Of pairs of what was, and what is."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for pair in changed:
        before, after = ({place: action for place, action, _ in reversed(made)} for made in pair)
        counts.update(
            (place, before.get(place, ""), after.get(place, ""))
            for place in sorted(before.keys() | after.keys())
            if before.get(place, "") != after.get(place, "")
        )
    return tuple(Change(*names, count) for names, count in counts.most_common(CHANGES_TOLD))
