"""RecordConversions and RecordTouches: items, and what became of them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from tandem.common.v1 import subject_pb2
from tandem.orchestrator.v1 import conversion_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.money import money_from
from services.orchestrator.api.mapping.subject import identities_from
from services.orchestrator.app.ports import Identity
from services.orchestrator.app.record_conversions import (
    MAX_ITEMS,
    ConversionItem,
    OrderLine,
    RecordAnswer,
    RecordedItem,
    TouchItem,
)
from services.orchestrator.domain.conversion import MAX_QUANTITY, Conversion
from services.orchestrator.domain.currency import Money
from services.orchestrator.domain.touch import Touch
from shared.errors import InvalidArgument
from shared.rpc.errors import to_status

MAX_LINES = 1_000
MAX_IDENTITIES = 32


def conversions_from(request: pb.RecordConversionsRequest) -> list[ConversionItem | InvalidArgument]:
    """What is wrong with one takes its place: the others are taken."""
    fields.at_most(request.conversions, MAX_ITEMS, "conversions")
    return [_conversion_or_fault(each, f"conversions[{index}]") for index, each in enumerate(request.conversions)]


def touches_from(request: pb.RecordTouchesRequest) -> list[TouchItem | InvalidArgument]:
    fields.at_most(request.touches, MAX_ITEMS, "touches")
    return [_touch_or_fault(each, f"touches[{index}]") for index, each in enumerate(request.touches)]


def _conversion_or_fault(conversion: pb.Conversion, path: str) -> ConversionItem | InvalidArgument:
    try:
        return _conversion(conversion, path)
    except InvalidArgument as fault:
        return fault


def _touch_or_fault(touch: pb.Touch, path: str) -> TouchItem | InvalidArgument:
    try:
        return _touch(touch, path)
    except InvalidArgument as fault:
        return fault


def _conversion(conversion: pb.Conversion, path: str) -> ConversionItem:
    fields.at_most(conversion.lines, MAX_LINES, f"{path}.lines")
    return ConversionItem(
        conversion_id=fields.identifier(conversion.conversion_id, f"{path}.conversion_id"),
        identities=_identities(conversion.subject, f"{path}.subject"),
        occurred_time_ms=fields.time_ms(conversion, "occurred_time", f"{path}."),
        order_id=fields.short_text(conversion.order_id, f"{path}.order_id"),
        lines=tuple(_line(line, f"{path}.lines[{index}]") for index, line in enumerate(conversion.lines)),
        store_id=fields.short_text(conversion.store_id, f"{path}.store_id"),
        coupon_code=fields.short_text(conversion.coupon_code, f"{path}.coupon_code"),
        reverses_conversion_id=fields.short_text(conversion.reverses_conversion_id, f"{path}.reverses_conversion_id"),
    )


def _line(line: pb.OrderLine, path: str) -> OrderLine:
    if not (math.isfinite(line.quantity) and 0 < line.quantity <= MAX_QUANTITY):
        raise InvalidArgument.field(f"{path}.quantity", f"must be greater than 0 and at most {MAX_QUANTITY:,.0f}")
    return OrderLine(
        fields.identifier(line.sku, f"{path}.sku"),
        line.quantity,
        _money(line, "net_price", path),
        _money(line, "margin", path),
    )


def _touch(touch: pb.Touch, path: str) -> TouchItem:
    return TouchItem(
        touch_id=fields.identifier(touch.touch_id, f"{path}.touch_id"),
        identities=_identities(touch.subject, f"{path}.subject"),
        platform=fields.identifier(touch.platform, f"{path}.platform").upper(),
        campaign_ref=fields.short_text(touch.campaign_ref, f"{path}.campaign_ref"),
        cost=_money(touch, "cost", path),
        occurred_time_ms=fields.time_ms(touch, "occurred_time", f"{path}."),
    )


def _identities(subject: subject_pb2.Subject, path: str) -> tuple[Identity, ...]:
    fields.at_most(subject.identities, MAX_IDENTITIES, f"{path}.identities")
    return identities_from(subject)


def _money(message: pb.OrderLine | pb.Touch, name: str, path: str) -> Money | None:
    has: Message = message
    return money_from(getattr(message, name), f"{path}.{name}") if has.HasField(name) else None


def conversions_response(answer: RecordAnswer) -> pb.RecordConversionsResponse:
    kind = pb.RecordConversionsResponse
    return kind(
        items=[
            kind.Item(error=_status(each))
            if each.fault is not None
            else kind.Item(
                result=kind.Result(conversion_id=each.key, profile_id=each.profile_id, duplicate=each.duplicate)
            )
            for each in answer.items
        ]
    )


def touches_response(answer: RecordAnswer) -> pb.RecordTouchesResponse:
    kind = pb.RecordTouchesResponse
    return kind(
        items=[
            kind.Item(error=_status(each))
            if each.fault is not None
            else kind.Item(result=kind.Result(touch_id=each.key, profile_id=each.profile_id, duplicate=each.duplicate))
            for each in answer.items
        ]
    )


def _status(item: RecordedItem) -> Status | None:
    return None if item.fault is None else to_status(item.fault.error())


def exported_lines(told: Sequence[Conversion | Touch]) -> list[str]:
    """One object on one line each; money in millionths of the policy's currency."""
    return [
        json.dumps({"kind": "touch" if isinstance(each, Touch) else "conversion", **asdict(each)}, ensure_ascii=False)
        for each in told
    ]
