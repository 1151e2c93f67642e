"""Why a candidate fell, on the wire."""

from __future__ import annotations

from tandem.common.v1 import stage_pb2, value_pb2

from services.orchestrator.domain.decision import Dropped
from services.orchestrator.domain.explanation import AttributeChange, FailedTest, SmallestChange
from shared.rpc.values import value_to_proto
from shared.values import FeatureStatus, Value


def dropped_to(dropped: Dropped) -> stage_pb2.Dropped:
    change = dropped.smallest_change
    return stage_pb2.Dropped(
        action=dropped.action,
        channel=dropped.channel,
        stage=dropped.stage,  # type: ignore[arg-type]
        rule_id=dropped.rule_id,
        rule_version=dropped.rule_version,
        attribute=dropped.attribute,
        observed=_value(dropped.observed),
        status=_status(dropped.status),
        threshold=dropped.threshold,
        treatment=dropped.treatment,
        failed=[_failed(each) for each in dropped.failed],
        smallest_change=None if change is None else _smallest_change(change),
        margin=dropped.margin,
    )


def _failed(failed: FailedTest) -> stage_pb2.FailedTest:
    return stage_pb2.FailedTest(
        attribute=failed.attribute,
        observed=_value(failed.observed),
        status=_status(failed.status),
        threshold=failed.threshold,
    )


def _smallest_change(change: SmallestChange) -> stage_pb2.SmallestChange:
    return stage_pb2.SmallestChange(
        changes=[_attribute_change(each) for each in change.changes],
        none_because=change.none_because,
        smaller_not_ruled_out=change.smaller_not_ruled_out,
    )


def _attribute_change(change: AttributeChange) -> stage_pb2.SmallestChange.AttributeChange:
    return stage_pb2.SmallestChange.AttributeChange(
        attribute=change.attribute,
        observed=_value(change.observed),
        status=_status(change.status),
        needed=_value(change.needed),
    )


def _value(value: Value) -> value_pb2.TypedValue | None:
    return None if value is None else value_to_proto(value)


def _status(status: FeatureStatus | None) -> value_pb2.FeatureStatus:
    return int(status or 0)  # type: ignore[return-value]
