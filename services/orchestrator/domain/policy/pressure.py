"""`pressure:` - what contacts do to people, learnt from times without contacts that begin at random.

pressure:
  half_life: 7d            # of a contact's weight
  window: 60d              # after which it counts no more; 8 half-lives where it is left out
  response_window: 5d      # after which a contact had no response; the objective's window, else 7d
  unsubscribe_value: 12.5  # money that an unsubscribe costs
  gaps: {share: 0.1, lengths: [2d, 5d]}
channels: {email: {direction: OUTBOUND, pressure_weight: 1.5}}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.contact_limit import MAX_WINDOW_MS
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, where
from services.orchestrator.domain.policy.nodes import ListNode, Node, ScalarNode, describe
from services.orchestrator.domain.policy.objectives import MAX_MONEY
from services.orchestrator.domain.policy.scalars import duration_ms, number, scalar, span_words
from services.orchestrator.domain.policy.sections import Sections
from services.orchestrator.domain.policy.shapes import DURATION, list_shape, record
from services.orchestrator.domain.policy_parts import Place
from shared.clock import MS_PER_SECOND

PRESSURE = "pressure"
HOUR_MS, MINUTE_MS = 3_600 * MS_PER_SECOND, 60 * MS_PER_SECOND
HALF_LIVES = 8
"""After so many a contact counts less than a two-hundredth of what it did."""
MAX_LENGTHS = 8
MAX_SHARE = 0.5
"""More than half of all periods would be a policy of its own."""
LEAST_SHARE = 0.001
"""With fewer gaps hardly anybody ever has one."""
MAX_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Gaps:
    share: float
    lengths_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PressureWeight:
    """Of a channel."""

    weight: float
    place: Place


@dataclass(frozen=True, slots=True)
class PressureDeclaration:
    """None for what is not written, or could not be read."""

    place: Place
    half_life_ms: int | None
    window_ms: int | None
    response_window_ms: int | None
    unsubscribe_value: float
    gaps: Gaps | None
    has_gaps: bool
    """Something is written of gaps, and not that there are none."""


def _span(minimum_ms: int) -> Callable[[Node], int]:
    """Up to what the ledger keeps."""

    def read(node: Node) -> int:
        span_ms = duration_ms(node)
        if minimum_ms <= span_ms <= MAX_WINDOW_MS:
            return span_ms
        message = f"must be from {span_words(minimum_ms)} to {span_words(MAX_WINDOW_MS)}, not {scalar(node).text}"
        raise Refused(node.place, message, code="OUT_OF_RANGE")

    return read


def _between(maximum: float) -> Callable[[Node], float]:
    """From 0."""

    def read(node: Node) -> float:
        share = number(node)
        if 0 <= share <= maximum:
            return share
        message = f"must be between 0 and {maximum:g}, not {scalar(node).text}"
        raise Refused(node.place, message, code="OUT_OF_RANGE")

    return read


def _number_shape(maximum: float) -> dict[str, Any]:
    return {"type": "number", "minimum": 0, "maximum": maximum}


def _lengths(node: Node, findings: Findings) -> tuple[int, ...] | None:
    """None where one of them could not be read."""
    if not isinstance(node, ListNode):
        raise Refused(node.place, f"must be a list of durations such as [2d, 5d], not {describe(node)}")
    if not 1 <= len(node.items) <= MAX_LENGTHS:
        message = f"must be from 1 to {MAX_LENGTHS} durations, not {len(node.items)}"
        raise Refused(node.place, message, code="OUT_OF_RANGE")
    spans = list_of(leaf(_span(HOUR_MS)))(node, findings)
    if len(spans) < len(node.items):
        return None
    first: dict[int, Place] = {}
    for span_ms, item in zip(spans, node.items, strict=True):
        if span_ms in first:
            message = f"{_written(item)} stands twice: first at {where(first[span_ms])}"
            raise Refused(item.place, message, code="OUT_OF_RANGE")
        first[span_ms] = item.place
    return tuple(sorted(spans))


def _written(node: Node) -> str:
    return node.text if isinstance(node, ScalarNode) else describe(node)


SHARE = Field("share", leaf(_between(MAX_SHARE), _number_shape(MAX_SHARE)), required=True)
LENGTHS = Field(
    "lengths", _lengths, required=True, shape={**list_shape(DURATION), "minItems": 1, "maxItems": MAX_LENGTHS}
)
GAP_FIELDS: tuple[Field[Any], ...] = (SHARE, LENGTHS)


@dataclass(frozen=True, slots=True)
class _WrittenGaps:
    fields: Fields

    @property
    def gaps(self) -> Gaps | None:
        share, lengths = self.fields.get(SHARE, None), self.fields.get(LENGTHS, None)
        return None if share is None or lengths is None else Gaps(share, lengths)

    @property
    def is_none(self) -> bool:
        return self.fields.get(SHARE, None) == 0


def _gaps(node: Node, findings: Findings) -> _WrittenGaps:
    return _WrittenGaps(read_fields(node.place, node, GAP_FIELDS, findings))


HALF_LIFE = Field("half_life", leaf(_span(HOUR_MS), DURATION), required=True)
WINDOW = Field("window", leaf(_span(HOUR_MS), DURATION))
RESPONSE_WINDOW = Field("response_window", leaf(_span(MINUTE_MS), DURATION))
UNSUBSCRIBE_VALUE = Field("unsubscribe_value", leaf(_between(MAX_MONEY), _number_shape(MAX_MONEY)))
GAPS = Field("gaps", _gaps, shape=record(GAP_FIELDS))
PRESSURE_FIELDS: tuple[Field[Any], ...] = (HALF_LIFE, WINDOW, RESPONSE_WINDOW, UNSUBSCRIBE_VALUE, GAPS)
PRESSURE_WEIGHT = Field("pressure_weight", leaf(_between(MAX_WEIGHT), _number_shape(MAX_WEIGHT)))
"""Of a channel."""


def read_pressure(sections: Sections, findings: Findings) -> PressureDeclaration | None:
    """None where the policy does not speak of it."""
    node = sections.record(PRESSURE)
    if node is None:
        return None
    fields = read_fields(node.place, node, PRESSURE_FIELDS, findings)
    written = fields.get(GAPS, None)
    declared = PressureDeclaration(
        node.place,
        fields.get(HALF_LIFE, None),
        fields.get(WINDOW, None),
        fields.get(RESPONSE_WINDOW, None),
        fields.get(UNSUBSCRIBE_VALUE, 0.0),
        None if written is None else written.gaps,
        fields.is_written(GAPS) and not (written is not None and written.is_none),
    )
    _check_spans(declared, fields, written, findings)
    return declared


def _check_spans(
    declared: PressureDeclaration, fields: Fields, written: _WrittenGaps | None, findings: Findings
) -> None:
    half_life_ms, window_ms = declared.half_life_ms, declared.window_ms
    if half_life_ms is not None and window_ms is not None and window_ms < half_life_ms:
        message = f"window: {span_words(window_ms)} is shorter than the half-life of {span_words(half_life_ms)}"
        findings.error(fields.place(WINDOW), "OUT_OF_RANGE", message)
    reach_ms = window_of(declared)
    if written is None or declared.gaps is None:
        return
    if 0 < declared.gaps.share < LEAST_SHARE:
        message = (
            f"share: of 1,000 periods less than one begins with a gap: hardly anything is learnt below {LEAST_SHARE:g}"
        )
        findings.warning(written.fields.place(SHARE), "NOTHING_LEARNT", message)
    if reach_ms is None:
        return
    longest_ms = max(declared.gaps.lengths_ms)
    if longest_ms > reach_ms:
        message = f"lengths: a gap of {span_words(longest_ms)} is longer than the window of {span_words(reach_ms)}"
        findings.error(written.fields.place(LENGTHS), "OUT_OF_RANGE", message)


def window_of(declared: PressureDeclaration) -> int | None:
    """None where nobody can tell."""
    if declared.window_ms is not None or declared.half_life_ms is None:
        return declared.window_ms
    return min(HALF_LIVES * declared.half_life_ms, MAX_WINDOW_MS)
