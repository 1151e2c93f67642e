"""Which open matches complete a pattern. All time here is event time; matches are sorted by (event time, event id).

A completion ends with the first event, from the new one on, with which the window before it is complete; of several
ways to make it up, the one with the newest events. The new event is always among them: nothing was complete without it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import fsum
from typing import NamedTuple

from services.rules.domain.triggers.declaration import Pattern, PatternKind, Schedule
from services.rules.domain.triggers.state import Match

MAX_MATCHES = 1_000
"""Of a SUM, per subject and value of the join; the oldest are forgotten."""
MAX_PARTS = 256
"""The same of ALL and SEQUENCE."""
MIN_COUNT = 16
"""The same of COUNT at least, and twice at_least."""


class Completion(NamedTuple):
    """`members` in their order; `progress` is the count, the sum, or the number of parts."""

    members: tuple[Match, ...]
    progress: int | float

    @property
    def first_ms(self) -> int:
        return self.members[0].ms

    @property
    def last(self) -> Match:
        return self.members[-1]


def capacity(pattern: Pattern) -> int:
    """How many open matches are kept."""
    match pattern.kind:
        case PatternKind.COUNT:
            return max(MIN_COUNT, 2 * int(pattern.at_least))
        case PatternKind.SUM:
            return MAX_MATCHES
        case _:
            return MAX_PARTS


def completion(pattern: Pattern, matches: Sequence[Match], new: int) -> Completion | None:
    """`new` is the index of the match that came last."""
    match pattern.kind:
        case PatternKind.COUNT | PatternKind.SUM:
            return _enough(pattern, matches, new)
        case PatternKind.SEQUENCE:
            return in_order(matches, new, len(pattern.matches), pattern.within_ms)
        case PatternKind.ALL:
            return _all(matches, new, len(pattern.matches), pattern.within_ms)
        case PatternKind.ANY:
            raise AssertionError("ANY is complete with every match")


def in_order(matches: Sequence[Match], new: int, parts: int, within_ms: int) -> Completion | None:
    """The first `parts` parts, one after the other."""
    last_part = 1 << (parts - 1)
    for end in _ends(matches, new, within_ms):
        if matches[end].parts & last_part:
            chain = _chain(matches, end, parts)
            if chain and matches[end].ms - chain[0].ms <= within_ms:
                return Completion(chain, parts)
    return None


def is_waiting(when: Pattern | Schedule, matches: Sequence[Match]) -> bool:
    """Whether nothing but an event about a thing is missing."""
    if not isinstance(when, Pattern) or not when.matches[-1].by_anyone:
        return False
    parts = len(when.matches) - 1
    return any(in_order(matches, index, parts, when.within_ms) for index in range(len(matches)))


def _ends(matches: Sequence[Match], new: int, within_ms: int) -> Iterator[int]:
    """Those that a window with the new match can end with."""
    latest_ms = matches[new].ms + within_ms
    for end in range(new, len(matches)):
        if matches[end].ms > latest_ms:
            return
        yield end


def _window(matches: Sequence[Match], end: int, within_ms: int) -> Sequence[Match]:
    begin = bisect_left(matches, matches[end].ms - within_ms, hi=end, key=lambda match: match.ms)
    return matches[begin : end + 1]


def _enough(pattern: Pattern, matches: Sequence[Match], new: int) -> Completion | None:
    for end in _ends(matches, new, pattern.within_ms):
        window = _window(matches, end, pattern.within_ms)
        is_sum = pattern.kind is PatternKind.SUM
        progress = fsum(match.amount for match in window) if is_sum else len(window)
        if progress >= pattern.at_least:
            return Completion(tuple(window), progress)
    return None


def _chain(matches: Sequence[Match], end: int, parts: int) -> tuple[Match, ...]:
    """Backwards from `end`, for each part the newest match before; () where one is missing."""
    chain, index = [matches[end]], end
    for part in range(parts - 2, -1, -1):
        index -= 1
        while index >= 0 and not matches[index].parts >> part & 1:
            index -= 1
        if index < 0:
            return ()
        chain.append(matches[index])
    return tuple(reversed(chain))


def _all(matches: Sequence[Match], new: int, parts: int, within_ms: int) -> Completion | None:
    everything = (1 << parts) - 1
    for end in _ends(matches, new, within_ms):
        window = _window(matches, end, within_ms)
        reached = 0
        for match in window:
            reached |= match.parts
        if reached == everything and (chosen := _one_each(window, parts)):
            return Completion(tuple(sorted(chosen, key=lambda match: match.place)), parts)
    return None


def _one_each(window: Sequence[Match], parts: int) -> tuple[Match, ...]:
    """Another match for each part, the newest that leave one for the later parts; () where there are too few.

    Of one part's matches no more than there are parts can be needed.
    """
    newest = [[each for each in reversed(window) if each.parts >> part & 1][:parts] for part in range(parts)]
    chosen: list[Match] = []
    for part, candidates in enumerate(newest):
        found = next(
            (each for each in candidates if each not in chosen and _is_enough(newest[part + 1 :], [*chosen, each])),
            None,
        )
        if found is None:
            return ()
        chosen.append(found)
    return tuple(chosen)


def _is_enough(candidates: Sequence[Sequence[Match]], taken: Sequence[Match]) -> bool:
    """Whether there is another match for each part beside those taken (bipartite matching by augmenting paths)."""
    part_of: dict[tuple[int, str], int] = {}
    occupied = {match.place for match in taken}

    def place(part: int, seen: set[tuple[int, str]]) -> bool:
        for match in candidates[part]:
            if match.place not in occupied and match.place not in seen:
                seen.add(match.place)
                if match.place not in part_of or place(part_of[match.place], seen):
                    part_of[match.place] = part
                    return True
        return False

    return all(place(part, set()) for part in range(len(candidates)))
