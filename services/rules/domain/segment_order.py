"""Segments that use segments: names, order and cycles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from services.rules.domain.finding_log import FindingLog
from services.rules.domain.normalise import segment_ids
from services.rules.domain.rule_set import Segment
from shared.cel.library import CheckedExpression
from shared.cel.syntax import Call, Node

MAX_DEPTH = 32
"""How far segments may use one another."""

MAX_NESTING = 128
"""How deep &&, || and ! may nest in a segment and those it uses, counted through them all."""

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
        self._nestings: dict[str, int] = {}
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
        nesting = self._own_nesting(segment_id) + max(
            (self._nestings.get(used, 0) for used in self._uses(segment_id, path)), default=0
        )
        if nesting > MAX_NESTING:
            message = f"with the segments it uses, it nests && || ! {nesting} deep; {MAX_NESTING} is allowed"
            self._error(segment_id, "LIMIT", message)
        self.depths[segment_id], self._nestings[segment_id] = depth, nesting
        return depth

    def _own_nesting(self, segment_id: str) -> int:
        expression = self._checked.get(self._segments[segment_id].when)
        return 0 if expression is None else _nesting(expression.root)

    def _uses(self, segment_id: str, path: tuple[str, ...]) -> Iterable[str]:
        expression = self._checked.get(self._segments[segment_id].when)
        if expression is None or len(path) > MAX_DEPTH:
            return ()
        return dict.fromkeys(used for used in segment_ids(expression.root) if used in self._segments)

    def _error(self, segment_id: str, code: str, message: str) -> None:
        self._log.error(self._segments[segment_id].position, code, message)


def _nesting(node: Node) -> int:
    """How deep the logic over atoms nests; the operands of one chain stand side by side."""
    if not isinstance(node, Call) or node.function not in _LOGIC:
        return 0
    parts = node.arguments if node.function == "!_" else tuple(_side_by_side(node, node.function))
    return 1 + max(_nesting(part) for part in parts)


def _side_by_side(node: Node, function: str) -> Iterator[Node]:
    if isinstance(node, Call) and node.function == function:
        for argument in node.arguments:
            yield from _side_by_side(argument, function)
    else:
        yield node


_LOGIC = {"_&&_", "_||_", "!_"}
