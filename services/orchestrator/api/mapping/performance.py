"""GetPerformance."""

from __future__ import annotations

from tandem.orchestrator.v1 import performance_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.money import amount_of
from services.orchestrator.app.performance_report import (
    ArmRow,
    LeftOut,
    Measure,
    Performance,
    PerformanceKey,
    PerformanceQuestion,
)
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.lift import Estimate, Lift
from services.orchestrator.domain.sample_ratio import SampleRatio
from shared.errors import InvalidArgument


def question_from(request: pb.GetPerformanceRequest) -> PerformanceQuestion:
    from_ms, to_ms = fields.time_ms(request, "from_time"), fields.time_ms(request, "to_time")
    if from_ms is None or to_ms is None:
        name = "from_time" if from_ms is None else "to_time"
        raise InvalidArgument.field(name, "required and missing", reason="REQUIRED_FIELD_MISSING")
    return PerformanceQuestion(
        from_ms,
        to_ms,
        fields.enum(PerformanceKey, request.by, "by", PerformanceKey.ALL),
        fields.short_text(request.attribute, "attribute"),
        _baseline(request.baseline.upper()),
    )


def _baseline(name: str) -> Arm | None:
    if not name:
        return None
    if name not in Arm.__members__:
        raise InvalidArgument.field("baseline", f"must be one of {', '.join(Arm.__members__)}")
    return Arm[name]


def performance_response(performance: Performance) -> pb.GetPerformanceResponse:
    return pb.GetPerformanceResponse(
        currency=performance.currency,
        rows=[_row(row) for row in performance.rows],
        sample_ratio=_ratio(performance.sample_ratio),
        left_out=_left_out(performance.left_out),
        targets=[
            pb.TargetResult(target=each.name, metric=int(each.metric), amount=each.amount, actual=each.actual)  # type: ignore[arg-type]
            for each in performance.targets
        ],
        baseline="" if performance.baseline is None else performance.baseline.name,
    )


def _row(row: ArmRow) -> pb.PerformanceRow:
    return pb.PerformanceRow(
        key=row.key,
        arm=row.arm.name,
        persons=row.persons,
        contacts=row.tally.contacts,
        responses=row.tally.responses,
        conversions=row.tally.conversions,
        revenue=amount_of(row.tally.revenue),
        response_rate=_measure(row.response_rate),
        contact_count=_measure(row.contacts),
        conversion_count=_measure(row.conversions),
        revenue_amount=_measure(row.revenue),
    )


def _measure(measure: Measure) -> pb.Measure | None:
    if measure.estimate is None:
        return None
    return pb.Measure(estimate=_estimate(measure.estimate), lift=_lift(measure.lift))


def _lift(lift: Lift | None) -> pb.Lift | None:
    return None if lift is None else pb.Lift(difference=_estimate(lift.difference), relative=_estimate(lift.relative))


def _estimate(estimate: Estimate | None) -> pb.Estimate | None:
    return None if estimate is None else pb.Estimate(value=estimate.value, low=estimate.low, high=estimate.high)


def _ratio(ratio: SampleRatio) -> pb.SampleRatio:
    return pb.SampleRatio(
        arms=[
            pb.SampleRatio.ArmCount(arm=arm.name, observed=count, expected=ratio.expected[arm])
            for arm, count in ratio.observed.items()
        ],
        p_value=ratio.p_value,
        alarm=ratio.is_alarming,
    )


def _left_out(left_out: LeftOut) -> pb.LeftOut:
    return pb.LeftOut(
        two_arms=left_out.two_arms, merged=left_out.merged, moved=left_out.moved, decisions=left_out.decisions
    )
