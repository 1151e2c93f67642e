"""Why an action fell, on the wire. Everything is written into messages that are part of an answer already: one that is
explained has thousands of parts, and what is built elsewhere is copied. What is empty is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tandem.common.v1 import stage_pb2

from services.rules.domain.evaluation import DroppedAction
from services.rules.domain.why.change import SmallestChange
from shared.rpc.values import set_value
from shared.values import FeatureStatus, Value


class _DroppedParts(Protocol):
    """A repeated field."""

    def add(self) -> stage_pb2.Dropped: ...


def dropped_to(dropped: DroppedAction, version: str) -> stage_pb2.Dropped:
    part = stage_pb2.Dropped()
    _write_dropped(part, dropped, version)
    return part


def write_all_dropped(parts: _DroppedParts, dropped: Iterable[DroppedAction], version: str) -> None:
    for each in dropped:
        _write_dropped(parts.add(), each, version)


def _write_dropped(part: stage_pb2.Dropped, dropped: DroppedAction, version: str) -> None:
    part.action = dropped.action
    part.stage = int(dropped.stage)  # type: ignore[assignment]
    part.rule_id = dropped.rule_id
    part.rule_version = version
    _write_read(part, dropped.attribute, dropped.observed, dropped.status)
    part.threshold = dropped.threshold
    if dropped.treatment:
        part.treatment = dropped.treatment
    for failed in dropped.failed:
        test = part.failed.add()
        _write_read(test, failed.attribute, failed.observed, failed.status)
        test.threshold = failed.threshold
    if dropped.smallest_change is not None:
        _write_change(part.smallest_change, dropped.smallest_change)


def _write_change(part: stage_pb2.SmallestChange, change: SmallestChange) -> None:
    part.SetInParent()
    if change.none_because is not None:
        part.none_because = change.none_because.value
    part.smaller_not_ruled_out = change.smaller_not_ruled_out
    for each in change.changes:
        wanted = part.changes.add()
        _write_read(wanted, each.attribute, each.observed.value, each.observed.status)
        if each.needed is not None:
            set_value(wanted.needed, each.needed)


def _write_read(
    part: stage_pb2.Dropped | stage_pb2.FailedTest | stage_pb2.SmallestChange.AttributeChange,
    attribute: str,
    observed: Value,
    status: FeatureStatus | None,
) -> None:
    part.attribute = attribute
    if observed is not None:
        set_value(part.observed, observed)
    if status is not None:
        part.status = int(status)  # type: ignore[assignment]
