"""Why a candidate fell, on the wire. Everything is written into messages that are part of an answer already: one that
is explained has thousands of parts, and what is built elsewhere is copied. What is empty is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tandem.common.v1 import stage_pb2

from services.orchestrator.domain.decision import Dropped
from services.orchestrator.domain.explanation import AttributeChange, FailedTest, SmallestChange
from shared.rpc.values import set_value


class _DroppedParts(Protocol):
    """A repeated field."""

    def add(self) -> stage_pb2.Dropped: ...


def write_all_dropped(parts: _DroppedParts, dropped: Iterable[Dropped]) -> None:
    for each in dropped:
        _write_dropped(parts.add(), each)


def _write_dropped(part: stage_pb2.Dropped, dropped: Dropped) -> None:
    part.action = dropped.action
    if dropped.channel:
        part.channel = dropped.channel
    part.stage = dropped.stage  # type: ignore[assignment]
    part.rule_id = dropped.rule_id
    part.rule_version = dropped.rule_version
    _write_read(part, dropped)
    part.threshold = dropped.threshold
    if dropped.treatment:
        part.treatment = dropped.treatment
    for failed in dropped.failed:
        test = part.failed.add()
        _write_read(test, failed)
        test.threshold = failed.threshold
    if dropped.smallest_change is not None:
        _write_change(part.smallest_change, dropped.smallest_change)
    if dropped.margin is not None:
        part.margin = dropped.margin


def _write_change(part: stage_pb2.SmallestChange, change: SmallestChange) -> None:
    part.SetInParent()
    part.none_because = change.none_because
    part.smaller_not_ruled_out = change.smaller_not_ruled_out
    for each in change.changes:
        wanted = part.changes.add()
        _write_read(wanted, each)
        if each.needed is not None:
            set_value(wanted.needed, each.needed)


def _write_read(
    part: stage_pb2.Dropped | stage_pb2.FailedTest | stage_pb2.SmallestChange.AttributeChange,
    read: Dropped | FailedTest | AttributeChange,
) -> None:
    """What was read of an attribute."""
    part.attribute = read.attribute
    if read.observed is not None:
        set_value(part.observed, read.observed)
    if read.status is not None:
        part.status = int(read.status)  # type: ignore[assignment]
