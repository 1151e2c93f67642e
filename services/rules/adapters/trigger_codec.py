"""Happenings, firings and progress as bytes, the same in every store: msgpack by field name.

msgspec writes dataclasses by itself, but reads no union of str and datetime, which values are: hence the readers below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from services.rules.app.trigger_ports import LoggedHappening
from services.rules.app.trigger_store import FanOut, OpenTick, Progress
from services.rules.domain.triggers.outcome import Firing, Happening
from shared.values import Value

Raw = Mapping[str, Any]

encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def decode_firing(body: bytes, number: int) -> Firing:
    raw: dict[str, Any] = _decode(body)
    return replace(Firing(**{**raw, "payload": _values(raw["payload"])}), number=number)


def decode_received(body: bytes, received_ms: int) -> LoggedHappening:
    happening = _happening(_decode(body))
    return LoggedHappening(happening.event_id, received_ms, happening)


def decode_progress(body: bytes) -> Progress:
    raw: dict[str, Any] = _decode(body)
    fan_out, tick = raw["fan_out"], raw["tick"]
    return Progress(
        raw["position"],
        raw["erasures"],
        fan_out and FanOut(_logged(fan_out["logged"]), tuple(fan_out["join_keys"]), fan_out["after"]),
        raw["ticks"],
        tick and OpenTick(**tick),
        raw["swept"],
        raw["sweep_ms"],
    )


def _logged(raw: Raw) -> LoggedHappening:
    return LoggedHappening(**{**raw, "happening": _happening(raw["happening"])})


def _happening(raw: Raw) -> Happening:
    return Happening(**{**raw, "properties": _values(raw["properties"])})


def _values(raw: Raw) -> dict[str, Value]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
