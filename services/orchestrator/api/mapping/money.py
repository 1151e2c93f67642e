"""Money both ways."""

from __future__ import annotations

import re

from google.type.money_pb2 import Money as MoneyProto  # type: ignore[import-untyped]

from services.orchestrator.domain.currency import MILLIONTHS, Money
from shared.errors import InvalidArgument

_CURRENCY = re.compile(r"[A-Z]{3}")
_NANOS = 999_999_999


def money_from(money: MoneyProto, path: str) -> Money:
    if not _CURRENCY.fullmatch(money.currency_code):
        raise InvalidArgument.field(f"{path}.currency_code", "must be a code of ISO 4217, such as EUR")
    if abs(money.nanos) > _NANOS or money.units * money.nanos < 0:
        raise InvalidArgument.field(f"{path}.nanos", f"must be at most {_NANOS} with the sign of the units")
    return Money(money.currency_code, money.units, money.nanos)


def money_to(money: Money) -> MoneyProto:
    return MoneyProto(currency_code=money.currency_code, units=money.units, nanos=money.nanos)


def amount_of(millionths: int) -> float:
    return millionths / MILLIONTHS
