"""What was learnt of marketing pressure."""

from __future__ import annotations

import math
from statistics import NormalDist

from tandem.orchestrator.v1 import pressure_pb2 as pb

from services.orchestrator.app.pressure.get_pressure import Pace, PressureReport
from services.orchestrator.domain.pressure.estimate import PressureEstimate
from services.orchestrator.domain.pressure.plan import PressurePlan

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def response_of(report: PressureReport) -> pb.GetPressureResponse:
    message = pb.GetPressureResponse(currency_code=report.currency)
    if report.plan is None:
        return message
    message.plan.CopyFrom(_plan(report.plan))
    message.learning_key, message.waiting = report.learning_key, report.waiting
    if report.learnt is not None:
        message.estimate_time.FromMilliseconds(report.learnt.time_ms)
        _put_estimate(message, report.learnt.estimate)
        message.paces.extend(_pace(each) for each in report.paces)
        if report.usual is not None:
            message.usual_pace.CopyFrom(_pace(report.usual))
    return message


def _plan(plan: PressurePlan) -> pb.PressurePlan:
    message = pb.PressurePlan(
        unsubscribe_value=plan.unsubscribe_value, gap_share=plan.gap_share, channel_weights=dict(plan.channel_weights)
    )
    message.half_life.FromMilliseconds(plan.half_life_ms)
    message.window.FromMilliseconds(plan.window_ms)
    message.response_window.FromMilliseconds(plan.response_window_ms)
    for length_ms in plan.gap_lengths_ms:
        message.gap_lengths.add().FromMilliseconds(length_ms)
    return message


def _put_estimate(message: pb.GetPressureResponse, estimate: PressureEstimate) -> None:
    message.samples = estimate.samples
    message.certainty, message.mean_value = estimate.certainty, estimate.mean_value
    message.mean_level = estimate.mean_level
    for effect, slope, error in (
        (message.response, estimate.response_slope, estimate.response_error),
        (message.unsubscribe, estimate.unsubscribe_slope, estimate.unsubscribe_error),
    ):
        if math.isfinite(error) and error > 0.0:
            effect.slope, effect.low, effect.high = slope, slope - _Z * error, slope + _Z * error


def _pace(pace: Pace) -> pb.PressurePace:
    message = pb.PressurePace(level=pace.level, price=pace.price)
    message.interval.FromMilliseconds(pace.interval_ms)
    return message
