"""GetAttribution."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from tandem.orchestrator.v1 import attribution_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.money import amount_of
from services.orchestrator.app.get_attribution import (
    USUAL_HALF_LIFE_MS,
    USUAL_LOOKBACK_MS,
    Attribution,
    AttributionKey,
    AttributionQuestion,
    AttributionRow,
)
from services.orchestrator.domain.attribution import AttributionModel
from shared.errors import InvalidArgument

_MS, _NS = 1_000, 1_000_000
_MAX_SECONDS = 10**10


def question_from(request: pb.GetAttributionRequest) -> AttributionQuestion:
    from_ms, to_ms = fields.time_ms(request, "from_time"), fields.time_ms(request, "to_time")
    if from_ms is None or to_ms is None:
        name = "from_time" if from_ms is None else "to_time"
        raise InvalidArgument.field(name, "required and missing", reason="REQUIRED_FIELD_MISSING")
    return AttributionQuestion(
        from_ms,
        to_ms,
        fields.enum(AttributionModel, request.model, "model", AttributionModel.LAST_TOUCH),
        fields.enum(AttributionKey, request.by, "by", AttributionKey.CHANNEL),
        _span_ms(request.lookback, "lookback") if request.HasField("lookback") else USUAL_LOOKBACK_MS,
        _span_ms(request.half_life, "half_life") if request.HasField("half_life") else USUAL_HALF_LIFE_MS,
    )


def _span_ms(span: Duration, path: str) -> int:
    if abs(span.seconds) > _MAX_SECONDS:
        raise InvalidArgument.field(path, "must be positive and at most 400 days")
    return int(span.seconds * _MS + span.nanos // _NS)


def attribution_response(attribution: Attribution) -> pb.GetAttributionResponse:
    return pb.GetAttributionResponse(
        currency=attribution.currency,
        rows=[_row(row) for row in attribution.rows],
        unattributed=_row(attribution.unattributed),
        total=_row(attribution.total),
    )


def _row(row: AttributionRow) -> pb.AttributionRow:
    return pb.AttributionRow(
        key=row.key,
        conversions=row.conversions,
        revenue=amount_of(row.revenue),
        margin=amount_of(row.margin),
        contacts=row.contacts,
        cost=amount_of(row.cost),
        roas=row.roas,
    )
