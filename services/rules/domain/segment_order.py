"""Segments that use segments: names, order and cycles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from services.rules.domain.finding_log import FindingLog
from services.rules.domain.normalise import segment_ids
from services.rules.domain.rule_set import Segment
from shared.cel.library import CheckedExpression

MAX_DEPTH = 32
"""How far segments may use one another."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def unique_segments(segments: Iterable[Segment], log: FindingLog) -> dict[str, Segment]:
    """By name."""
    names: dict[str, Segment] = {}
    for segment in segments:
        if not _NAME.fullmatch(segment.segment_id):
            log.error(segment.position, "BAD_NAME", f"'{segment.segment_id}' is no segment name")
        elif segment.segment_id in names:
            log.error(segment.position, "DUPLICATE_SEGMENT", f"segment '{segment.segment_id}' is declared twice")
        else:
            names[segment.segment_id] = segment
    return names


def ordered_segments(
    segments: Mapping[str, Segment], checked: Mapping[str, CheckedExpression], log: FindingLog
) -> tuple[Segment, ...]:
    """Each segment after those it uses. A circle is a finding at the segment that closes it."""
    order = _Order(segments, checked, log)
    for segment_id in segments:
        order.visit(segment_id, ())
    return tuple(segments[segment_id] for segment_id in order.depths)


class _Order:
    """A depth-first search; `depths` fills in the order wanted."""

    def __init__(
        self, segments: Mapping[str, Segment], checked: Mapping[str, CheckedExpression], log: FindingLog
    ) -> None:
        self._segments = segments
        self._checked = checked
        self._log = log
        self.depths: dict[str, int] = {}

    def visit(self, segment_id: str, path: tuple[str, ...]) -> int:
        """How deep the segments below go."""
        if segment_id in self.depths:
            return self.depths[segment_id]
        if segment_id in path:
            circle = " -> ".join((*path[path.index(segment_id) :], segment_id))
            self._error(path[-1], "SEGMENT_CYCLE", f"segments use one another in a circle: {circle}")
            return 0
        depth = 1 + max((self.visit(used, (*path, segment_id)) for used in self._uses(segment_id, path)), default=0)
        if depth > MAX_DEPTH:
            self._error(segment_id, "LIMIT", f"segments use one another more than {MAX_DEPTH} deep")
        self.depths[segment_id] = depth
        return depth

    def _uses(self, segment_id: str, path: tuple[str, ...]) -> Iterable[str]:
        expression = self._checked.get(self._segments[segment_id].when)
        if expression is None or len(path) > MAX_DEPTH:
            return ()
        return dict.fromkeys(used for used in segment_ids(expression.root) if used in self._segments)

    def _error(self, segment_id: str, code: str, message: str) -> None:
        self._log.error(self._segments[segment_id].position, code, message)
